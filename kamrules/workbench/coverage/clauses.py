"""Clauses: which rules come from which clause of the handbook, and what comes from none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.compiler.signals import is_date_of_signal, rule_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.compiler import Program

CITING = (
    "score",
    "criterion",
    "class",
    "path",
    "gate",
    "tier",
    "phase",
    "strategy",
    "role",
    "action",
    "fact",
    "signal",
)
"""The kinds of rules that name clauses, in the order of the table."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause with the rules that name it, by kind; `parts` are clauses below it that have rules."""

    id: str
    title: str
    rules: tuple[tuple[str, tuple[str, ...]], ...]
    parts: tuple[str, ...] = ()

    @property
    def covered(self) -> bool:
        """Whether a rule names it, or every clause below it has rules."""
        return bool(self.rules or self.parts)


@dataclass(frozen=True, slots=True)
class ClauseCoverage:
    """All clauses in the order written, and the addresses of the rules that name none."""

    clauses: tuple[Clause, ...]
    without_clause: tuple[str, ...]

    @property
    def open(self) -> tuple[Clause, ...]:
        """The clauses without a rule."""
        return tuple(each for each in self.clauses if not each.covered)

    @property
    def share(self) -> float:
        """The share of clauses that have rules, 0 to 1; 1 when there are no clauses."""
        if not self.clauses:
            return 1.0
        return 1 - len(self.open) / len(self.clauses)


def clause_coverage(program: Program) -> ClauseCoverage:
    """Return for every clause of the ruleset the rules that name it, and the rules that name none."""
    named: dict[str, dict[str, list[str]]] = {each: {} for each in program.sources}
    without = []
    for kind, address, clauses in _citing(program):
        if not clauses:
            without.append(address)
        for clause in clauses:
            named.setdefault(clause, {}).setdefault(kind, []).append(_id(address))
    direct = {clause for clause, rules in named.items() if rules}
    found = []
    for clause, title in program.sources.items():
        below = [each for each in program.sources if each.startswith(f"{clause}.")]
        parts = tuple(below) if below and direct.issuperset(below) else ()
        rules = tuple(
            (kind, tuple(named[clause][kind])) for kind in CITING if kind in named[clause]
        )
        found.append(Clause(clause, title, rules, parts))
    return ClauseCoverage(tuple(found), tuple(without))


def _citing(program: Program) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Yield every rule that may name clauses: its kind, its address and the clauses it names."""
    for score in program.scores:
        yield "score", score.address, score.source
        for one in score.criteria:
            yield "criterion", one.address, one.source
    for path in program.paths:
        yield "path", path.address, path.source
    for tier in program.tiers:
        yield "tier", tier.address, tier.source
    for gates in (*(each.gates for each in program.paths), *(each.gates for each in program.tiers)):
        for gate in gates:
            yield "gate", gate.address, gate.source
    for kind, rules in (
        ("class", program.classes), ("phase", program.phases),
        ("strategy", program.strategies), ("action", program.actions),
    ):  # fmt: skip
        for each in rules:
            yield kind, each.address, each.source
    # a signal and its date are one rule
    facts = [each for each in program.facts if not is_date_of_signal(each)]
    yield from ((rule_of(each)[0], each.address, each.source) for each in facts)
    for role in program.roles:
        yield "role", f"role.{role.id}", role.source


def _id(address: str) -> str:
    parts = address.split(".")
    return f"{parts[1]}.{parts[3]}" if len(parts) == 4 else parts[-1]
