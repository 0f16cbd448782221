"""From a program's account-level steps to another engine's expressions, unknown values included.

Translated are aggregates over related tables (first, last and distinct are given as facts worked out
beforehand, since not every peer can say them), facts, scores, class, tier, phase, strategy, and which actions
fire with what priority. Ranking the actions is left to the caller. As in the row engine's code, a condition
is written twice, as "is true" and as "is false", so that unknown needs no third value.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from kamrules.compiler.program import Hit, Logic, WhenUnknown
from kamrules.expression.nodes import (
    AccountColumn,
    Aggregation,
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
    RowColumn,
    StepValue,
)

if TYPE_CHECKING:
    from benchmarks.peers.dialect import Dialect

GIVEN = {Aggregation.FIRST, Aggregation.LAST, Aggregation.DISTINCT}
"""Aggregates that the peers are given as facts; mean does not occur in `kam`."""

OPPOSITES = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
assert set(OPPOSITES) == {each.value for each in Comparison}


class Translator:
    """Writes the steps of a program in a dialect, in order: `steps` holds (name, expression)."""

    def __init__(self, program, dialect: Dialect, as_of: int) -> None:
        self.program, self.to, self.as_of = program, dialect, as_of
        self.steps: list[tuple[str, Any]] = []
        self.never: set[str] = set()
        self.names: dict[str, str] = {}
        self.inside = False

    def add(self, address: str, expression: Any, *, never_unknown: bool = False) -> str:
        name = address.replace(".", "__")
        self.steps.append((name, expression))
        self.names[address] = name
        if never_unknown:
            self.never.add(address)
        return name

    # values: an expression, and what has to be known for it to hold

    def value(self, node) -> tuple[Any, list[Any]]:
        match node:
            case Constant(value=value):
                return self.to.constant(value), []
            case AsOf():
                return self.to.constant(float(self.as_of)), []
            case AccountColumn(name=name):
                item = self._named(name)
                return item, [self.to.known(item)]
            case RowColumn(name=name):
                item = self.to.cell(name)
                return item, [self.to.known(item)]
            case StepValue(address=address):
                item = self._named(self.names.get(address, address.replace(".", "__")))
                return item, [] if address in self.never else [self.to.known(item)]
            case Negate(item=item):
                found, needs = self.value(item)
                return self.to.binary("-", self.to.constant(0.0), found), needs
            case Arithmetic():
                return self._arithmetic(node)
            case Call():
                return self._call(node)
            case If(condition=condition, then=then, otherwise=otherwise):
                found = self.to.choose(
                    self.true(condition), self.nullable(then), self.nullable(otherwise)
                )
                return found, self._open(found, [then, otherwise])
            case _:
                yes, no = self.true(node), self.false(node)
                found = self.to.choose(yes, self.to.constant(True), self.to.choose(
                    no, self.to.constant(False), self.to.constant(None)))  # fmt: skip
                return found, [self.to.some([yes, no])]

    def _named(self, name: str) -> Any:
        return self.to.outer(name) if self.inside else self.to.name(name)

    def _open(self, found, parts) -> list[Any]:
        return [self.to.known(found)] if any(self.value(each)[1] for each in parts) else []

    def nullable(self, node) -> Any:
        found, needs = self.value(node)
        if not needs or isinstance(node, StepValue | AccountColumn):
            return found
        return self.to.choose(self.to.every(needs), found, self.to.constant(None))

    def _arithmetic(self, node) -> tuple[Any, list[Any]]:
        (left, one), (right, two) = self.value(node.left), self.value(node.right)
        needs = one + [each for each in two if each not in one]
        if node.operator is Operator.DIVIDE and not isinstance(node.right, Constant):
            needs = [*needs, self.to.binary("!=", right, self.to.constant(0.0))]
        return self.to.binary(node.operator.value, left, right), needs

    def _call(self, node) -> tuple[Any, list[Any]]:
        found = [self.value(each) for each in node.arguments]
        needs = [need for _, some in found for need in some]
        items = [item for item, _ in found]
        match node.function:
            case Function.COALESCE:
                result = self.to.constant(None)
                for (item, some), argument in reversed(
                    list(zip(found, node.arguments, strict=True))
                ):
                    del item
                    result = self.nullable(argument) if not some else self.to.choose(
                        self.to.every(some), self.value(argument)[0], result)  # fmt: skip
                return result, [self.to.some([self.to.every(some) for _, some in found])] if all(
                    some for _, some in found
                ) else []
            case Function.CLAMP:
                inner = self.to.call("min", [items[0], items[2]])
                return self.to.call("max", [items[1], inner]), needs
            case Function.ROUND:
                power = self.to.constant(10.0 ** int(float(node.arguments[1].value)))
                scaled = self.to.binary(
                    "+", self.to.binary("*", items[0], power), self.to.constant(0.5)
                )
                return self.to.binary("/", self.to.call("floor", [scaled]), power), needs
            case _:
                return self.to.call(node.function.value, items), needs

    # conditions, as "is true" and as "is false"

    def true(self, node) -> Any:
        match node:
            case And(items=items):
                return self.to.every([self.true(each) for each in items])
            case Or(items=items):
                return self.to.some([self.true(each) for each in items])
            case Not(item=item):
                return self.false(item)
            case Compare(comparison=comparison):
                return self._compare(node, comparison.value)
            case Among(item=item, constants=constants):
                found, needs = self.value(item)
                return self.to.every(
                    [*needs, self.to.among(found, [each.value for each in constants])]
                )
            case IsUnknown(item=item):
                return self.to.choose(
                    self._known(item), self.to.constant(False), self.to.constant(True)
                )
            case Constant(value=value):
                return self.to.constant(bool(value))
            case _:
                found, needs = self.value(node)
                return self.to.every([*needs, self.to.binary("==", found, self.to.constant(True))])

    def false(self, node) -> Any:
        match node:
            case And(items=items):
                return self.to.some([self.false(each) for each in items])
            case Or(items=items):
                return self.to.every([self.false(each) for each in items])
            case Not(item=item):
                return self.true(item)
            case Compare(comparison=comparison):
                return self._compare(node, OPPOSITES[comparison.value])
            case Among(item=item, constants=constants):
                found, needs = self.value(item)
                inside = self.to.among(found, [each.value for each in constants])
                outside = self.to.choose(inside, self.to.constant(False), self.to.constant(True))
                return self.to.every([*needs, outside])
            case IsUnknown(item=item):
                return self._known(item)
            case Constant(value=value):
                return self.to.constant(not value)
            case _:
                found, needs = self.value(node)
                return self.to.every([*needs, self.to.binary("==", found, self.to.constant(False))])

    def _known(self, item) -> Any:
        needs = self.value(item)[1]
        return self.to.every(needs) if needs else self.to.constant(True)

    def _compare(self, node, operator: str) -> Any:
        (left, one), (right, two) = self.value(node.left), self.value(node.right)
        needs = one + [each for each in two if each not in one]
        return self.to.every([*needs, self.to.binary(operator, left, right)])

    def holds(self, condition) -> Any:
        if condition is None:
            return self.to.constant(True)
        members = condition.members
        match condition.logic:
            case Logic.EXPRESSION:
                return self.true(condition.expression)
            case Logic.ALL:
                return self.to.every([self.holds(each) for each in members])
            case Logic.ANY:
                return self.to.some([self.holds(each) for each in members])
            case Logic.NOT:
                return self.fails(members[0])
            case _:
                return self._count([self.holds(each) for each in members], ">=", condition.needed)

    def fails(self, condition) -> Any:
        members = condition.members
        match condition.logic:
            case Logic.EXPRESSION:
                return self.false(condition.expression)
            case Logic.ALL:
                return self.to.some([self.fails(each) for each in members])
            case Logic.ANY:
                return self.to.every([self.fails(each) for each in members])
            case Logic.NOT:
                return self.holds(members[0])
            case _:
                enough = len(members) - condition.needed + 1
                return self._count([self.fails(each) for each in members], ">=", enough)

    def _count(self, tests: list[Any], operator: str, needed: int) -> Any:
        total = self.to.constant(0.0)
        for each in tests:
            one = self.to.choose(each, self.to.constant(1.0), self.to.constant(0.0))
            total = self.to.binary("+", total, one)
        return self.to.binary(operator, total, self.to.constant(float(needed)))

    # the program

    def whole(self) -> None:
        """Add every step above the aggregates."""
        program = self.program
        facts = {each.address: each for each in program.facts}
        aggregates = {each.address: each.aggregate for each in program.aggregates}
        scores = {each.address: each for each in program.scores}
        for address in program.order:
            if address in aggregates:
                if aggregates[address].function not in GIVEN:
                    self._aggregate(address, aggregates[address])
            elif address in facts:
                _, needs = self.value(facts[address].value)
                self.add(address, self.nullable(facts[address].value), never_unknown=not needs)
            elif address in scores:
                self._score(scores[address])
            elif address == "class":
                self._first("class", program.classes, unique=program.class_hit is Hit.UNIQUE)
            elif address == "tier":
                self._tier()
            elif address in {"phase", "strategy"}:
                rules = program.phases if address == "phase" else program.strategies
                hit = program.phase_hit if address == "phase" else program.strategy_hit
                self._first(address, rules, unique=hit is Hit.UNIQUE)
        for action in program.actions:
            priority, needs = self.value(action.priority)
            fires = self.to.every([self.holds(action.when), *needs])
            self.add(action.address, self.to.choose(fires, priority, self.to.constant(None)))

    def _aggregate(self, address: str, one) -> None:
        self.inside = True
        test = self.true(one.where) if one.where is not None else None
        if one.column is not None:
            known = self.to.known(self.to.cell(one.column))
            test = known if test is None else self.to.every([test, known])
        self.inside = False
        rows = self.to.filtered(one.table, test)
        match one.function:
            case Aggregation.COUNT:
                self.add(address, self.to.count(rows), never_unknown=True)
            case Aggregation.ANY:
                some = self.to.binary(">", self.to.count(rows), self.to.constant(0.0))
                self.add(address, some, never_unknown=True)
            case Aggregation.SUM:
                self.add(address, self.to.total(rows, one.column), never_unknown=True)
            case _:

                def keep(item):
                    return self.to.name(self.add(f"{address}.rows", item))

                self.add(address, self.to.extreme(one.function.value, rows, one.column, keep))

    def _first(self, name: str, rules, *, unique: bool) -> None:
        # the classes of kam are disjoint, so the only one is the first one
        del unique
        found = self.to.constant(None)
        for each in reversed(rules):
            found = self.to.choose(self.holds(each.when), self.to.constant(each.id), found)
        self.add(name, found)

    def _tier(self) -> None:
        tier, level = self.to.constant(None), self.to.constant(None)
        met: list[Any] = []
        stairs = []
        for each in self.program.tiers:
            met = [*met, *(self.holds(gate.when) for gate in each.gates)]
            stairs.append((each, list(met)))
        for each, gates in stairs:
            test = self.to.every(gates)
            tier = self.to.choose(test, self.to.constant(each.id), tier)
            level = self.to.choose(test, self.to.constant(float(each.level)), level)
        self.add("tier", tier)
        self.add("tier.level", level)

    def _score(self, score) -> None:
        up, down = self.to.constant(0.0), self.to.constant(0.0)
        for each in score.criteria:
            found, needs = self.value(each.value)
            points = self._points(each, found)
            if needs:
                rest = None if each.unknown is WhenUnknown.REDISTRIBUTE else each.unknown_points
                points = self.to.choose(self.to.every(needs), points, self.to.constant(rest))
            name = self.to.name(self.add(each.address, points))
            weight = self.to.constant(each.weight)
            known, zero = self.to.known(name), self.to.constant(0.0)
            term = self.to.choose(known, self.to.binary("*", weight, name), zero)
            up = self.to.binary("+", up, term)
            down = self.to.binary("+", down, self.to.choose(known, weight, zero))
        some = self.to.binary(">", down, self.to.constant(0.0))
        value = self.to.choose(some, self.to.binary("/", up, down), self.to.constant(None))
        name = self.to.name(self.add(score.address, value))
        band = self.to.constant(None)
        for each in reversed(score.bands):
            inside = self.to.every([self.to.known(name), *self._inside(each.interval, name)])
            band = self.to.choose(inside, self.to.constant(each.id), band)
        self.add(f"{score.address}.band", band)

    def _inside(self, interval, item) -> list[Any]:
        tests = []
        if interval.low is not None:
            tests.append(
                self.to.binary(
                    ">=" if interval.low_closed else ">", item, self.to.constant(interval.low)
                )
            )
        if interval.high is not None:
            tests.append(
                self.to.binary(
                    "<=" if interval.high_closed else "<", item, self.to.constant(interval.high)
                )
            )
        return tests  # fmt: skip

    def _points(self, criterion, item) -> Any:
        if criterion.curve:
            return self._curve(criterion.curve, item)
        found = self.to.constant(0.0)
        for step in reversed(criterion.scale):
            if step.interval is not None:
                test = self.to.every(self._inside(step.interval, item))
            elif step.choices is not None:
                test = self.to.among(item, list(step.choices))
            else:
                test = self.to.constant(True)
            found = self.to.choose(test, self.to.constant(step.points), found)
        return found

    def _curve(self, curve, item) -> Any:
        constant, binary = self.to.constant, self.to.binary
        found = constant(curve[-1][1])
        for (x0, p0), (x1, p1) in reversed(list(pairwise(curve))):
            way = binary("/", binary("-", item, constant(x0)), constant(x1 - x0))
            line = binary("+", constant(p0), binary("*", constant(p1 - p0), way))
            found = self.to.choose(binary("<=", item, constant(x1)), line, found)
        return self.to.choose(
            binary("<=", item, constant(curve[0][0])), constant(curve[0][1]), found
        )


def given_names(program) -> dict[str, str]:
    """Return under what names the peers are given aggregates that they do not work out."""
    return {
        each.address: f"facts_{each.address}".replace(".", "_")
        for each in program.aggregates
        if each.aggregate.function in GIVEN
    }
