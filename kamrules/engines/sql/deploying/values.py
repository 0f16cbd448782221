"""From typed trees to a warehouse's SQL: as the batch engine writes them, where all warehouses agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.compiler.bounds import SAFE, Bounds, marked
from kamrules.engines.sql.deploying.dialects import UNITS, double, number
from kamrules.engines.sql.plugged import answer
from kamrules.engines.sql.tree import (
    all_of,
    binary,
    boolean,
    call,
    cast,
    is_known,
    is_one_of,
    null,
    text,
    when,
    whole,
)
from kamrules.engines.sql.values import COMPARISONS, HUGE, Values
from kamrules.expression.nodes import (
    Among,
    Arithmetic,
    AsOf,
    Call,
    Compare,
    Constant,
    Function,
    Operator,
    PluginCall,
)
from kamrules.expression.types import DIGITS, PLACES, Kind
from kamrules.show import EPOCH, LAST

if TYPE_CHECKING:
    from kamrules.engines.sql.deploying.chain import Chain
    from kamrules.engines.sql.deploying.dialects import Dialect
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.nodes import Node

PLUGGED = "plugged"
"""Marks what a plug-in has said in SQL, which is that of the dialect already."""
TINY = 1e-250
"""What is proved to be no nearer to 0 than this is never rounded to 0."""
FAR = 1e20
LONG_AGO = 60.0
"""After so many half-lives nothing is left in 6 places."""


class WrittenValues(Values):
    """Writes trees over a chain of columns for one dialect.

    `as_of_days` is the column with the date of the run, `bounds` are those of the steps so far.
    """

    def __init__(self, chain: Chain, dialect: Dialect, bounds: dict[str, Bounds]) -> None:
        super().__init__(chain, 0)
        self.chain = chain
        self.dialect = dialect
        self.bounds = bounds
        self.as_of_days: Sql = exp.null()

    def go_on(self, chain: Chain) -> None:
        """Write what comes now over another chain, which has the columns of this one below it."""
        self.stack = self.chain = chain

    def value(self, node: Node) -> Sql:
        """Return the value of a tree, NULL while it is unknown."""
        match node:
            case Constant(value=value):
                return constant(value)
            case AsOf():
                return self.as_of_days.copy()
            case Compare(comparison=comparison, left=left, right=right):
                return binary(COMPARISONS[comparison], *self._beside(left, right))
            case Among(item=item, constants=constants):
                return is_one_of(self.value(item), [plain(each.value) for each in constants])
            case _:
                return super().value(node)

    def _beside(self, left: Node, right: Node) -> tuple[Sql, Sql]:
        """Return two operands; a number beside a double needs no type of its own."""
        one, other = isinstance(left, Constant), isinstance(right, Constant)
        if isinstance(left, Constant) and not other:
            return plain(left.value), self.value(right)
        if isinstance(right, Constant) and not one:
            return self.value(left), plain(right.value)
        return self.value(left), self.value(right)

    def _arithmetic(self, node: Arithmetic) -> Sql:
        left, right = self._beside(node.left, node.right)
        over, under = node.may_overflow, self._may_vanish(node)
        if over or under:
            left, right = (
                each if _is_number(each) else self.stack.keep(each) for each in (left, right)
            )
        if node.operator is Operator.DIVIDE and not _is_nonzero(node.right):
            right = call("nullif", right, whole(0))
        return self.dialect.arithmetic(node.operator, left, right, over=over, under=under)

    def _may_vanish(self, node: Arithmetic) -> bool:
        """Return whether a product or quotient can be too small for a double although it is not 0."""
        if node.operator not in {Operator.MULTIPLY, Operator.DIVIDE}:
            return False
        found = marked(node, self.bounds)[1]
        return found.least < TINY or found.most > SAFE

    def may_be_tiny(self, node: Node) -> bool:
        """Return whether a value, where not 0, may be as near to 0 as doubles can be."""
        return marked(node, self.bounds)[1].least < TINY / HUGE**2

    def _call(self, node: Call) -> Sql:
        if node.function in {Function.COALESCE, Function.ABS, Function.ROUND, Function.DECAY}:
            return super()._call(node)
        first, *others = node.arguments
        if node.function is Function.CLAMP:
            low, high = (self._argument(each) for each in others)
            item = self._argument(first)
            found = call("greatest", low, call("least", item, high))
            kept = [item, low, high]
        else:
            kept = [self._argument(each) for each in node.arguments]
            name = "least" if node.function is Function.MIN else "greatest"
            found = call(name, *(each.copy() for each in kept))
        # some warehouses skip unknown values here, and others do not
        open_ = [each for each in kept if not _is_number(each)]
        return when([(all_of(is_known(each.copy()) for each in open_), found)]) if open_ else found

    def _of_plugin(self, node: PluginCall) -> Sql:
        """Return the SQL form in this dialect; only DuckDB can take its failures for NULL."""
        arguments = [self._argument(each) for each in node.arguments]
        duckdb = self.dialect.name == "duckdb"
        told = answer(node.function, arguments, tried=duckdb)
        for each in told.walk():
            each.meta[PLUGGED] = True
        return self._settled(self.stack.keep(told), node.type.kind)

    def _finite(self, found: Sql) -> Sql:
        return self.dialect.finite(found.copy())

    def _argument(self, node: Node) -> Sql:
        if isinstance(node, Constant):
            return constant(node.value)
        return self.stack.keep(self.value(node))

    def _decay(self, age: Sql, half_life: Sql) -> Sql:
        age, half_life = self.stack.keep(age), self.stack.keep(half_life)
        halvings = self.stack.keep(
            self.dialect.arithmetic(
                Operator.DIVIDE, age, call("nullif", half_life, whole(0)), over=True, under=True
            )
        )
        power = call("power", double(0.5), halvings.copy())
        gone = binary(exp.GT, call("coalesce", halvings.copy(), double(FAR)), double(LONG_AGO))
        known = all_of([binary(exp.GT, half_life.copy(), whole(0)), is_known(age.copy())])
        left = self.stack.keep(when([(binary(exp.LTE, age.copy(), whole(0)), double(1.0)),
                                     (gone, double(0.0))], power))  # fmt: skip
        return when([(known, self._round(left, 6))])

    def _round(self, item: Sql, digits: int) -> Sql:
        kept = self.stack.keep(item)
        size = call("abs", kept)
        scaled = binary(exp.Mul, kept.copy(), number(10.0**digits))
        far = binary(exp.GTE, size, number(FAR))
        large = binary(exp.GTE, call("abs", scaled), number(HUGE))
        rounded = self.half_away(scaled.copy())
        quotient = binary(exp.Div, rounded, number(10.0**digits)) if digits else rounded
        return when([(far, kept.copy()), (large, kept.copy())], quotient)

    def units(self, item: Sql, kind: Kind, places: int | None = None) -> Sql:
        """Return a double as a column of a kind is stored: in whole units, unknown if it is too long.

        `places` are others than those of the kind.
        """
        dated = kind is Kind.DATE and places is None
        places = PLACES[kind] if places is None else places
        item = self.stack.keep(item)
        beyond = number(float(10**DIGITS))
        scaled = binary(exp.Mul, item.copy(), number(10.0**places)) if places else item.copy()
        far = binary(exp.GTE, call("abs", item), beyond)
        scaled = self.stack.keep(when([(far, null("double"))], scaled))
        exact = binary(exp.GTE, call("abs", scaled.copy()), number(HUGE))
        found = when([(exact, scaled.copy())], self.half_away(scaled.copy()))
        fits = [binary(exp.LT, call("abs", scaled.copy()), beyond.copy())]
        if dated:
            first, last = number(1 - EPOCH - 0.5), number(LAST - EPOCH + 0.5)
            fits = [binary(exp.GT, scaled.copy(), first), binary(exp.LT, scaled.copy(), last)]
        return self.stack.keep(when([(all_of(fits), cast(cast(found, "bigint"), UNITS))]))

    @staticmethod
    def half_away(item: Sql) -> Sql:
        """Return a double below 2**53 without its fraction, halves away from zero."""
        size = call("abs", item)
        down = call("floor", size)
        half = binary(exp.GTE, binary(exp.Sub, size.copy(), down), exp.Literal.number("0.5"))
        up = binary(exp.Add, down.copy(), when([(half, whole(1))], whole(0)))
        return cast_double(binary(exp.Mul, call("sign", item.copy()), up))


def cast_double(item: Sql) -> Sql:
    """Return a value as a double."""
    return exp.cast(item, exp.DataType.Type.DOUBLE, copy=False)


def constant(value: float | str | bool) -> Sql:  # noqa: FBT001  a value, not a switch
    """Return a constant with its type."""
    return plain(value) if isinstance(value, str | bool) else double(value)


def plain(value: float | str | bool) -> Sql:  # noqa: FBT001  a value, not a switch
    """Return a constant that stands beside what has its type."""
    if isinstance(value, str):
        return text(value)
    return boolean(value) if isinstance(value, bool) else number(value)


def _is_number(item: Sql) -> bool:
    inner = item.unnest() if isinstance(item, exp.Paren) else item
    inner = inner.this if isinstance(inner, exp.Cast | exp.Neg) else inner
    inner = inner.this if isinstance(inner, exp.Paren) else inner
    inner = inner.this if isinstance(inner, exp.Neg) else inner
    return isinstance(inner, exp.Literal)


def _is_nonzero(node: Node) -> bool:
    return isinstance(node, Constant) and node.value != 0
