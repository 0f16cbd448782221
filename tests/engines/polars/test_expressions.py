"""What the batch engine's trees mean in Polars is what they mean in DuckDB."""

from __future__ import annotations

import datetime

import duckdb
import polars as pl
import pytest
from sqlglot import exp, parse_one

from kamrules.engines.polars.expressions import Expressions
from kamrules.engines.polars.lists import largest_of
from kamrules.engines.polars.unsaid import Unsaid
from kamrules.engines.sql.showing import endings, lay_endings, shown
from kamrules.engines.sql.tree import column, sql
from kamrules.expression.types import Kind, Type

NUMBERS = (
    0.0, 0.05, 0.1, 0.5, 0.95, 1.0, 1.5, 2.5, 9.95, 33.3, 99.95, 100.0, 999.4, 999.5, 1000.0, 1234.5, 73475.0,
    999_999.4, 999_999.5, 1e6, 12_345_678.9, 1e9, 987_654_321_012.0, 1e15, 9e15, 1e17, 9.9e17, 1e18, 1e22,
)  # fmt: skip
DAYS = tuple(
    datetime.date.fromisoformat(each)
    for each in ("0001-01-01", "0999-12-31", "1969-12-31", "1970-01-01", "2026-02-28", "9999-12-31")
)
SHOWN = (Kind.MONEY, Kind.NUMBER, Kind.INTEGER, Kind.SHARE, Kind.SCORE, Kind.DATE)
PLACE = "CAST(floor(least(abs(x), 9e0)) AS bigint)"
MANY = [f"CASE WHEN x > {each}e0 THEN 'p{each}' END" for each in range(25)]
TEXT = "'"
STEPS = range(99, 0, -1)
TREES = (
    "x / 1000e0", "x / (3e0)", "x / nullif(y, 0e0)", "floor(x * 1000e0 + 0.5e0)", "round(x * 10e0)",
    "least(x, y, 5e0)", "greatest(x, 1e0)", "coalesce(x, y, 7e0)", "CASE WHEN x > y THEN x ELSE y END",
    "CASE WHEN isfinite(x * 1e300 * 1e300) THEN 1e0 END", "x IN (1e0, 33.3e0)", "NOT x > 1e0",
    "x > 1e0 AND y > 1e0", "x > 1e0 OR y > 1e0", "NOT (x IS NULL)", "-x", "abs(y - x)",
    "CASE WHEN x > 5e0 THEN 'much' WHEN x > 1e0 THEN 'some' END",
    "CASE CASE WHEN x > 5e0 THEN 'a' ELSE 'b' END WHEN 'a' THEN 1e0 WHEN 'c' THEN 2e0 END",
    "CASE WHEN x > 5e0 THEN 'up:a' ELSE 'stayed' END IN ('up:a', 'held')",
    "left(CASE WHEN x > 5e0 THEN 'up:a' ELSE 'stayed' END, 3)",
    "left(CASE WHEN x > 5e0 THEN 'up:a' WHEN x > 1e0 THEN 'down' ELSE 'up:b' END, 2)",
    "substr(CASE WHEN x > 5e0 THEN 'up:abc' ELSE 'stayed' END, 4)",
    "concat('<', CASE WHEN x > 5e0 THEN 'ä' END, '>')",
    "concat_ws(', ', CASE WHEN x > 5e0 THEN 'a' END, CASE WHEN y > 5e0 THEN NULL ELSE 'b' END)",
    f"concat_ws(', ', {', '.join(MANY)})",
    f"CASE {' '.join(f'WHEN x > {each}e0 THEN {each}e0 + y' for each in STEPS)} ELSE -1e0 END",
    f"CASE {' '.join(f'WHEN x > {each}e0 THEN {TEXT}{each % 40}{TEXT}' for each in STEPS)} END",
    f"list_extract(['a', 'b', 'a'], {PLACE})",
    f"list_extract([1e0, 2e0], {PLACE})",
    f"CASE {PLACE} WHEN 0 THEN 'none' WHEN 1 THEN concat('one', 'more') END",
)  # fmt: skip
"""Of columns `x` and `y`; each row has them at other numbers, or not at all."""


