"""Rules that can never fire for a reason that shows in their text: conditions that contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.program import Logic
from kamrules.diagnostics import Severity
from kamrules.expression import canonical
from kamrules.expression.nodes import (
    Among,
    And,
    Compare,
    Comparison,
    Constant,
    IsUnknown,
    Node,
    Not,
    StepValue,
)
from kamrules.expression.types import Kind

if TYPE_CHECKING:
    from kamrules.compiler.draft import Draft
    from kamrules.compiler.program import Condition

PLACED = {"class": "class", "tier": "tier", "phase": "phase", "strategy": "strategy"}
MIRRORED = {
    Comparison.LESS: Comparison.GREATER,
    Comparison.LESS_EQUAL: Comparison.GREATER_EQUAL,
    Comparison.GREATER: Comparison.LESS,
    Comparison.GREATER_EQUAL: Comparison.LESS_EQUAL,
}


def never(draft: Draft) -> None:
    """Warn of rules whose condition contradicts itself (KR510), or asks for a class, tier, phase or
    strategy that no account ever has for that reason (KR511). Only what is certain is told.
    """
    lost: dict[str, set[str]] = {kind: set() for kind in PLACED.values()}
    for kind, rules in (
        ("class", draft.classes), ("phase", draft.phases), ("strategy", draft.strategies),
    ):  # fmt: skip
        for rule in rules:
            if rule.when is not None and _report(draft, f"{kind} `{rule.id}`", rule.when, lost):
                lost[kind].add(rule.id)
    for tier in draft.tiers:
        for gate in tier.gates:
            if _report(draft, f"gate `{tier.id}.{gate.id}`", gate.when, lost):
                lost["tier"] |= {each.id for each in draft.tiers if each.level >= tier.level}
    for path in draft.paths:
        for gate in path.gates:
            _report(draft, f"gate `{path.id}.{gate.id}`", gate.when, lost)
    for action in draft.actions:
        _report(draft, f"action `{action.id}`", action.when, lost)


def _report(draft: Draft, what: str, when: Condition, lost: dict[str, set[str]]) -> bool:
    """Report why a condition never holds, if that is certain; return whether it is."""
    found = _Needs(lost)
    found.condition(when)
    if found.reason is None:
        return False
    code, reason = found.reason
    told = f"{what} can never come about: {reason}"
    draft.report(code, told, *_path(when.address), severity=Severity.WARNING)
    return True


def _path(address: str) -> tuple[str | int, ...]:
    """Return an address such as `action.call.when[1]` as a path."""
    found: list[str | int] = []
    for part in address.split("."):
        name, *indexes = part.replace("]", "").split("[")
        found += [name, *(int(each) for each in indexes)]
    return tuple(found)


class _Needs:
    """What must all be true at once: for each value, the choices or the span that are left of it."""

    def __init__(self, lost: dict[str, set[str]]) -> None:
        self.lost = lost
        self.choices: dict[str, set[object]] = {}
        self.lows: dict[str, tuple[float, bool]] = {}
        self.highs: dict[str, tuple[float, bool]] = {}
        self.unknown: set[str] = set()
        self.known: set[str] = set()
        self.reason: tuple[str, str] | None = None

    def condition(self, condition: Condition) -> None:
        """Take in a condition; members of `any` and the like are left alone, as they need not hold."""
        if condition.expression is not None:
            self.node(condition.expression)
        elif condition.logic is Logic.ALL:
            for each in condition.members:
                self.condition(each)

    def node(self, node: Node) -> None:
        """Take in an expression that must be true."""
        match node:
            case And(items=items):
                for each in items:
                    self.node(each)
            case Constant(value=False):
                self._give("KR510", "it says `false`")
            case Among(item=item, constants=constants):
                self._one_of(item, {each.value for each in constants})
            case Compare(comparison=Comparison.EQUAL, left=left, right=Constant(value=value)):
                self._one_of(left, {value})
            case Compare(left=Constant() as left, right=right, comparison=sign) if sign in MIRRORED:
                self._bound(right, MIRRORED[sign], left)
            case Compare(left=left, right=Constant() as right, comparison=sign) if sign in MIRRORED:
                self._bound(left, sign, right)
            case IsUnknown(item=item):
                self._mark(item, self.unknown, self.known)
            case Not(item=IsUnknown(item=item)):
                self._mark(item, self.known, self.unknown)
            case _:
                pass

    def _give(self, code: str, reason: str) -> None:
        if self.reason is None:
            self.reason = (code, reason)

    def _one_of(self, item: Node, values: set[object]) -> None:
        name = canonical(item)
        if item.type.kind is Kind.BOOL or item.type.numeric:
            return
        left = self.choices.get(name, values) & values
        if not left:
            self._give("KR510", f"`{name}` cannot be two things at once")
        self.choices[name] = left
        kind = PLACED.get(item.address) if isinstance(item, StepValue) else None
        if kind is not None and left and left <= self.lost[kind]:
            gone = ", ".join(f"`{each}`" for each in sorted(map(str, left)))
            self._give("KR511", f"no account ever has {kind} {gone}")
        self._mark(item, self.known, self.unknown)

    def _bound(self, item: Node, sign: Comparison, bound: Constant) -> None:
        if not item.type.numeric or bound.parameter is not None:
            return  # a parameter may be tuned so that they meet
        name, value = canonical(item), float(bound.value)
        self._mark(item, self.known, self.unknown)
        closed = sign in {Comparison.GREATER_EQUAL, Comparison.LESS_EQUAL}
        if sign in {Comparison.GREATER, Comparison.GREATER_EQUAL}:
            self.lows[name] = max(self.lows.get(name, (value, closed)), (value, closed))
        else:
            self.highs[name] = min(self.highs.get(name, (value, closed)), (value, closed))
        low, high = self.lows.get(name), self.highs.get(name)
        if low is None or high is None:
            return
        if low[0] > high[0] or (low[0] == high[0] and not (low[1] and high[1])):
            self._give("KR510", f"no value of `{name}` lies both above and below these bounds")

    def _mark(self, item: Node, ours: set[str], others: set[str]) -> None:
        name = canonical(item)
        ours.add(name)
        if name in others:
            self._give("KR510", f"`{name}` cannot be known and unknown at once")
