"""Frames give rows to the largest of many keys in order, however few or many they are and are wanted."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kamrules.engines.polars.expressions import Expressions
from kamrules.engines.polars.frames import Frame
from kamrules.engines.sql.output import Output
from kamrules.engines.sql.tree import call, column, whole
from tests.engines.polars.test_expressions import tree_of

MOST = 2**31 - 1
KEYS = st.lists(
    st.lists(st.none() | st.integers(0, MOST), min_size=3, max_size=3), min_size=1, max_size=40
)


def frame_of(columns, count, *, short):
    """Return a frame with a key for each column and the list of the largest, as the engine lays them."""
    held = pl.LazyFrame({f"c{n}": each for n, each in enumerate(columns)}, schema_overrides={
        f"c{n}": pl.Float64 for n in range(len(columns))}).with_row_index("line")  # fmt: skip
    keys = [(f"key{n}", tree_of(f"CASE WHEN NOT (c{n} IS NULL) THEN CAST(floor(c{n} * 1e0) AS bigint) END"))
            for n in range(len(columns))]  # fmt: skip
    names = ", ".join(name for name, _ in keys)
    largest = tree_of(f"list_aggregate(CAST([{names}] AS BIGINT[]), 'max', {count})")
    frame = Frame(held, Expressions({}), short=short)
    frame.add([keys, [("chosen", largest)]])
    return frame


@given(KEYS, st.integers(1, 12), st.integers(1, 40), st.booleans())
@example([[place, None, 40 - place] for place in range(12)], 10, 9, True)  # noqa: FBT003
def test_the_largest_keys_become_rows_in_order(columns, count, other, short):
    frame = frame_of(columns, count, short=short)
    names = ", ".join(f"key{n}" for n in range(len(columns)))
    frame.add([[("held", tree_of(f"list_aggregate(CAST([{names}] AS BIGINT[]), 'max', {other})"))]])
    read = {"best": "list_extract(chosen, 1)", "none": "chosen IS NULL", "nothing": "held IS NULL"}
    frame.add([[(name, tree_of(each)) for name, each in read.items()]])
    nothing = tree_of("CAST([] AS BIGINT[])")
    lists = [call("coalesce", column(each), nothing.copy()) for each in ("chosen", "held")]
    both = call("list_concat", *lists)
    storey = {
        "key": call("unnest", both),
        "place": call("generate_subscripts", both.copy(), whole(1)),
        "kept": call("coalesce", call("len", column("chosen")), whole(0)),
    }
    beside = (*storey, "line", *read)
    output = Output(
        tuple((name, column(name)) for name in beside),
        (tuple(storey.items()),),
    )
    found = frame.table(output, {}).collect().rows(named=True)
    wanted = []
    for line, of in enumerate(zip(*columns, strict=True)):
        falling = sorted((each for each in of if each is not None), reverse=True)
        kept, held = falling[:count], falling[:other]
        first = {"best": kept[0] if kept else None, "none": not kept, "nothing": not held}
        wanted += [
            {"key": key, "place": place, "kept": len(kept), "line": line, **first}
            for place, key in enumerate(kept + held, start=1)
        ]
    assert found == wanted
    counts = frame.lazy.select(frame.lists["chosen"].count.alias("n")).collect()["n"].to_list()
    assert counts == [
        min(count, sum(each is not None for each in of)) for of in zip(*columns, strict=True)
    ]


@pytest.mark.parametrize("short", [True, False])
def test_keys_are_unknown_to_whoever_else_reads_them(short):
    frame = frame_of([[7, None], [None, 0]], 1, short=short)
    read = {
        "known": "NOT (key0 IS NULL)",
        "unknown": "key0 IS NULL",
        "value": "key1",
        "either": "coalesce(key0, key1)",
        "both": "key0 + key1",
    }
    made = frame.lazy.select(**{name: frame.said(tree_of(each)) for name, each in read.items()})
    assert made.collect().to_dict(as_series=False) == {
        "known": [True, False],
        "unknown": [False, True],
        "value": [None, 0],
        "either": [7, 0],
        "both": [None, None],
    }
