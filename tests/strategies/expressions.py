"""Typed expression texts: every kind of node, function, aggregate and filter of the language."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kamrules.expression.types import BOOL, INTEGER, Kind, Type
from tests.strategies.calls import of_plugin
from tests.strategies.scores import number as bound
from tests.strategies.values import USUAL, moved, quoted

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Mapping

    from tests.strategies.drawing import Draw

NUMERIC = (Kind.NUMBER, Kind.MONEY, Kind.INTEGER, Kind.SHARE, Kind.SCORE, Kind.DAYS)
LOOSE = {Kind.NUMBER, Kind.INTEGER}
"""Kinds of which a bare number is one without more ado."""
SIGNED = {Kind.SHARE, Kind.DAYS}
"""Kinds whose literals say of which kind they are: 20%, 30d."""
ORDERED = (*NUMERIC, Kind.DATE)


@dataclass(frozen=True)
class Sight:
    """What an expression can name here: values by their text, related tables, and the day."""

    names: Mapping[str, Type]
    tables: Mapping[str, Mapping[str, Type]]
    orders: Mapping[str, str]
    as_of: datetime.date
    aggregates: int = 2
    account: Mapping[str, Type] | None = None
    compared: Mapping[str, Type] = field(default_factory=dict)

    def inside(self, table: str) -> Sight:
        """Return the sight inside a table's brackets: its columns hide what else has their names."""
        columns = self.tables[table]
        account = self.names if self.account is None else self.account
        seen = {text: of for text, of in account.items() if text.split(".")[0] not in columns}
        names = {**seen, **columns}
        left = self.aggregates - 1
        return replace(self, names=names, account=account, aggregates=left, compared={})

    def of(self, wanted: Type) -> list[str]:
        """Return the names of values of the type."""
        return [name for name, of in self.names.items() if of == wanted]

    def having(self, kind: Kind) -> list[tuple[str, str]]:
        """Return (table, column) of every column of that kind in a related table."""
        return [
            (table, name)
            for table, columns in self.tables.items()
            for name, of in columns.items()
            if of.kind is kind
        ]


