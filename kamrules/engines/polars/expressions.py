"""From the batch engine's trees to Polars expressions; what SQL says of unknown values holds here too."""

from __future__ import annotations

import datetime
import operator
from functools import reduce
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlglot import exp

from kamrules.engines.polars.branches import any_of, first_true
from kamrules.engines.polars.functions import FUNCTIONS
from kamrules.engines.polars.literals import literal
from kamrules.engines.polars.rarely import rarely
from kamrules.engines.polars.shapes import (
    constant,
    day_of,
    is_a_call,
    is_cast_to,
    is_nothing,
    is_text,
    is_written_list,
    written_where,
)
from kamrules.engines.polars.unsaid import Unsaid
from kamrules.engines.polars.words import (
    MOST,
    TOGETHER,
    Words,
    chosen,
    gathered,
    joined,
    no_word,
    word,
)
from kamrules.engines.sql.tree import call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from kamrules.engines.sql.tree import Sql

TYPES: dict[Any, Any] = {
    exp.DataType.Type.TEXT: pl.String,
    exp.DataType.Type.VARCHAR: pl.String,
    exp.DataType.Type.BIGINT: pl.Int64,
    exp.DataType.Type.INT: pl.Int32,
    exp.DataType.Type.DOUBLE: pl.Float64,
    exp.DataType.Type.BOOLEAN: pl.Boolean,
    exp.DataType.Type.DATE: pl.Date,
}
OPERATORS: dict[type[Any], Callable[[Any, Any], Any]] = {
    exp.Add: operator.add, exp.Sub: operator.sub, exp.Mul: operator.mul, exp.Div: operator.truediv,
    exp.IntDiv: operator.floordiv, exp.Mod: operator.mod,
    exp.EQ: operator.eq, exp.NEQ: operator.ne, exp.LT: operator.lt, exp.LTE: operator.le,
    exp.GT: operator.gt, exp.GTE: operator.ge,
    exp.And: operator.and_, exp.Or: operator.or_,
}  # fmt: skip
"""IntDiv and Mod are used of numbers from 0 on, where rounding down and towards zero are one."""

MANY = 8
"""The least of so many is worked out where it is asked for."""
NOTHING = -1
"""Stands for an unknown key; keys count from 0 on."""


