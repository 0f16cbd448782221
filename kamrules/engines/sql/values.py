"""From typed trees and conditions to SQL: the counterpart of the row engine's `code`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.compiler.program import Logic
from kamrules.engines.sql.plugged import answer
from kamrules.engines.sql.tree import (
    all_of,
    any_of,
    binary,
    boolean,
    call,
    double,
    group,
    is_known,
    is_null,
    is_one_of,
    is_true,
    negation,
    null,
    text,
    total,
    when,
    whole,
)
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
    Node,
    Not,
    Operator,
    Or,
    PluginCall,
    RowColumn,
    StepValue,
)
from kamrules.expression.plugged import WHOLE, WITHIN
from kamrules.expression.types import Kind

if TYPE_CHECKING:
    from kamrules.compiler.program import Condition
    from kamrules.engines.sql.stack import Stack
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.types import Type

OPERATORS = {
    Operator.ADD: exp.Add,
    Operator.SUBTRACT: exp.Sub,
    Operator.MULTIPLY: exp.Mul,
    Operator.DIVIDE: exp.Div,
}
COMPARISONS = {
    Comparison.EQUAL: exp.EQ,
    Comparison.NOT_EQUAL: exp.NEQ,
    Comparison.LESS: exp.LT,
    Comparison.LESS_EQUAL: exp.LTE,
    Comparison.GREATER: exp.GT,
    Comparison.GREATER_EQUAL: exp.GTE,
}
HUGE = 2.0**53


def sql_type(of: Type) -> str:
    """Return the type by which DuckDB holds values in expressions: numbers and dates are doubles."""
    if of.numeric:
        return "double"
    return "boolean" if of.kind is Kind.BOOL else "varchar"


class Values:
    """Writes trees over a stack of columns.

    `places` says by which tree account columns, row columns and steps are read.
    """

    def __init__(self, stack: Stack, as_of: int) -> None:
        self.stack = stack
        self.as_of = as_of
        self.places: dict[tuple[str, str], Sql] = {}

    def value(self, node: Node) -> Sql:  # noqa: C901  one case a node
        """Return the value of a tree, NULL while it is unknown."""
        match node:
            case Constant(value=value):
                return constant(value)
            case AsOf():
                return double(self.as_of)
            case AccountColumn(name=name):
                return self._place("account", name, node.type)
            case RowColumn(name=name):
                return self._place("row", name, node.type)
            case StepValue(address=address):
                return self._place("step", address, node.type)
            case Negate(item=item):
                return exp.Neg(this=group(self.value(item)))
            case Arithmetic():
                return self._arithmetic(node)
            case Call():
                return self._call(node)
            case PluginCall():
                return self._of_plugin(node)
            case If(condition=condition, then=then, otherwise=otherwise):
                branch = (self.value(condition), self.value(then))
                return when([branch], self.value(otherwise))
            case _:
                return self._truth(node)

    def _place(self, sort: str, name: str, of: Type) -> Sql:
        found = self.places.get((sort, name))
        # what a book lacks is unknown, and so are points of a criterion that is not in force
        return null(sql_type(of)) if found is None else found.copy()

    def _truth(self, node: Node) -> Sql:
        match node:
            case And(items=items):
                return all_of(self.value(each) for each in items)
            case Or(items=items):
                return any_of(self.value(each) for each in items)
            case Not(item=item):
                return negation(self.value(item))
            case Compare(comparison=comparison, left=left, right=right):
                return binary(COMPARISONS[comparison], self.value(left), self.value(right))
            case Among(item=item, constants=constants):
                return is_one_of(self.value(item), [constant(each.value) for each in constants])
            case IsUnknown(item=item):
                return is_null(self.value(item))
            case _:
                raise TypeError(node)

    def _arithmetic(self, node: Arithmetic) -> Sql:
        left, right = self.value(node.left), self.value(node.right)
        if node.operator is Operator.DIVIDE and not _nonzero(node.right):
            right = call("nullif", right, double(0.0))
        found = binary(OPERATORS[node.operator], left, right)
        if not node.may_overflow:
            return found
        kept = self.stack.keep(found)
        return when([(call("isfinite", kept), kept.copy())])

    def _call(self, node: Call) -> Sql:
        arguments = [self.value(each) for each in node.arguments]
        match node.function:
            case Function.COALESCE:
                return call("coalesce", *arguments)
            case Function.ABS:
                return call("abs", arguments[0])
            case Function.ROUND:
                return self._round(arguments[0], _places(node.arguments[1]))
            case Function.DECAY:
                return self._decay(arguments[0], arguments[1])
        # greatest and least skip unknown values, so all have to be known first
        kept = [self.stack.keep(each) for each in arguments]
        match node.function:
            case Function.CLAMP:
                inner = call("least", kept[0].copy(), kept[2].copy())
                found = call("greatest", kept[1].copy(), inner)
            case Function.MIN:
                found = call("least", *(each.copy() for each in kept))
            case _:
                found = call("greatest", *(each.copy() for each in kept))
        open_ = [each for each in kept if isinstance(each, exp.Column)]
        return when([(all_of(is_known(each) for each in open_), found)]) if open_ else found

    def _of_plugin(self, node: PluginCall) -> Sql:
        """Return the SQL form, and only what is a value of its kind (plugged.PluginFunction)."""
        arguments = [self._lent(each) for each in node.arguments]
        found = self.stack.keep(answer(node.function, arguments))
        return self._settled(found, node.type.kind)

    def _lent(self, node: Node) -> Sql:
        """Return an argument of a plug-in's function, which may stand in its SQL more than once."""
        return self.stack.keep(self.value(node))

    def _settled(self, found: Sql, kind: Kind) -> Sql:
        if kind in {Kind.TEXT, Kind.BOOL}:
            return found
        tests = [self._finite(found)]
        if kind in WITHIN:
            low, high = WITHIN[kind]
            tests += [binary(exp.GTE, found.copy(), double(low))]
            tests += [binary(exp.LTE, found.copy(), double(high))]
        if kind in WHOLE:
            tests.append(binary(exp.EQ, found.copy(), call("floor", found.copy())))
        # + 0.0 turns minus zero into zero
        return when([(all_of(tests), binary(exp.Add, found.copy(), double(0.0)))])

    def _finite(self, found: Sql) -> Sql:
        return call("isfinite", found.copy())

    def _decay(self, age: Sql, half_life: Sql) -> Sql:
        age, half_life = self.stack.keep(age), self.stack.keep(half_life)
        halvings = binary(exp.Div, age.copy(), call("nullif", half_life.copy(), double(0.0)))
        left = self._round(call("pow", double(0.5), halvings), 6)
        young = binary(exp.LTE, age, double(0.0))
        return when([(binary(exp.GT, half_life, double(0.0)), when([(young, double(1.0))], left))])

    def _round(self, item: Sql, digits: int) -> Sql:
        kept = self.stack.keep(item)
        scaled = binary(exp.Mul, kept, double(10.0**digits))
        large = binary(exp.GTE, call("abs", scaled), double(HUGE))
        quotient = binary(exp.Div, call("round", scaled.copy()), double(10.0**digits))
        # + 0.0 turns minus zero into zero
        return when([(large, kept.copy())], binary(exp.Add, quotient, double(0.0)))

    # conditions

    def holds(self, condition: Condition | None) -> Sql:
        """Return a condition as true, false or NULL; one that is not written is true."""
        if condition is None:
            return boolean(True)  # noqa: FBT003
        match condition.logic:
            case Logic.EXPRESSION:
                written = condition.expression
                return null("boolean") if written is None else self.value(written)
            case Logic.ALL:
                return all_of(self.holds(each) for each in condition.members)
            case Logic.ANY:
                return any_of(self.holds(each) for each in condition.members)
            case Logic.NOT:
                return negation(self.holds(condition.members[0]))
            case Logic.AT_LEAST:
                return self._at_least(condition)

    def _at_least(self, condition: Condition) -> Sql:
        kept = [self.stack.keep(self.holds(each)) for each in condition.members]
        true = total(when([(each.copy(), whole(1))], whole(0)) for each in kept)
        possible = total(when([(is_false_of(each.copy()), whole(0))], whole(1)) for each in kept)
        return when(
            [
                (binary(exp.GTE, true, whole(condition.needed)), boolean(True)),  # noqa: FBT003
                (binary(exp.LT, possible, whole(condition.needed)), boolean(False)),  # noqa: FBT003
            ],
            null("boolean"),
        )

    def met(self, items: list[Sql]) -> Sql:
        """Return whether all are true, never unknown."""
        return is_true(all_of(items)) if items else boolean(True)  # noqa: FBT003


def is_false_of(item: Sql) -> Sql:
    """Return a test that is true when a condition is false."""
    return negation(item)


def constant(value: float | str | bool) -> Sql:  # noqa: FBT001  a value, not a switch
    """Return a constant of a typed tree."""
    if isinstance(value, str):
        return text(value)
    return boolean(value) if isinstance(value, bool) else double(value)


def _places(node: Node) -> int:
    return int(float(node.value)) if isinstance(node, Constant) else 0


def _nonzero(node: Node) -> bool:
    return isinstance(node, Constant) and node.value != 0