class Expressions:
    """Writes expressions for one case."""

    def __init__(self, draw: Draw, sight: Sight) -> None:
        self.draw = draw
        self.sight = sight

    def within(self, table: str) -> Expressions:
        """Return a writer inside the brackets of a table."""
        return Expressions(self.draw, self.sight.inside(table))

    def of(self, of: Type, depth: int) -> str:
        """Return an expression of the type."""
        if of.kind is Kind.BOOL:
            return self.bool(depth)
        if of.kind is Kind.DATE:
            return self.date(depth)
        if of.kind in NUMERIC:
            return self.number(of.kind, depth)
        return self.text(of, depth)

    # numbers

    def number(self, kind: Kind, depth: int, *, typed: bool = False) -> str:
        """Return an expression of a numeric kind; `typed`: not a bare number, which takes any type."""
        if depth <= 0 or self.draw.chance(25) or not self._has(kind):
            return self.leaf(kind, typed=typed)
        return self.draw.one(self._ways(kind))(kind, depth - 1)

    def _has(self, kind: Kind) -> bool:
        """Return whether something of the kind is at hand that is no bare number."""
        return kind in LOOSE or kind in SIGNED or bool(self.sight.of(Type(kind)))

    def leaf(self, kind: Kind, *, typed: bool = False) -> str:
        """Return a name or literal of a numeric kind, or how the account compares with others."""
        names = self.sight.of(Type(kind))
        names += [text for text, of in self.sight.compared.items() if of.kind is kind]
        if names and ((typed and kind not in LOOSE) or self.draw.chance(80)):
            return self.draw.one(names)
        return self.literal(kind, typed=typed)

    def literal(self, kind: Kind, *, typed: bool = False) -> str:
        """Return a literal of a numeric kind, among those that books hold too."""
        value = self.draw.one(USUAL[kind])
        if kind is Kind.DAYS:
            return f"{abs(value):.0f}d"
        if kind is Kind.SHARE and (typed or self.draw.chance(50)):
            return f"{round(value * 100)}%"
        sign = "-" if value < 0 else ""
        value = abs(value)
        return sign + (f"{int(value):_}" if value == int(value) else repr(value))

    def _ways(self, kind: Kind) -> list[Callable[[Kind, int], str]]:
        ways: list[Callable[[Kind, int], str]] = [self._sum, self._call, self._if]
        if self.sight.aggregates > 0 and self.sight.tables:
            if self.sight.having(kind):
                ways += [self._aggregate, self._aggregate, self._aggregate]
            ways += [self.over_rows, self.over_rows]
            if kind is Kind.INTEGER:
                ways += [self._count, self._count]
        if kind is Kind.NUMBER:
            ways += [self._product, self._ratio, self._mean, self._mixed]
        elif kind is Kind.MONEY:
            ways += [self._dimensioned]
        elif kind is Kind.SHARE:
            ways += [self._decay]
        elif kind is Kind.DAYS:
            ways += [self._days, self._dimensioned]
        return ways

    def _sum(self, kind: Kind, depth: int) -> str:
        left, right = self.number(kind, depth, typed=True), self.number(kind, depth)
        text = f"{left} {self.draw.one('+-')} {right}"
        return text if self.draw.chance(20) and kind is Kind.NUMBER else f"({text})"

    def _product(self, kind: Kind, depth: int) -> str:
        left = self.number(kind, depth)
        right = self.number(self.draw.one([kind, Kind.INTEGER, Kind.SHARE]), depth)
        return f"({left} {self.draw.one('*/')} {right})"

    def _dimensioned(self, kind: Kind, depth: int) -> str:
        """Return money or days times or by a plain number."""
        right = self.number(self.draw.one([Kind.NUMBER, Kind.INTEGER, Kind.SHARE]), depth)
        # a sum may come without parentheses, and would be added to money or days
        return f"({self.number(kind, depth, typed=True)} {self.draw.one('*/')} ({right}))"

    def _ratio(self, kind: Kind, depth: int) -> str:
        of = self.draw.one([Kind.MONEY, Kind.DAYS, kind])
        if not self._has(of):
            of = Kind.INTEGER
        return f"({self.number(of, depth, typed=True)} / {self.number(of, depth, typed=True)})"

    def _mixed(self, kind: Kind, depth: int) -> str:
        other = self.draw.one([Kind.SCORE, Kind.SHARE])
        sign = self.draw.one("*+-" if other is Kind.SCORE else "*/")
        # a bare number that is added to a score is one, and so were the sum: it is no number any more
        right = self._product(kind, depth) if sign in "+-" else self.number(kind, depth)
        return f"({self.number(other, depth)} {sign} {right})"

    def _days(self, kind: Kind, depth: int) -> str:
        del kind
        if self.draw.chance(50):
            return f"{self.draw.one(['days_since', 'days_until'])}({self.date(depth)})"
        return f"({self.date(depth)} - {self.date(depth)})"

    def _call(self, kind: Kind, depth: int) -> str:
        if self.draw.chance(20) and (found := of_plugin(self, kind, depth)):
            return found
        function = self.draw.one(["coalesce", "min", "max", "abs", "round", "clamp", "-"])
        first = self.number(kind, depth, typed=True)
        if function in {"coalesce", "min", "max"}:
            more = ", ".join(self.draw.many(1, 2, lambda: self.number(kind, depth)))
            return f"{function}({first}, {more})"
        if function == "clamp":
            return f"clamp({first}, {self.literal(kind)}, {self.number(kind, depth)})"
        if function == "round":
            places = self.draw.one(["", ", 1", ", 2", ", 3", ", 4", ", 5", ", 6", ", 0"])
            return f"round({first}{places})"
        return f"abs({first})" if function == "abs" else f"(-{first})"

    def _decay(self, kind: Kind, depth: int) -> str:
        del kind
        half_life = self.number(Kind.DAYS, 0, typed=True)
        if self.draw.chance(60):
            half_life = self.draw.one(["45d", "1d", "365d", "0d"])
        return f"decay({self.number(Kind.DAYS, depth, typed=True)}, {half_life})"

    def _if(self, kind: Kind, depth: int) -> str:
        then, otherwise = self.number(kind, depth, typed=True), self.number(kind, depth)
        return f"if({self.bool(depth)}, {then}, {otherwise})"

    # aggregates

    def filtered(self, table: str, depth: int) -> str:
        """Return a related table, mostly with a filter behind it."""
        if depth < 0 or not self.draw.chance(75):
            return table
        return f"{table}[{self.within(table).bool(min(depth, 2))}]"

    def _aggregate(self, kind: Kind, depth: int) -> str:
        table, column = self.draw.one(self.sight.having(kind))
        functions = (
            ["sum", "min", "max", "mean"] if kind is not Kind.INTEGER else ["sum", "min", "max"]
        )
        if table in self.sight.orders:
            functions += ["first", "last"]
        return f"{self.draw.one(functions)}({self.filtered(table, depth)}.{column})"

    def over_rows(self, kind: Kind, depth: int) -> str:
        """Return an aggregate of something worked out for each row, or of a column if there is none."""
        tables = [name for name in self.sight.tables if self.within(name)._has(kind)]
        if not tables or self.sight.aggregates <= 0:
            return self.leaf(kind, typed=True)
        table = self.draw.one(tables)
        # the mean of integers is none
        functions = (
            ["sum", "mean", "max", "min"] if kind is not Kind.INTEGER else ["sum", "max", "min"]
        )
        rows = self.filtered(table, depth)
        item = self.within(table).number(kind, max(depth, 1), typed=True)
        return f"{self.draw.one(functions)}({rows}, {item})"

    def of_book(self, function: str, of: Type, depth: int) -> tuple[str, Type]:
        """Return a whole-book function of a number, or of two, and its type."""
        having = [each for each in NUMERIC if self._has(each)]
        kinds = [self.draw.one(having) for _ in range(1 + function.startswith("running"))]
        numbers = ", ".join(self.number(each, depth, typed=True) for each in kinds)
        keeps = function == "running_total" and kinds[0] not in {Kind.SHARE, Kind.SCORE}
        return f"{function}({numbers})", Type(kinds[0]) if keeps else of

    def _mean(self, kind: Kind, depth: int) -> str:
        of = self.draw.one([Kind.NUMBER, Kind.INTEGER])
        having = self.sight.having(of) if self.sight.aggregates > 0 else []
        if not having:
            return self.leaf(kind)
        table, column = self.draw.one(having)
        return f"mean({self.filtered(table, depth)}.{column})"

    def _count(self, kind: Kind, depth: int) -> str:
        del kind
        table = self.draw.one(list(self.sight.tables))
        rows = self.filtered(table, depth)
        columns = list(self.sight.tables[table])
        if self.draw.chance(60):
            return f"count({rows})"
        return f"{self.draw.one(['distinct', 'count'])}({rows}.{self.draw.one(columns)})"

    # dates and texts

    def date(self, depth: int) -> str:
        """Return an expression of a date."""
        having = self.sight.having(Kind.DATE) if self.sight.aggregates > 0 else []
        if depth > 0 and self.sight.aggregates > 0 and self.sight.tables and self.draw.chance(15):
            table = self.draw.one(list(self.sight.tables))
            item = self.within(table).date(depth)
            return f"{self.draw.one(['min', 'max'])}({self.filtered(table, depth - 1)}, {item})"
        if depth > 0 and having and self.draw.chance(40):
            table, column = self.draw.one(having)
            functions = ["min", "max"]
            if table in self.sight.orders:
                functions += ["first", "last"]
            return f"{self.draw.one(functions)}({self.filtered(table, depth - 1)}.{column})"
        if depth > 0 and self.draw.chance(40):
            days = self.number(Kind.DAYS, min(depth - 1, 1))
            return f"({self.date(depth - 1)} {self.draw.one('+-')} {days})"
        if depth > 0 and self.draw.chance(15):
            return f"coalesce({self.date(depth - 1)}, {self.date(depth - 1)})"
        if depth > 0 and self.draw.chance(20):
            return str(of_plugin(self, Kind.DATE, depth - 1))
        if self.draw.chance(85):
            return self.draw.one([*self.sight.of(Type(Kind.DATE)), "as_of"])
        return moved(self.sight.as_of, self.draw.one([0, -30, -365, 1, 30])).isoformat()

    def text(self, of: Type, depth: int, *, typed: bool = False) -> str:
        """Return an expression of a text or choice; `typed`: no bare text, which may be any choice."""
        names = self.sight.of(of)
        if depth > 0 and self.draw.chance(40) and (found := self._from_rows(of, depth - 1)):
            return found
        if depth > 0 and names and self.draw.chance(20):
            then, otherwise = self.text(of, depth - 1, typed=True), self.text(of, depth - 1)
            if self.draw.chance(50):
                return f"coalesce({then}, {otherwise})"
            return f"if({self.bool(depth - 1)}, {then}, {otherwise})"
        if depth > 0 and of.kind is Kind.TEXT and self.draw.chance(15):
            return str(of_plugin(self, Kind.TEXT, depth - 1))
        if names and (typed or self.draw.chance(75)):
            return self.draw.one(names)
        return self.draw.one(self._texts(of))

    def _from_rows(self, of: Type, depth: int) -> str | None:
        """Return the first or last value of a column, None when there is no such column."""
        having = [
            (table, column)
            for table, column in (self.sight.having(of.kind) if self.sight.aggregates > 0 else [])
            if self.sight.tables[table][column] == of and table in self.sight.orders
        ]
        if not having:
            return None
        table, column = self.draw.one(having)
        return f"{self.draw.one(['first', 'last'])}({self.filtered(table, depth)}.{column})"

    def _texts(self, of: Type) -> list[str]:
        held = of.choices or ("a", "b", "", "ä", "中文", "o'brien", "01", "a b")
        return [text for each in held if (text := quoted(each)) is not None]

    # conditions

    def bool(self, depth: int) -> str:
        """Return an expression that is true, false or unknown."""
        names = self.sight.of(BOOL)
        if names and self.draw.chance(20):
            return self.draw.one(names)
        if depth <= 0:
            return self._comparison(0)
        ways: list[Callable[[int], str]] = [
            self._comparison, self._comparison, self._within, self._among, self._and_or, self._equal,
            self._is_unknown, self._not, self._chain, self._if_bool,
            lambda left: str(of_plugin(self, Kind.BOOL, left))]  # fmt: skip
        if self.sight.aggregates > 0 and self.sight.tables:
            ways += [self._any]
        return self.draw.one(ways)(depth - 1)

    def _ordered(self) -> Type:
        held = [of for of in self.sight.names.values() if of.kind in ORDERED]
        if held and self.draw.chance(70):
            return self.draw.one(held)
        return Type(self.draw.one(ORDERED))

    def _comparison(self, depth: int) -> str:
        of = self._ordered()
        sign = self.draw.one([">=", "<", "<=", ">", "==", "!="])
        return f"{self.of(of, depth)} {sign} {self.of(of, depth - 1)}"

    def _chain(self, depth: int) -> str:
        of = self._ordered()
        low, high = self.draw.one([("<=", "<"), ("<", "<="), (">", ">="), (">=", ">")])
        return f"{self.of(of, 0)} {low} {self.of(of, depth)} {high} {self.of(of, 0)}"

    def _within(self, depth: int) -> str:
        of = self._ordered()
        word = self.draw.one(["in", "not in"])
        if of.kind is Kind.DATE:
            bounds = [moved(self.sight.as_of, each).isoformat() for each in (-365, -30, 0, 30)]
        else:
            values = sorted({abs(each) for each in USUAL[of.kind]})
            bounds = [bound(of.kind, each) for each in values]
        at = self.draw.whole(0, len(bounds) - 2)
        low = self.draw.one([bounds[at], ""])
        high = bounds[self.draw.whole(at + 1, len(bounds) - 1)]
        left, right = self.draw.one("[("), self.draw.one("])")
        return f"{self.of(of, depth)} {word} {left}{low}..{high}{right}"

    def _among(self, depth: int) -> str:
        of = self.worded()
        if of is None:
            return self._comparison(depth)
        listed = ", ".join(
            dict.fromkeys(self.draw.many(1, 3, lambda: self.draw.one(self._texts(of))))
        )
        return f"{self.text(of, depth, typed=True)} {self.draw.one(['in', 'not in'])} [{listed}]"

    def worded(self) -> Type | None:
        """Return the type of a text or choice that has texts, None when there is none."""
        held = [of for of in self.sight.names.values() if of.kind in {Kind.TEXT, Kind.CHOICE}]
        held = [each for each in held if self._texts(each)]
        return self.draw.one(held) if held else None

    def _equal(self, depth: int) -> str:
        of = self.worded()
        sign = self.draw.one(["==", "!="])
        if of is None or self.draw.chance(15):
            return f"({self.bool(depth)}) {sign} ({self.bool(depth)})"
        return f"{self.text(of, depth, typed=True)} {sign} {self.text(of, depth)}"

    def _and_or(self, depth: int) -> str:
        parts = [f"({each})" for each in self.draw.many(2, 3, lambda: self.bool(depth))]
        return f" {self.draw.one(['and', 'or'])} ".join(parts)

    def _not(self, depth: int) -> str:
        return f"not ({self.bool(depth)})"

    def _is_unknown(self, depth: int) -> str:
        of = self.draw.one([*dict.fromkeys(self.sight.names.values()), INTEGER])
        text = (
            self.of(of, depth)
            if of.kind not in {Kind.TEXT, Kind.CHOICE}
            else self.text(of, depth, typed=True)
        )
        return f"({text}) is {self.draw.one(['unknown', 'not unknown'])}"

    def _if_bool(self, depth: int) -> str:
        if self.draw.chance(50):
            return f"if({self.bool(depth)}, {self.bool(0)}, {self.bool(0)})"
        return f"coalesce({self.bool(depth)}, {self.bool(0)})"

    def _any(self, depth: int) -> str:
        table = self.draw.one(list(self.sight.tables))
        return f"any({self.filtered(table, depth)})"
