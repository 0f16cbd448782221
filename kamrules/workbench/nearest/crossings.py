"""Crossings: the values of a measured fact at which a comparison, a curve or a scale turns.

They follow from the rules' structure: each place where a number meets a bound is solved for each fact in it,
the other facts being what they are for the account.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kamrules.compiler.parts import changed
from kamrules.engines.row.question import conditions_of
from kamrules.expression.nodes import (
    AccountColumn,
    Among,
    Arithmetic,
    AsOf,
    Call,
    Compare,
    Constant,
    Function,
    If,
    Negate,
    Operator,
    PluginCall,
    StepValue,
)
from kamrules.expression.walk import below
from kamrules.workbench.nearest.measured import NUMBERS
from kamrules.workbench.nearest.ranges import ANYTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kamrules.compiler.program import Program
    from kamrules.engines.row.question import Question
    from kamrules.expression.nodes import Node

    Solve = Callable[[float], float | None]
    Ways = list[tuple[str, Solve]]

FAR = 1e13
MOST_WAYS = 64
"""A number that depends on a fact in more ways is bisected instead."""


class Crossings:
    """Where measured facts matter to a question; made once, asked for each account."""

    def __init__(self, program: Program, steps: frozenset[str], question: Question) -> None:
        self.facts = {each.address: each.value for each in program.facts}
        rules: list[object] = [each for each in program.facts if each.address in steps]
        scores = [each for each in program.scores if each.address in steps]
        self.criteria = [one for each in scores for one in each.criteria]
        if "class" in steps:
            rules += [(each.when, each.stay) for each in program.classes]
            rules += [(gate.when, gate.stay) for each in program.paths for gate in each.gates]
        if "tier" in steps:
            rules += [(gate.when, gate.stay) for each in program.tiers for gate in each.gates]
        rules += [each.when for each in program.phases if "phase" in steps]
        rules += [each.when for each in program.strategies if "strategy" in steps]
        rules += [each.value for each in self.criteria]
        rules += conditions_of(question)
        self.nodes = [node for tree in _trees(tuple(rules)) for node in below(tree)]
        self.columns = {each.name for each in self.nodes if isinstance(each, AccountColumn)}
        self.compared = [each for each in self.nodes if isinstance(each, Compare | Among)]
        self.named = self._named()
        self.lent = self._lent()

    def _lent(self) -> set[str]:
        """Return the columns that functions of plug-ins look at, by way of facts too."""
        nodes = [node for each in self.facts.values() for node in below(each)] + self.nodes
        calls = [each for each in nodes if isinstance(each, PluginCall)]
        found: set[str] = set()
        seen: set[str] = set()
        waiting: list[Node] = list(calls)
        while waiting:
            for node in below(waiting.pop()):
                if isinstance(node, AccountColumn):
                    found.add(node.name)
                elif isinstance(node, StepValue) and node.address in self.facts.keys() - seen:
                    seen.add(node.address)
                    waiting.append(self.facts[node.address])
        return found

    def texts(self, column: str) -> tuple[Any, ...]:
        """Return the values that a text column is tried with.

        One that rules do not name stands for all of those, but where a function looks at it.
        """
        named = tuple(self.named.get(column, ()))
        return named if column in self.lent else (*named, ANYTHING)

    def _named(self) -> dict[str, list[Any]]:
        """Return the texts that rules compare each text column with."""
        found: dict[str, list[Any]] = {}
        for node in self.compared:
            if isinstance(node, Among):
                pairs: list[tuple[Node, Node]] = [(node.item, each) for each in node.constants]
            else:
                pairs = [(node.left, node.right), (node.right, node.left)]
            for item, other in pairs:
                if isinstance(other, Constant) and isinstance(other.value, str):
                    for column, _ in self._ways(item, {}):
                        found.setdefault(column, []).append(other.value)
        return found

    def of(self, present: Mapping[str, Any], today: int) -> dict[str, set[float]]:
        """Return for each column of numbers the values at which something turns."""
        known = {**present, "as_of": float(today)}
        found: dict[str, set[float]] = {}
        for node, bounds in self._bounds(known):
            ways = self._ways(node, known)
            for column, inverse in ways:
                for bound in bounds:
                    value = inverse(bound)
                    if value is not None and math.isfinite(value) and abs(value) < FAR:
                        found.setdefault(column, set()).add(value)
        return found

    def _bounds(self, known: Mapping[str, Any]) -> Iterator[tuple[Node, list[float]]]:
        """Yield every number that meets bounds, with the bounds."""
        for node in self.compared:
            if isinstance(node, Among):
                if node.item.type.kind in NUMBERS:
                    yield node.item, [float(each.value) for each in node.constants]
            elif node.left.type.kind in NUMBERS:
                for side, other in ((node.left, node.right), (node.right, node.left)):
                    bound = self._value(other, known)
                    if bound is not None:
                        yield side, [bound]
        for each in self.criteria:
            intervals = [step.interval for step in each.scale if step.interval is not None]
            ends = [end for one in intervals for end in (one.low, one.high) if end is not None]
            yield each.value, [*(x for x, _ in each.curve), *ends]

    def _ways(self, node: Node, known: Mapping[str, Any]) -> Ways:
        """Return the columns that a value follows, each with the way back from value to column."""
        match node:
            case AccountColumn(name=name):
                return [(name, lambda t: t)]
            case StepValue(address=address) if address in self.facts:
                return self._ways(self.facts[address], known)
            case Negate(item=item):
                return [(c, _after(s, lambda t: -t)) for c, s in self._ways(item, known)]
            case Arithmetic():
                return self._arithmetic(node, known)
            case Call(function=Function.DECAY, arguments=(age, half)):
                life = self._value(half, known) or 0.0
                back = lambda t: -life * math.log2(t) if 0 < t < 1 else None  # noqa: E731
                return [(c, _after(s, back)) for c, s in self._ways(age, known)]
            case Call(arguments=arguments):
                found = [way for each in arguments for way in self._ways(each, known)]
                return found[:MOST_WAYS]
            case If(then=then, otherwise=otherwise):
                return (self._ways(then, known) + self._ways(otherwise, known))[:MOST_WAYS]
            case _:
                return []

    def _arithmetic(self, node: Arithmetic, known: Mapping[str, Any]) -> Ways:
        found: Ways = []
        for side, other, left in ((node.left, node.right, True), (node.right, node.left, False)):
            ways = self._ways(side, known)
            held = self._value(other, known) if ways else None
            if held is None:
                continue
            back = _back(node.operator, held, left=left)
            found += [(column, _after(solve, back)) for column, solve in ways]
        return found[:MOST_WAYS]

    def _value(self, node: Node, known: Mapping[str, Any]) -> float | None:
        """Return a number as it is for the account, None when it is unknown or hard to tell."""
        match node:
            case Constant(value=value) if not isinstance(value, str | bool):
                return float(value)
            case AsOf():
                return known.get("as_of")
            case AccountColumn(name=name):
                held = known.get(name)
                return None if held is None or isinstance(held, str | bool) else float(held)
            case StepValue(address=address) if address in self.facts:
                return self._value(self.facts[address], known)
            case Negate(item=item):
                one = self._value(item, known)
                return None if one is None else -one
            case Arithmetic(left=left, right=right, operator=operator):
                a, b = self._value(left, known), self._value(right, known)
                return None if a is None or b is None else _computed(operator, a, b)
            case Call(function=Function.COALESCE, arguments=arguments):
                values = (self._value(each, known) for each in arguments)
                return next((each for each in values if each is not None), None)
            case Call(function=Function.MIN | Function.MAX as function, arguments=arguments):
                some = [self._value(each, known) for each in arguments]
                numbers = [each for each in some if each is not None]
                if len(numbers) < len(some):
                    return None
                return max(numbers) if function is Function.MAX else min(numbers)
            case _:
                return None


def _after(solve: Solve, back: Solve) -> Solve:
    def both(t: float) -> float | None:
        found = back(t)
        return None if found is None else solve(found)

    return both


def _back(operator: Operator, held: float, *, left: bool) -> Solve:
    """Return the way from a result back to the operand that is not held."""
    match operator:
        case Operator.ADD:
            return lambda t: t - held
        case Operator.SUBTRACT:
            return (lambda t: t + held) if left else (lambda t: held - t)
        case Operator.MULTIPLY:
            return lambda t: t / held if held else None
        case Operator.DIVIDE:
            return (lambda t: t * held) if left else (lambda t: held / t if t else None)


def _computed(operator: Operator, a: float, b: float) -> float | None:
    match operator:
        case Operator.ADD:
            return a + b
        case Operator.SUBTRACT:
            return a - b
        case Operator.MULTIPLY:
            return a * b
        case Operator.DIVIDE:
            return a / b if b else None


def _trees(part: object) -> list[Node]:
    found: list[Node] = []

    def keep(node: Node) -> Node:
        found.append(node)
        return node

    changed(part, keep)
    return found


class Reading:
    """Which measured facts a tree reads in the end, through facts, scores and placements."""

    def __init__(self, program: Program) -> None:
        self.parts: dict[str, object] = {each.address: each.value for each in program.facts}
        for score in program.scores:
            values = tuple(each.value for each in score.criteria)
            for part in ("", ".low", ".high", ".band"):
                self.parts[score.address + part] = values
            self.parts |= {each.address: each.value for each in score.criteria}
        gates = tuple((gate.when, gate.stay) for each in program.paths for gate in each.gates)
        self.parts["class"] = (tuple((each.when, each.stay) for each in program.classes), gates)
        tiers = tuple((gate.when, gate.stay) for each in program.tiers for gate in each.gates)
        self.parts["tier"] = self.parts["tier.level"] = tiers
        self.parts["phase"] = tuple(each.when for each in program.phases)
        self.parts["strategy"] = tuple(each.when for each in program.strategies)
        self.known: dict[str, frozenset[str]] = {}

    def columns(self, part: object) -> frozenset[str]:
        """Return the columns that a tree or a rule reads."""
        found: set[str] = set()
        for tree in _trees(part):
            for node in below(tree):
                if isinstance(node, AccountColumn):
                    found.add(node.name)
                elif isinstance(node, StepValue):
                    found |= self._step(node.address)
        return frozenset(found)

    def even(self, node: Node, usable: frozenset[str]) -> bool:
        """Whether a number changes evenly with one usable column: times and plus constants, nothing else.

        What reads no usable column is constant; a known column stays known, so `coalesce` stays on one side.
        """
        if not self.columns(node) & usable:
            return True
        match node:
            case AccountColumn():
                return True
            case StepValue(address=address) if address.startswith(("fact.", "signal.")):
                return self.even(self.parts[address], usable)  # type: ignore[arg-type]
            case Negate(item=item):
                return self.even(item, usable)
            case Arithmetic(left=left, right=right, operator=operator):
                if not self.columns(right) & usable:
                    return self.even(left, usable)
                held = not self.columns(left) & usable
                return held and operator is not Operator.DIVIDE and self.even(right, usable)
            case If(condition=condition, then=then, otherwise=otherwise):
                settled = not self.columns(condition) & usable
                return settled and self.even(then, usable) and self.even(otherwise, usable)
            case Call(function=Function.COALESCE, arguments=arguments):
                return all(self.even(each, usable) for each in arguments)
            case _:
                return False

    def _step(self, address: str) -> frozenset[str]:
        if address not in self.known:
            self.known[address] = self.columns(self.parts.get(address, ()))
        return self.known[address]
