"""Verifying: each claim about a ruleset is proved, shown by an account, found untrue, or left undecided."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from kamrules.compiler import compile_with_cases
from kamrules.compiler.in_force import in_force, validities
from kamrules.compiler.validity import ALWAYS
from kamrules.diagnostics import Diagnostic, RulesetError, Severity
from kamrules.document.messages import path_of
from kamrules.engines.row import engine_of
from kamrules.engines.row.prepare import EPOCH
from kamrules.workbench.verify.cells import Prover
from kamrules.workbench.verify.claims import claims
from kamrules.workbench.verify.witness import Witnesses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kamrules.compiler.cases import Case
    from kamrules.compiler.program import Program
    from kamrules.document import Ruleset
    from kamrules.workbench.verify.claims import Claim

WITHOUT_TESTS = datetime.date(2026, 1, 1)
"""The date on which rules without tests are looked at; it matters only to which rules are in force."""


class State(StrEnum):
    """What came of a claim."""

    PROVED = "proved"
    SHOWN = "shown"
    UNTRUE = "untrue"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim and what came of it.

    `witness` is a full set of facts that `decide` takes, with the date: of a claim that is untrue, an account
    that shows it; of one that is shown, an account for which the rule is at work.
    """

    kind: str
    address: str
    state: State
    told: str
    as_of: datetime.date
    witness: Mapping[str, Any] | None
    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True)
class Report:
    """All that was claimed of a ruleset, and what came of it."""

    name: str
    version: str
    findings: tuple[Finding, ...]

    def of(self, state: State) -> tuple[Finding, ...]:
        """Return the findings in a state."""
        return tuple(each for each in self.findings if each.state is state)


def verify(
    ruleset: Ruleset, *, progress: Callable[[str], None] = lambda _: None
) -> Report:
    """Prove what every ruleset must keep, or show an account for which it does not. Raises RulesetError.

    Classes (and what else says `hit = "unique"`) exclude each other and cover every account; every rule, gate,
    band, scale line and action is reached by some account; nothing is harder to keep than to win; a
    higher tier's gate asks no less than a lower one's. With rules that have dates, on each set of rules in force.
    """
    program, cases, diagnostics = compile_with_cases(ruleset)
    if program is None:
        raise RulesetError(*diagnostics)
    found: dict[tuple[str, str], Finding] = {}
    for as_of in dates_of(program, cases):
        for each in _Verifying(ruleset, program, cases, as_of).findings(progress):
            key = (each.told, each.address)
            if key not in found or _worse(each.state, found[key].state):
                found[key] = each
    header = ruleset.model.ruleset
    return Report(header.name, header.version, tuple(found.values()))


def _worse(one: State, other: State) -> bool:
    order = (State.PROVED, State.SHOWN, State.UNDECIDED, State.UNTRUE)
    return order.index(one) > order.index(other)


def dates_of(program: Program, cases: tuple[Case, ...]) -> list[datetime.date]:
    """Return a date for each set of rules in force, the date of the latest test among them."""
    latest = max((each.as_of for each in cases), default=WITHOUT_TESTS)
    borders = set()
    for each in validities(program):
        if each == ALWAYS:
            continue
        if each.start is not None:
            borders.add(each.start)
        if each.end is not None and each.end < datetime.date.max:
            borders.add(each.end + datetime.timedelta(days=1))
    if not borders:
        return [latest]
    spans = sorted(borders)
    return [min(spans) - datetime.timedelta(days=1), *spans]


@dataclass(slots=True)
class _Verifying:
    ruleset: Ruleset
    program: Program
    cases: tuple[Case, ...]
    as_of: datetime.date

    def findings(self, progress: Callable[[str], None]) -> Iterator[Finding]:
        """Yield what comes of each claim about the rules in force on the date."""
        current = in_force(self.program, self.as_of)
        columns = engine_of(self.program).preparer.layout.account
        prover = Prover.of(current, self.as_of.toordinal() - EPOCH, columns)
        witnesses = Witnesses(self.program, self.as_of, [each.account for each in self.cases])
        for claim in claims(current):
            progress(f"{claim.kind} {claim.address}")
            decide = self._never if claim.never else self._some
            state, witness = decide(claim, prover, witnesses)
            yield self._finding(claim, state, witness)

    @staticmethod
    def _never(
        claim: Claim, prover: Prover, witnesses: Witnesses
    ) -> tuple[State, Mapping[str, Any] | None]:
        if prover.impossible(claim.question):
            return State.PROVED, None
        found = witnesses.among_examples(claim.question) or witnesses.searched(claim.question)
        return (State.UNTRUE, found) if found else (State.UNDECIDED, None)

    @staticmethod
    def _some(
        claim: Claim, prover: Prover, witnesses: Witnesses
    ) -> tuple[State, Mapping[str, Any] | None]:
        found = witnesses.among_examples(claim.question)
        if found is None and prover.impossible(claim.question):
            return State.UNTRUE, None
        found = found or witnesses.searched(claim.question)
        return (State.SHOWN, found) if found else (State.UNDECIDED, None)

    def _finding(
        self, claim: Claim, state: State, witness: Mapping[str, Any] | None
    ) -> Finding:
        place, excerpt = self.ruleset.place(*path_of(claim.address))
        undecided = state is State.UNDECIDED
        diagnostic = Diagnostic(
            claim.code,
            f"not decided: {claim.told}" if undecided else claim.told,
            Severity.HINT if undecided else Severity.ERROR,
            place,
            excerpt,
            address=claim.address,
        )
        return Finding(
            claim.kind, claim.address, state, claim.told, self.as_of, witness, diagnostic
        )
