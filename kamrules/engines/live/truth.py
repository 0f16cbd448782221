"""Truth: conditions and expressions of the program as formulas, for "is true" and for "is false"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.program import Logic
from kamrules.engines.live.formula import (
    ALWAYS,
    NEVER,
    Concluded,
    Formula,
    Known,
    Measured,
    all_of,
    any_of,
)
from kamrules.expression.nodes import (
    OPPOSITE,
    TURNED,
    Among,
    And,
    Compare,
    Comparison,
    Constant,
    IsUnknown,
    Not,
    Or,
    StepValue,
)
from kamrules.expression.types import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kamrules.compiler.program import Condition
    from kamrules.engines.live.quantities import Quantities
    from kamrules.expression.nodes import Node

TESTS: Mapping[Comparison, Callable[[float, float], bool]] = {
    Comparison.EQUAL: lambda one, two: one == two,
    Comparison.NOT_EQUAL: lambda one, two: one != two,
    Comparison.LESS: lambda one, two: one < two,
    Comparison.LESS_EQUAL: lambda one, two: one <= two,
    Comparison.GREATER: lambda one, two: one > two,
    Comparison.GREATER_EQUAL: lambda one, two: one >= two,
}


def concluded(address: str, value: str | bool) -> str:  # noqa: FBT001  a value
    """Return the name of the conclusion that a step has that value."""
    return f"{address}={str(value).lower() if isinstance(value, bool) else value}"


class Truth:
    """Turns conditions into formulas.

    `chosen` gives for steps that the matcher decides (class, bands, ...) all values they can have, and
    `settled` the bool facts that it decides. What is neither, nor a comparison, is measured as a whole.
    """

    def __init__(
        self, quantities: Quantities, chosen: Mapping[str, Sequence[str]], levels: Mapping[str, int]
    ) -> None:
        self.quantities = quantities
        self.chosen = chosen
        self.levels = levels
        self.settled: set[str] = set()

    def holds(self, condition: Condition | None) -> Formula:
        """Return when a condition is true; none at all always is."""
        return ALWAYS if condition is None else self._told(condition, truth=True)

    def fails(self, condition: Condition | None) -> Formula:
        """Return when a condition is false."""
        return NEVER if condition is None else self._told(condition, truth=False)

    def _told(self, condition: Condition, *, truth: bool) -> Formula:
        if condition.logic is Logic.EXPRESSION:
            return NEVER if condition.expression is None else self.of(condition.expression, truth)
        flipped = condition.logic is Logic.NOT
        members = [self._told(each, truth=truth is not flipped) for each in condition.members]
        match condition.logic:
            case Logic.NOT:
                return members[0]
            case Logic.ALL:
                return all_of(members) if truth else any_of(members)
            case Logic.ANY:
                return any_of(members) if truth else all_of(members)
            case _:
                needed = condition.needed if truth else len(members) - condition.needed + 1
                return at_least(needed, members)

    def of(self, node: Node, truth: bool) -> Formula:  # noqa: FBT001  the value asked for
        """Return when an expression of the type bool has that value."""
        match node:
            case Constant(value=value):
                return ALWAYS if bool(value) is truth else NEVER
            case Not(item=item):
                return self.of(item, not truth)
            case And(items=items) | Or(items=items):
                parts = [self.of(each, truth) for each in items]
                return all_of(parts) if isinstance(node, And) is truth else any_of(parts)
            case Compare(comparison=comparison):
                told = comparison if truth else OPPOSITE[comparison]
                return self._compared(told, node.left, node.right)
            case Among(item=item, constants=constants):
                told = Comparison.EQUAL if truth else Comparison.NOT_EQUAL
                parts = [self._compared(told, item, each) for each in constants]
                return any_of(parts) if truth else all_of(parts)
            case IsUnknown(item=item) if not self._decided(item):
                return Known(self.quantities.number(item), known=not truth)
            case StepValue(address=address) if address in self.settled:
                return Concluded(concluded(address, truth))
            case _:
                return Measured(self.quantities.against(node, True), *_as(truth))  # noqa: FBT003

    def _decided(self, node: Node) -> bool:
        """Whether the matcher decides the value: then its absence is not known beforehand."""
        return isinstance(node, StepValue) and (
            node.address in self.settled or node.address in self.chosen
        )

    def _compared(self, comparison: Comparison, left: Node, right: Node) -> Formula:
        if isinstance(left, Constant) and not isinstance(right, Constant):
            return self._compared(TURNED[comparison], right, left)
        if isinstance(right, Constant):
            return self._against(comparison, left, right.value)
        if left.type.kind is Kind.BOOL and right.type.kind is Kind.BOOL:
            # rare: `is_a == is_b`, each known
            same = [all_of((self.of(left, one), self.of(right, one))) for one in (True, False)]
            other = [all_of((self.of(left, one), self.of(right, not one))) for one in (True, False)]
            return any_of(same if comparison is Comparison.EQUAL else other)
        return Measured(self.quantities.number(left, right), comparison, 0.0)

    def _against(
        self,
        comparison: Comparison,
        left: Node,
        constant: float | str | bool,  # noqa: FBT001  a value
    ) -> Formula:
        if isinstance(left, StepValue) and left.address in self.chosen:
            same = comparison is Comparison.EQUAL
            return any_of(
                Concluded(concluded(left.address, each))
                for each in self.chosen[left.address]
                if (each == constant) is same
            )
        if isinstance(left, StepValue) and left.address == "tier.level":
            test = TESTS[comparison]
            return any_of(
                Concluded(concluded("tier", each))
                for each, level in self.levels.items()
                if test(level, float(constant))
            )
        if left.type.kind is Kind.BOOL:
            return self.of(left, (comparison is Comparison.EQUAL) is bool(constant))
        if isinstance(left, Constant):
            same = left.value == constant
            if not left.type.numeric:
                return ALWAYS if same is (comparison is Comparison.EQUAL) else NEVER
            holds = TESTS[comparison](float(left.value), float(constant))
            return ALWAYS if holds else NEVER
        return Measured(self.quantities.against(left, constant), comparison, constant)


def _as(truth: bool) -> tuple[Comparison, bool]:  # noqa: FBT001  the value asked for
    return (Comparison.EQUAL if truth else Comparison.NOT_EQUAL), True


def at_least(needed: int, members: Sequence[Formula]) -> Formula:
    """Return when at least that many of the members hold.

    The last member that counts comes last, so what is shared stays together: of 3 in 20 a formula of
    60 parts, not of 1,140 combinations.
    """
    if needed <= 0:
        return ALWAYS
    rows: list[list[Formula]] = [[ALWAYS, *[NEVER] * needed]]
    for each in members:
        before = rows[-1]
        more = (
            any_of((before[count], all_of((before[count - 1], each))))
            for count in range(1, needed + 1)
        )
        rows.append([ALWAYS, *more])
    return rows[-1][needed]