class Expressions:
    """Says trees as expressions.

    `enumerations` has the members of each enumeration by its name, `known` the texts of columns that hold the
    numbers of words, `keys` the columns of whole numbers that are NOTHING where they are unknown.
    """

    def __init__(
        self,
        enumerations: Mapping[str, Sequence[str]],
        known: Mapping[str, tuple[str, ...]] | None = None,
        keys: Iterable[str] = (),
    ) -> None:
        self.enumerations = enumerations
        self.known = dict(known or {})
        self.keys = set(keys)
        self._said: dict[type[exp.Expr], Any] = {
            exp.Column: self._column,
            exp.Literal: lambda tree: literal(*constant(tree)),
            exp.Boolean: lambda tree: literal(bool(tree.this), pl.Boolean),
            exp.Null: lambda _: pl.lit(None),
            exp.Paren: lambda tree: self.said(tree.this),
            exp.Neg: self._negative,
            exp.Not: self._not,
            exp.Is: self._unknown,
            exp.In: self._among,
            exp.Case: self._case,
            exp.Cast: self._cast,
            exp.TryCast: self._unsaid,
            exp.Anonymous: self._call,
        }

    def said(self, tree: Sql) -> pl.Expr:
        """Return a tree as an expression. Raises Unsaid for what Polars has no words for."""
        way = self._said.get(type(tree))
        if way is not None:
            found: pl.Expr = way(tree)
            return found
        if type(tree) in OPERATORS:
            return self._binary(tree)
        return self._unsaid(tree)

    def words(self, tree: Sql) -> Words | None:
        """Return a tree as a word, None for what is not one of a few texts."""
        match tree:
            case exp.Paren():
                return self.words(tree.this)
            case exp.Literal():
                return word(tree.this) if tree.is_string else None
            case exp.Column():
                texts = self.known.get(tree.name)
                return None if texts is None else Words(pl.col(tree.name), texts)
            case exp.Cast():
                return self._word_of_cast(tree)
            case exp.Case():
                return self._words_of_case(tree)
            case exp.Anonymous():
                return self._words_of_call(tree)
        return None

    def key(self, tree: Sql, kind: type[pl.Int32 | pl.Int64]) -> pl.Expr:
        """Return a whole number from 0 on, which the type has room for; NOTHING where it is unknown."""
        nothing = literal(NOTHING, kind)
        match tree:
            case exp.Case(this=None, args={"ifs": [branch]}) if is_nothing(
                tree.args.get("default")
            ):
                value = self._whole(branch.args["true"], kind)
                found: pl.Expr = pl.when(self.said(branch.this)).then(value).otherwise(nothing)
            case _:
                found = self._whole(tree, kind)
        return found.fill_null(nothing)

    def _whole(self, tree: Sql, kind: type[pl.Int32 | pl.Int64]) -> pl.Expr:
        """Return a whole number that is worked out in a type that has room for it."""
        match tree:
            case exp.Paren():
                return self._whole(tree.this, kind)
            case exp.Literal() if tree.this.isdecimal():
                return literal(int(tree.this), kind)
            case exp.Add() | exp.Mul():
                parts = (self._whole(each, kind) for each in (tree.this, tree.expression))
                made: pl.Expr = OPERATORS[type(tree)](*parts)
                return made
            case exp.Cast() if tree.to.this is exp.DataType.Type.BIGINT:
                # to look whether each fits takes as long again
                return self.said(tree.this).cast(kind, wrap_numerical=True)
        return self.said(tree).cast(kind)

    @staticmethod
    def _word_of_cast(tree: exp.Cast) -> Words | None:
        kind = tree.to.this
        if isinstance(tree.this, exp.Null) and TYPES.get(kind) is pl.String:
            return no_word()
        if kind is not exp.DataType.Type.USERDEFINED:
            return None
        return word(tree.this.this) if isinstance(tree.this, exp.Literal) else no_word()

    def _words_of_case(self, tree: Sql) -> Words | None:
        values = []
        for each in (*(each.args["true"] for each in tree.args["ifs"]), tree.args.get("default")):
            nothing = each is None or isinstance(each, exp.Null)
            found = no_word() if nothing else self.words(each)
            if found is None:
                return None
            values.append(found)
        if not any(each.texts for each in values):
            return None  # of another type, or no text at all
        tests = [test for test, _ in self._branches(tree)]
        return chosen(list(zip(tests, values, strict=False)), values[-1])

    def _words_of_call(self, tree: Sql) -> Words | None:
        name, arguments = tree.name.casefold(), tree.expressions
        if name == "concat_ws":
            parts = [written_where(each) for each in arguments[1:]]
            known = [each for each in parts if each is not None]
            if not parts or len(known) < len(parts):
                return None
            tests = [(self._holds(test, when_true), text) for test, text, when_true in known]
            return joined(arguments[0].this, tests)
        if name == "list_extract" and is_written_list(arguments[0]):
            return self._word_at(arguments[0], arguments[1])
        if name in {"left", "substr"}:
            found = self.words(arguments[0])
            place = int(arguments[1].this)
            cut = slice(place) if name == "left" else slice(place - 1, None)
            return None if found is None else found.changed(lambda text: text[cut])
        return None

    def _word_at(self, written: Sql, place: Sql) -> Words | None:
        texts = self._texts_of(written)
        if texts is None or len(set(texts)) > MOST:
            return None
        number = {
            each: at
            for at, each in enumerate(dict.fromkeys(each for each in texts if each is not None), 1)
        }
        found = [None if each is None else number[each] for each in texts]
        return Words(gathered(pl.Series(found, dtype=pl.UInt16), self.said(place)), tuple(number))

    def _texts_of(self, written: Sql) -> list[str | None] | None:
        """Return the texts of a written list, None when it is one of other values."""
        if is_a_call(written, "enum_range"):
            return list(self.enumerations[written.expressions[0].to.args["kind"].name])
        items = (written.this if isinstance(written, exp.Cast) else written).expressions
        texts = []
        for each in items:
            inner = each.this if is_cast_to(each, exp.DataType.Type.USERDEFINED) else each
            if not isinstance(inner, exp.Null) and not is_text(inner):
                return None
            texts.append(None if isinstance(inner, exp.Null) else inner.this)
        return texts

    def _holds(self, test: Sql, when_true: bool) -> pl.Expr:  # noqa: FBT001
        """Return whether a condition is true, or whether it is not."""
        found = self.said(test)
        return found if when_true else ~found.fill_null(False)  # noqa: FBT003

    def _column(self, tree: Sql) -> pl.Expr:
        if tree.name in self.keys:
            key = pl.col(tree.name)
            return pl.when(key != NOTHING).then(key).cast(pl.Int64)
        found = self.words(tree)
        return pl.col(tree.name) if found is None else found.text()

    def _unknown(self, tree: Sql) -> pl.Expr:
        if isinstance(tree.this, exp.Column) and tree.this.name in self.keys:
            return pl.col(tree.this.name) == NOTHING
        return self.said(tree.this).is_null()

    @staticmethod
    def _unsaid(tree: Sql) -> pl.Expr:
        raise Unsaid(tree.sql("duckdb"))

    def _binary(self, tree: Sql) -> pl.Expr:
        if isinstance(tree, exp.Add) and is_cast_to(tree.this, exp.DataType.Type.DATE):
            return self._days_after(tree)
        if isinstance(tree, exp.Div):
            return self._divided(tree)
        if isinstance(tree, exp.Sub) and is_cast_to(tree.expression, exp.DataType.Type.DATE):
            return self.said(tree.this).cast(pl.Int32) - day_of(tree.expression)
        if isinstance(tree, exp.EQ | exp.NEQ) and is_text(tree.expression):
            found = self.words(tree.this)
            if found is not None:
                equal = found.is_one_of([tree.expression.this])
                return equal if isinstance(tree, exp.EQ) else ~equal
        made: pl.Expr = OPERATORS[type(tree)](self.said(tree.this), self.said(tree.expression))
        return made

    def _divided(self, tree: Sql) -> pl.Expr:
        """Return a number divided by another, rounded once.

        By a constant Polars multiplies with what one divided by it comes to, which rounds twice. By a column
        it divides, so the constant is made one.
        """
        item, divisor = self.said(tree.this), self.said(tree.expression)
        return item / (item * 0.0 + divisor)

    def _days_after(self, tree: Sql) -> pl.Expr:
        """Return a date so many days after one that is written."""
        days = self.said(tree.expression).cast(pl.Int32, strict=False)
        return (days + day_of(tree.this)).cast(pl.Date)

    def _negative(self, tree: Sql) -> pl.Expr:
        if isinstance(tree.this, exp.Literal):
            value, kind = constant(tree.this)
            return literal(-value, kind)
        return -self.said(tree.this)

    def _not(self, tree: Sql) -> pl.Expr:
        inner = tree.this.unnest()
        if isinstance(inner, exp.Is):
            return ~self._unknown(inner)
        return ~self.said(inner)

    def _among(self, tree: Sql) -> pl.Expr:
        found = self.words(tree.this)
        if found is not None and all(map(is_text, tree.expressions)):
            return found.is_one_of([each.this for each in tree.expressions])
        item = self.said(tree.this)
        return reduce(operator.or_, (item == self.said(each) for each in tree.expressions))

    def _case(self, tree: Sql) -> pl.Expr:
        found = self.words(tree)
        if found is not None:
            return found.text()
        branches = list(self._branches(tree))
        default = tree.args.get("default")
        otherwise = None
        if default is not None:
            otherwise = self._branch(~any_of([test for test, _ in branches]), default)
        made = [(test, self._branch(test, value)) for test, value in branches]
        return first_true(made, otherwise)

    def _branches(self, tree: Sql) -> Iterator[tuple[pl.Expr, Sql]]:
        """Yield the conditions of a CASE and what stands behind them."""
        item = None if tree.this is None else self.said(tree.this)
        for each in tree.args["ifs"]:
            if item is None:
                yield self.said(each.this), each.args["true"]
            elif is_text(each.this) and (found := self.words(tree.this)) is not None:
                yield found.is_one_of([each.this.this]), each.args["true"]
            else:
                yield item == self.said(each.this), each.args["true"]

    def _branch(self, test: pl.Expr, tree: Sql) -> pl.Expr:
        found = self.said(tree)
        if any(is_a_call(each, "format") for each in tree.find_all(exp.Anonymous)):
            return rarely(test, found, pl.String)
        if is_a_call(tree, "least") and len(tree.expressions) > MANY:
            return rarely(test, found, pl.Int64)  # the nearest miss, of accounts without an action
        return found

    def _cast(self, tree: exp.Cast) -> pl.Expr:
        kind, item = tree.to, tree.this
        if kind.this is exp.DataType.Type.USERDEFINED:
            found = self._word_of_cast(tree)
            return self._unsaid(tree) if found is None else found.text()
        if kind.this not in TYPES:
            raise Unsaid(kind.sql("duckdb"))
        if kind.this is exp.DataType.Type.DATE and isinstance(item, exp.Literal):
            return pl.lit(datetime.date.fromisoformat(item.this))
        if isinstance(item, exp.Null):
            return pl.lit(None, dtype=TYPES[kind.this])
        # a value that DuckDB could not turn either would stop it: see tests/agreement
        return self.said(item).cast(TYPES[kind.this], strict=False)

    def _call(self, tree: Sql) -> pl.Expr:
        name, arguments = tree.name.casefold(), tree.expressions
        found = self.words(tree)
        if found is not None:
            return found.text()
        if name == "concat_ws":
            return self._joined(arguments[0], arguments[1:])
        if name == "list_extract" and is_written_list(arguments[0]):
            return self._picked(arguments[0], arguments[1])
        if name not in FUNCTIONS:
            raise Unsaid(name)
        return FUNCTIONS[name](*(self.said(each) for each in arguments))

    def _joined(self, between: Sql, parts: Sequence[Sql]) -> pl.Expr:
        """Return the known ones of some texts, joined: of many that are written, some at a time."""
        separator = between.this
        if len(parts) <= TOGETHER or not all(written_where(each) for each in parts):
            found = [self.said(each) for each in parts]
            return pl.concat_str(found, separator=separator, ignore_nulls=True)
        groups = []
        for first in range(0, len(parts), TOGETHER):
            some = call("concat_ws", between, *parts[first : first + TOGETHER])
            told = self.said(some)
            groups.append(pl.when(told != "").then(told))
        return pl.concat_str(groups, separator=separator, ignore_nulls=True)

    def _picked(self, written: Sql, place: Sql) -> pl.Expr:
        """Return the item of a written list at a place, counted from 1 on."""
        items = (written.this if isinstance(written, exp.Cast) else written).expressions
        constants = [constant(each) for each in items]
        values, kind = [value for value, _ in constants], constants[0][1]
        return gathered(pl.Series(values, dtype=kind), self.said(place))
