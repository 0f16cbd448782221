"""The typed tree: what an expression means once its names and types are known.

Engines translate these nodes and nothing else. Every node is frozen, knows its type and the span of
the author's text that it came from. Chained comparisons and intervals are already spelt out as
`And` of `Compare`, `days_since(x)` as `as_of - x`, so there is one way to say each thing.

Numbers are IEEE doubles in an expression, evaluated in the order written. A date is a number of days
since 1970-01-01. Unknown is a value of every type; see design 5 for how each node treats it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kamrules.expression.types import BOOL, DATE, Type

if TYPE_CHECKING:
    from kamrules.expression.plugged import PluginFunction


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets [start, end) in characters into the author's expression text."""

    start: int
    end: int


NOWHERE = Span(0, 0)


class Operator(StrEnum):
    """Arithmetic between two numbers; `/` by zero is unknown."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"


class Comparison(StrEnum):
    """Comparisons; text, choice and bool know only the first two."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="


OPPOSITE = {
    Comparison.EQUAL: Comparison.NOT_EQUAL,
    Comparison.NOT_EQUAL: Comparison.EQUAL,
    Comparison.LESS: Comparison.GREATER_EQUAL,
    Comparison.LESS_EQUAL: Comparison.GREATER,
    Comparison.GREATER: Comparison.LESS_EQUAL,
    Comparison.GREATER_EQUAL: Comparison.LESS,
}
"""What holds of two known values when a comparison does not."""
TURNED = {
    Comparison.EQUAL: Comparison.EQUAL,
    Comparison.NOT_EQUAL: Comparison.NOT_EQUAL,
    Comparison.LESS: Comparison.GREATER,
    Comparison.LESS_EQUAL: Comparison.GREATER_EQUAL,
    Comparison.GREATER: Comparison.LESS,
    Comparison.GREATER_EQUAL: Comparison.LESS_EQUAL,
}
"""The same comparison with its sides exchanged."""


class Function(StrEnum):
    """Functions of values. `coalesce` takes the first known argument; the others are strict:
    unknown if any argument is.

    `round(x, n)` is half away from zero, computed in doubles as round(t) / 10**n with t = x * 10**n, and
    x itself where abs(t) >= 2**53 (it has no places left to round);
    `clamp(x, low, high)` is max(low, min(x, high)). `decay(age, half_life)` is what is left of 1 after a
    time: unknown where half_life <= 0, else 1 where age <= 0, else 0.5 ** (age / half_life) in doubles,
    rounded as `round` does to 6 places.
    """

    ABS = "abs"
    ROUND = "round"
    CLAMP = "clamp"
    COALESCE = "coalesce"
    MIN = "min"
    MAX = "max"
    DECAY = "decay"


class Aggregation(StrEnum):
    """Aggregates over the rows of a related table for which the filter is true.

    Table lacking in the book: unknown. No such rows: sum and count 0, any false, distinct 0, the others
    unknown. Rows where the column is unknown do not count for sum, min, max, mean, first, last,
    distinct, nor for a count of a column. Sums are exact in stored units (types.PLACES), unknown
    beyond types.DIGITS digits; mean is (double(sum) / 10**places) / double(count). first and last
    are of the row with the earliest (latest) known order date, ties by the smallest (largest) value,
    text compared by code point and false before true.

    sum, min, max and mean also take a value worked out for each row: it is first stored as a column of its
    type would store that double (rounded to its places, unknown when that does not fit), and then counts
    as such a column's value.
    """

    SUM = "sum"
    COUNT = "count"
    MIN = "min"
    MAX = "max"
    MEAN = "mean"
    ANY = "any"
    FIRST = "first"
    LAST = "last"
    DISTINCT = "distinct"


