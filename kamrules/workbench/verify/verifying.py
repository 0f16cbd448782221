"""Verifying: each claim about a ruleset is proved, shown by an account, found untrue, or left undecided."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kamrules.compiler import compile_with_cases
from kamrules.compiler.examples import examples
from kamrules.compiler.in_force import in_force, validities
from kamrules.compiler.stages import rule_problems
from kamrules.compiler.validity import ALWAYS
from kamrules.compiler.verify import standing_for_numbers
from kamrules.diagnostics import Diagnostic, KamrulesError, RulesetError, Severity
from kamrules.document.messages import path_of
from kamrules.document.settings import settled
from kamrules.engines.row import engine_of
from kamrules.engines.row.question import Every
from kamrules.progress import silent
from kamrules.show import EPOCH
from kamrules.workbench.verify.cells import Prover
from kamrules.workbench.verify.claims import Claim, claims
from kamrules.workbench.verify.report import Finding, Report, State
from kamrules.workbench.verify.rising import Checking, rising_of, standings
from kamrules.workbench.verify.tuning import Tuning, ranged, with_value
from kamrules.workbench.verify.witness import Witnesses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kamrules.compiler.examples import Example
    from kamrules.compiler.program import Parameter, Program
    from kamrules.document import Ruleset
    from kamrules.progress import Progress

WITHOUT_TESTS = datetime.date(2026, 1, 1)
"""The date for rules without tests; which day it is matters only to which rules are in force."""


def verify(ruleset: Ruleset, *, progress: Progress = silent) -> Report:
    """Prove what every ruleset must keep, or show an account for which it does not.

    Classes (and what else says `hit = "unique"`) exclude each other and cover every account; every rule,
    gate, band, scale line and action is reached by some account; nothing is harder to keep than to win; a
    higher tier's gate asks no less than a lower one's; more of a fact declared better (worse) never lowers
    (raises) a score, class or tier; and wherever a parameter stands in its range, all of that stays proved.
    With rules that have dates, on each set of rules in force. `progress` is told what is looked at.

    Raises RulesetError when the ruleset or a test of it does not compile.
    """
    program, _, diagnostics = compile_with_cases(ruleset)
    if program is None:
        raise RulesetError(*diagnostics)
    # those of rulesets it extends are no tests of this one, and still accounts that there can be
    given = tuple(examples(ruleset.model))
    found: dict[tuple[str, str], Finding] = {}
    for as_of in dates_of(program, given):
        for each in _Verifying(ruleset, program, given, as_of).findings(progress):
            key = (each.kind, each.diagnostic.message.removeprefix(UNDECIDED))
            if key not in found or each.state.gravity > found[key].state.gravity:
                found[key] = each
    for each in _as_numbers(ruleset, program, progress):
        found[each.kind, each.diagnostic.message] = each
    header = ruleset.model.ruleset
    return Report(header.name, header.version, tuple(found.values()))


UNDECIDED = "not decided: "


def dates_of(program: Program, given: tuple[Example, ...]) -> list[datetime.date]:
    """Return a date for each set of rules in force; that of the latest example when there is but one."""
    dates = (each.as_of for each in given if each.as_of is not None)
    latest = max(dates, default=WITHOUT_TESTS)
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


def _as_numbers(ruleset: Ruleset, program: Program, progress: Progress) -> Iterator[Finding]:
    """Yield what comes of parameters that stand for numbers: scales, bands and weights at both ends."""
    numbers = standing_for_numbers(ruleset)
    some = [each for each in ranged(program) if each.id in numbers]
    for number, parameter in enumerate(some):
        progress(f"parameter.{parameter.id} as a number", number, len(some))
        for end in (parameter.low, parameter.high):
            text = f"{end:g}" if end != int(end or 0) else f"{int(end or 0)}"
            try:
                problems = rule_problems(settled(ruleset, {parameter.id: text}))
            except KamrulesError as error:
                problems = error.diagnostics
            if problems:
                problem = problems[0].message
                told = f"with parameter `{parameter.id}` at {text}, within its range, {problem}"
                yield _finding(
                    ruleset, Claim("range", f"parameter.{parameter.id}", "KR528", told, Every(())),
                    State.UNTRUE, WITHOUT_TESTS,
                )  # fmt: skip
                break
        else:
            told = f"parameter `{parameter.id}` spoils a scale, band or weight within its range"
            claim = Claim("range", f"parameter.{parameter.id}", "KR528", told, Every(()))
            yield _finding(ruleset, claim, State.PROVED, WITHOUT_TESTS)


def _finding(  # noqa: PLR0913, PLR0917  what a finding is made of
    ruleset: Ruleset,
    claim: Claim,
    state: State,
    as_of: datetime.date,
    witness: Mapping[str, Any] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Finding:
    place, excerpt = ruleset.place(*path_of(claim.address))
    undecided = state is State.UNDECIDED
    diagnostic = Diagnostic(
        claim.code,
        f"{UNDECIDED}{claim.told}" if undecided else claim.told,
        Severity.HINT if undecided else claim.severity,
        place,
        excerpt,
        address=claim.address,
    )
    return Finding(claim.kind, claim.address, state, diagnostic, as_of, witness, settings)


@dataclass(slots=True)
class _Verifying:
    """The claims about the rules in force on one date."""

    ruleset: Ruleset
    program: Program
    given: tuple[Example, ...]
    as_of: datetime.date
    current: Program = field(init=False)
    prover: Prover = field(init=False)
    witnesses: Witnesses = field(init=False)

    def __post_init__(self) -> None:
        self.current = in_force(self.program, self.as_of)
        self.prover = Prover.of(self.current, self.today, self.columns)
        self.witnesses = self._witnesses(self.program)

    @property
    def today(self) -> int:
        return self.as_of.toordinal() - EPOCH

    @property
    def columns(self) -> tuple[str, ...]:
        return engine_of(self.program).preparer.layout.account

    def _witnesses(self, program: Program) -> Witnesses:
        return Witnesses(program, self.as_of, self.given)

    def findings(self, progress: Progress) -> Iterator[Finding]:
        """Yield what comes of each claim."""
        proved = set()
        waiting = list(claims(self.current))
        for number, claim in enumerate(waiting):
            progress(f"{claim.address} is {claim.kind}", number, len(waiting))
            decide = self._never if claim.never else self._some
            state, witness = decide(claim)
            if state is State.PROVED:
                proved.add(claim.told)
            yield self._told(claim, state, witness)
        yield from self._rising(progress)
        yield from self._tuned(progress, proved)

    def _told(
        self, claim: Claim, state: State, witness: Mapping[str, Any] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> Finding:  # fmt: skip
        return _finding(self.ruleset, claim, state, self.as_of, witness, settings)

    def _never(self, claim: Claim) -> tuple[State, Mapping[str, Any] | None]:
        if self.prover.impossible(claim.question):
            return State.PROVED, None
        found = self.witnesses.found(claim.question)
        return (State.UNTRUE, found) if found else (State.UNDECIDED, None)

    def _some(self, claim: Claim) -> tuple[State, Mapping[str, Any] | None]:
        found = self.witnesses.among_examples(claim.question)
        if found is None and self.prover.impossible(claim.question):
            return State.UNTRUE, None
        found = found or self.witnesses.searched(claim.question)
        return (State.SHOWN, found) if found else (State.UNDECIDED, None)

    def _rising(self, progress: Progress) -> Iterator[Finding]:
        """Yield what comes of each fact that says which way is better."""
        checking = Checking(self.current, self.prover, self.witnesses)
        waiting = list(rising_of(self.current))
        for number, rising in enumerate(waiting):
            progress(f"more of {rising.name}", number, len(waiting))
            said = f"more of `{rising.name}` is declared {'better' if rising.better else 'worse'}"
            for standing in standings(self.current):
                moved = standing.falls if rising.better else standing.climbs
                claim = Claim("rising", rising.written, "KR527", f"{said}, but {moved}", Every(()))
                if checking.proved(rising, standing):
                    yield self._told(claim, State.PROVED)
                    continue
                found = checking.untrue(rising, standing)
                if found is None:
                    yield self._told(claim, State.UNDECIDED)
                    continue
                shown = replace(claim, told=f"{said}, but {found[1]}")
                yield self._told(shown, State.UNTRUE, found[0])

    def _tuned(self, progress: Progress, proved: set[str]) -> Iterator[Finding]:
        """Yield what comes of each parameter's range."""
        tuning = Tuning(self.current, self.today, self.columns)
        waiting = list(ranged(self.current))
        for number, parameter in enumerate(waiting):
            progress(f"parameter.{parameter.id} over its range", number, len(waiting))
            readers = [each for each in tuning.readers(parameter) if each.told in proved]
            if not readers:
                continue
            broken = False
            for each in tuning.broken(parameter, readers):
                broken = True
                yield self._out_of_tune(parameter, each.value, each.claim)
            if not broken:
                told = f"parameter `{parameter.id}` spoils what is proved within its range"
                address = f"parameter.{parameter.id}"
                yield self._told(Claim("range", address, "KR528", told, Every(())), State.PROVED)

    def _out_of_tune(self, parameter: Parameter, value: float, claim: Claim) -> Finding:
        text = f"{value:.12g}"
        moved = with_value(self.program, parameter.id, value)
        moved = replace(moved, digest=f"{moved.digest} {parameter.id}={text}")
        witness = self._witnesses(moved).found(claim.question)
        told = f"with parameter `{parameter.id}` at {text}, within its range, {claim.told}"
        address = f"parameter.{parameter.id}"
        state = State.UNTRUE if witness else State.UNDECIDED
        found = Claim("range", address, "KR528", told, claim.question)
        return self._told(found, state, witness, {parameter.id: text})
