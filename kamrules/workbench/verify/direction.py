"""Direction: whether a value rises, falls or stays when one fact rises and all others stay as they are."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from kamrules.compiler.program import Logic
from kamrules.engines.row.question import Every, Holds, Lacks, Some
from kamrules.expression.nodes import (
    AccountColumn,
    Among,
    And,
    Arithmetic,
    AsOf,
    Call,
    Compare,
    Comparison,
    Constant,
    Function,
    If,
    IsUnknown,
    Negate,
    Not,
    Operator,
    Or,
    PluginCall,
    StepValue,
)
from kamrules.expression.types import SCORE
from kamrules.expression.walk import children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kamrules.compiler.program import Condition, Criterion, Program
    from kamrules.engines.row.question import Question
    from kamrules.expression.nodes import Node

    Span = Callable[[Node], tuple[float, float]]


class Way(StrEnum):
    """How a value goes with the fact; of a condition, true counts as more than false."""

    STILL = "still"
    UP = "up"
    DOWN = "down"
    UNCLEAR = "unclear"


TURNED = {Way.UP: Way.DOWN, Way.DOWN: Way.UP}
LESS = {Comparison.LESS, Comparison.LESS_EQUAL}
MORE = {Comparison.GREATER, Comparison.GREATER_EQUAL}


def turned(way: Way) -> Way:
    """Return the way of what goes against."""
    return TURNED.get(way, way)


def together(ways: Iterable[Way]) -> Way:
    """Return the way of what rises with each of some values."""
    moving = {each for each in ways if each is not Way.STILL}
    if not moving:
        return Way.STILL
    return moving.pop() if len(moving) == 1 else Way.UNCLEAR


class Directions:
    """Tells the way of any value of a program with one fact, at `addresses`.

    `span` gives the least and the most that a number can be, for what is multiplied or divided.
    """

    def __init__(self, program: Program, addresses: frozenset[str], span: Span) -> None:
        self.addresses = addresses
        self.span = span
        self.facts = {each.address: each.value for each in program.facts}
        self.scores = {each.address: each.criteria for each in program.scores}
        self.criteria = {one.address: one for each in program.scores for one in each.criteria}
        self.known: dict[str, Way] = {}

    def of(self, node: Node) -> Way:  # noqa: C901, PLR0912  one case a node
        """Return how a value goes."""
        match node:
            case Constant() | AsOf() | IsUnknown():
                return Way.STILL  # what is known stays known
            case AccountColumn(name=name):
                return Way.UP if f"accounts.{name}" in self.addresses else Way.STILL
            case StepValue(address=address):
                if address not in self.known:
                    self.known[address] = self._step(address)
                return self.known[address]
            case Negate(item=item) | Not(item=item):
                return turned(self.of(item))
            case And(items=items) | Or(items=items):
                return together(self.of(each) for each in items)
            case Arithmetic():
                return self._arithmetic(node)
            case Call(function=Function.DECAY, arguments=(age, half)):
                return together((turned(self.of(age)), self.of(half)))
            case Call(function=Function.ABS, arguments=(item,)):
                low, high = self.span(item)
                return (
                    self.of(item)
                    if low >= 0
                    else turned(self.of(item))
                    if high <= 0
                    else self._any(item)
                )
            case Call(arguments=arguments):
                return together(self.of(each) for each in arguments)
            case If():
                return self._choice(node)
            case Compare(left=left, right=right, comparison=sign) if sign in MORE | LESS:
                gap = together((self.of(left), turned(self.of(right))))
                return gap if sign in MORE else turned(gap)
            case Among() | Compare() | PluginCall():
                return self._any(*children(node))
            case _:
                return Way.UNCLEAR

    def condition(self, condition: Condition) -> Way:
        """Return how a condition goes."""
        if condition.expression is not None:
            return self.of(condition.expression)
        way = together(self.condition(each) for each in condition.members)
        return turned(way) if condition.logic is Logic.NOT else way

    def question(self, question: Question) -> Way:
        """Return how a question goes."""
        match question:
            case Holds(condition=condition):
                return self.condition(condition)
            case Lacks(condition=condition):
                return turned(self.condition(condition))
            case Every(parts=parts) | Some(parts=parts):
                return together(self.question(each) for each in parts)

    def _any(self, *nodes: Node) -> Way:
        still = all(self.of(each) is Way.STILL for each in nodes)
        return Way.STILL if still else Way.UNCLEAR

    def _step(self, address: str) -> Way:
        if address in self.addresses:
            return Way.UP
        if address in self.facts:
            return self.of(self.facts[address])
        if address in self.scores:
            return together(self.points(each) for each in self.scores[address])
        if address in self.criteria:
            return self.points(self.criteria[address])
        if address.startswith(("aggregate.", "book.", "class_before", "tier_before")):
            return Way.STILL
        if address.startswith("score."):
            return self._any(StepValue(address.rpartition(".")[0], SCORE))
        return Way.UNCLEAR  # class, tier, phase, strategy: not a matter of more and less

    def points(self, criterion: Criterion) -> Way:
        """Return how a criterion's points go."""
        way = self.of(criterion.value)
        if way is Way.STILL:
            return way
        heights = [height for _, height in criterion.curve]
        if criterion.scale:
            lines = [each for each in criterion.scale if each.interval is not None]
            if len(lines) < len(criterion.scale):
                return Way.UNCLEAR
            ordered = sorted(
                lines,
                key=lambda e: -float("inf") if e.interval.low is None else e.interval.low,  # type: ignore[union-attr]
            )
            heights = [each.points for each in ordered]
        if all(a <= b for a, b in pairwise(heights)):
            return way
        return turned(way) if all(a >= b for a, b in pairwise(heights)) else Way.UNCLEAR

    def _arithmetic(self, node: Arithmetic) -> Way:
        left, right = self.of(node.left), self.of(node.right)
        match node.operator:
            case Operator.ADD:
                return together((left, right))
            case Operator.SUBTRACT:
                return together((left, turned(right)))
            case Operator.MULTIPLY:
                return together((self._times(left, node.right), self._times(right, node.left)))
            case Operator.DIVIDE:
                return together((self._times(left, node.right), self._below(node, right)))

    def _times(self, way: Way, other: Node) -> Way:
        if way is Way.STILL:
            return way
        low, high = self.span(other)
        return way if low >= 0 else turned(way) if high <= 0 else Way.UNCLEAR

    def _below(self, node: Arithmetic, way: Way) -> Way:
        """Return how a quotient goes with its divisor, which must keep its sign."""
        if way is Way.STILL:
            return way
        low, high = self.span(node.right)
        if low <= 0 <= high:
            return Way.UNCLEAR
        return turned(self._times(way, node.left))

    def _choice(self, node: If) -> Way:
        branches = together((self.of(node.then), self.of(node.otherwise)))
        test = self.of(node.condition)
        if test is Way.STILL:
            return branches
        if isinstance(node.then, Constant) and isinstance(node.otherwise, Constant):
            return test if node.then.value >= node.otherwise.value else turned(test)  # type: ignore[operator]
        if node.type.numeric and self.span(node.then)[0] >= self.span(node.otherwise)[1]:
            return together((branches, test))
        if node.type.numeric and self.span(node.then)[1] <= self.span(node.otherwise)[0]:
            return together((branches, turned(test)))
        return Way.UNCLEAR