class BookFunction(StrEnum):
    """Whole-book functions: where an account stands among all accounts of the book.

    The value is first rounded half away from zero to whole units, 10**-4 for money and 10**-6 for every
    other kind, unknown beyond types.DIGITS digits; so equal values are equal, and totals exact. With `n`
    accounts whose value is known: `rank` is 1 plus the number of accounts with a greater value;
    `rank_share` is double(rank) / double(n), at most 1; `share_of_total` is double(units) / double(total),
    unknown where the total is 0 or has more than types.DIGITS digits. All are unknown where the
    account's own value is.

    Two add one number up in the order of another, over the accounts of which both are known, as far as the
    account and its equals: `running_total` is double(running) / 10**places, unknown with more than
    types.DIGITS digits; `running_share` is double(running) / double(total), unknown likewise.
    """

    RANK = "rank"
    RANK_SHARE = "rank_share"
    SHARE_OF_TOTAL = "share_of_total"
    RUNNING_TOTAL = "running_total"
    RUNNING_SHARE = "running_share"


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal, or a parameter's value (then `parameter` is its id).

    `value` is a float for every numeric type (days since 1970-01-01 for a date), str for text and
    choice, bool for bool. It is never unknown.
    """

    value: float | str | bool
    type: Type
    parameter: str | None = None
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class AsOf:
    """The date of the run."""

    span: Span = NOWHERE
    type: Type = DATE


@dataclass(frozen=True, slots=True)
class AccountColumn:
    """The account's own value in the accounts table."""

    name: str
    type: Type
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class RowColumn:
    """A column of the row at hand; occurs only inside an aggregate's `where` and `item`."""

    table: str
    name: str
    type: Type
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class StepValue:
    """The result of another step of the program.

    `address` is one of `fact.<id>`, `signal.<id>`, `signal.<id>.date`, `score.<id>`,
    `score.<id>.band`, `score.<id>.low`, `score.<id>.high`, `criterion.<id>` (its points), `class`,
    `tier`, `tier.level`, `phase`, `strategy`, `class_before`, `tier_before`, and (only after the
    compiler has shared them) `aggregate.<number>` and `book.<number>.<function>`.
    """

    address: str
    type: Type
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate over a related table's rows; `where` None means all rows.

    What it takes of each row is `column`, or `item`, worked out for the row; both are None for `count` and
    `any` of rows. The compiler lifts every aggregate out into a step of its own, so engines meet it only
    as an AggregateStep.
    """

    function: Aggregation
    table: str
    column: str | None
    where: Node | None
    type: Type
    span: Span = NOWHERE
    item: Node | None = None


@dataclass(frozen=True, slots=True)
class OfBook:
    """A whole-book function of a number of the account, which is worked out before anything is decided.

    The item, by which accounts are compared, and `summed`, what is added up, hold account columns, facts and
    aggregates. The compiler lifts them out into a BookStep, so engines never meet this node.
    """

    function: BookFunction
    item: Node
    type: Type
    span: Span = NOWHERE
    summed: Node | None = None

    @property
    def numbers(self) -> tuple[Node, ...]:
        """The numbers in the order written."""
        return (self.item,) if self.summed is None else (self.summed, self.item)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Left operator right. `may_overflow` says that the result may leave the range of doubles: then
    an engine must turn infinity and NaN into unknown (where it is False the compiler has proved that
    they cannot occur).
    """

    operator: Operator
    left: Node
    right: Node
    type: Type
    may_overflow: bool = True
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Negate:
    """Minus a number."""

    item: Node
    type: Type
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Call:
    """A function of values (Function); `round` always has two arguments, the second a Constant 0..6."""

    function: Function
    arguments: tuple[Node, ...]
    type: Type
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class PluginCall:
    """A function of a plug-in, which has as many arguments as parameters (plugged.PluginFunction).

    It is strict: unknown if any argument is. A choice stands for the text that it is.
    """

    function: PluginFunction
    arguments: tuple[Node, ...]
    type: Type
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class If:
    """`if(condition, then, otherwise)`: `otherwise` unless the condition is true.

    So an unknown condition takes `otherwise`, as an unfired rule would.
    """

    condition: Node
    then: Node
    otherwise: Node
    type: Type
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Compare:
    """Left comparison right; unknown if either side is."""

    comparison: Comparison
    left: Node
    right: Node
    span: Span = NOWHERE
    type: Type = BOOL


@dataclass(frozen=True, slots=True)
class Among:
    """Whether the item is one of the constants (at least one); unknown if the item is."""

    item: Node
    constants: tuple[Constant, ...]
    span: Span = NOWHERE
    type: Type = BOOL


@dataclass(frozen=True, slots=True)
class IsUnknown:
    """Whether the item is unknown; itself never unknown."""

    item: Node
    span: Span = NOWHERE
    type: Type = BOOL


@dataclass(frozen=True, slots=True)
class And:
    """Kleene and: false if any item is false, else unknown if any is unknown, else true."""

    items: tuple[Node, ...]
    span: Span = NOWHERE
    type: Type = BOOL


@dataclass(frozen=True, slots=True)
class Or:
    """Kleene or: true if any item is true, else unknown if any is unknown, else false."""

    items: tuple[Node, ...]
    span: Span = NOWHERE
    type: Type = BOOL


@dataclass(frozen=True, slots=True)
class Beside:
    """Whether enough other rows stand beside the row at hand in time: what signals are made of.

    It is one of the conjuncts of an aggregate's `where`, never deeper. It counts the rows of `table` for
    which `where` is true (None: all), whose `date` column is known and lies from `day` + `first` to `day` +
    `last` days, both included, `day` being a column of the row at hand, and whose value in each of the
    columns `same` is known and equals the row at hand's. The row at hand does not count itself. It is true
    when `needed` or more are found, with `needed` 0 when none is; a row whose `day` is unknown does not
    count in its aggregate. An aggregate is unknown where `table` is lacking in the book.
    RowColumn nodes in `where` are of `table`.
    """

    table: str
    where: Node | None
    date: str
    day: str
    first: int
    last: int
    same: tuple[str, ...]
    needed: int
    span: Span = NOWHERE
    type: Type = BOOL


@dataclass(frozen=True, slots=True)
class Not:
    """Kleene not: unknown stays unknown."""

    item: Node
    span: Span = NOWHERE
    type: Type = BOOL


Node = (
    Constant
    | AsOf
    | AccountColumn
    | RowColumn
    | StepValue
    | Aggregate
    | OfBook
    | Arithmetic
    | Negate
    | Call
    | PluginCall
    | If
    | Compare
    | Among
    | IsUnknown
    | And
    | Or
    | Not
    | Beside
)