CALLS = (exp.Abs, exp.Coalesce, exp.Concat, exp.ConcatWs, exp.Floor, exp.Greatest, exp.Least, exp.Left,
         exp.Nullif, exp.Round, exp.Substring)  # fmt: skip
NAMES = {exp.ConcatWs: "concat_ws", exp.Substring: "substr"}


def tree_of(written):
    """Return SQL as a tree like those of the engine, which has all functions by their names."""

    def called(node):
        if not isinstance(node, CALLS):
            return node
        given = [node.args.get(each) for each in ("this", "expression", "start", "expressions")]
        arguments = []
        for each in given:
            arguments += each if isinstance(each, list) else [each] if each is not None else []
        name = NAMES.get(type(node), type(node).__name__.casefold())
        return exp.Anonymous(this=name, expressions=arguments)

    def lower(node):
        if isinstance(node, exp.Anonymous):
            node.set("this", node.name.casefold())
        return node

    tree = parse_one(written, dialect="duckdb")
    for node in reversed(list(tree.walk())):
        made = lower(called(node))
        if node is tree:
            tree = made
        elif made is not node:
            node.replace(made)
    return tree


def held():
    """Return a frame with every pair of numbers, and none."""
    some = [None, *NUMBERS, *(-each for each in NUMBERS)]
    return pl.DataFrame(
        {
            "x": [one for one in some for _ in some],
            "y": [other for _ in some for other in some],
        }
    )


def both(tree, frame):
    """Return what a tree comes to in DuckDB and in Polars."""
    with duckdb.connect() as connection:
        lay_endings(connection)
        connection.register("held", frame)
        theirs = connection.execute(f"SELECT {sql(tree)} FROM held").fetchall()
    say = Expressions(endings())
    ours = frame.lazy().select(found=say.said(tree)).collect(engine="streaming")
    return [each for (each,) in theirs], ours["found"].to_list()


@pytest.mark.parametrize("written", TREES)
def test_trees_come_to_the_same(written):
    theirs, ours = both(tree_of(written), held())
    assert ours == theirs


@pytest.mark.parametrize("kind", SHOWN)
def test_values_are_shown_alike(kind):
    frame = pl.DataFrame({"x": [None, *NUMBERS, *(-each for each in NUMBERS)]})
    if kind is Kind.DATE:
        zero = datetime.date(1970, 1, 1)
        frame = pl.DataFrame({"x": [None, *(float((each - zero).days) for each in DAYS), 1e7]})
    theirs, ours = both(shown(column("x"), Type(kind), "en"), frame)
    assert ours == theirs


@pytest.mark.parametrize("count", [1, 255, 256, 257, 300])
def test_words_are_written_as_their_texts_however_many_there_are(count):
    branches = " ".join(f"WHEN x > {each}e0 THEN 'w{each}'" for each in range(count - 1, -1, -1))
    tree = tree_of(f"CASE {branches} END")
    frame = pl.DataFrame({"x": [None, *(each + 0.5 for each in range(-1, count))]})
    theirs, ours = both(tree, frame)
    assert ours == theirs == [None, None, *(f"w{each}" for each in range(count))]
    words = Expressions({}).words(tree)
    assert words is not None
    assert frame.select(found=words.member())["found"].cast(pl.String).to_list() == theirs


def test_a_single_row_is_divided_as_exactly_as_many():
    frame = pl.DataFrame({"x": [73475.0]})
    assert both(tree_of("x / 1000e0"), frame) == ([73.475], [73.475])


@pytest.mark.parametrize(
    "written",
    ["sha256(x)", "CAST(x AS decimal(10, 2))", "TRY_CAST(x AS bigint)", "x COLLATE nocase"],
)
def test_what_polars_has_no_words_for_is_refused(written):
    with pytest.raises(Unsaid):
        Expressions({}).said(tree_of(written))


def test_a_list_that_is_written_in_order_is_known_to_be():
    keys = "[CASE WHEN x THEN {0} END, CASE WHEN y THEN {1} END]"
    written = f"list_aggregate(CAST({keys} AS BIGINT[]), 'max', {{2}})"
    orders = {(2, 1, 2): True, (1, 2, 2): False, (2, 1, 1): False}
    for values, expected in orders.items():
        largest = largest_of(tree_of(written.format(*values)))
        assert largest is not None
        assert largest.is_in_order is expected
