"""What comes out of Parquet, JSON lines and tables in memory."""

from __future__ import annotations

import datetime
import enum
import json
import math
import subprocess
import sys
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamrules.book import Book
from kamrules.diagnostics import DataError
from tests.adapters.opening import PLUGINS, data, fetched, left_out, opened

DAY = datetime.date(2026, 1, 31)


def types(rows):
    return dict(zip(rows.columns, map(str, rows.types), strict=True))


def held(rows, connection=None):
    """Return a table in memory, opened."""
    table = Book.of({"accounts": rows}).accounts
    return PLUGINS.open_source(table, connection or duckdb.connect()).rows


def test_parquet_keeps_its_types(tmp_path):
    query = "SELECT 1::BIGINT AS n, 0.1::DOUBLE AS f, DATE '2026-01-31' AS d, 'é' AS t, true AS b"
    duckdb.sql(query).write_parquet(str(tmp_path / "orders.parquet"))
    rows = data(opened(tmp_path, "parquet:orders.parquet"))
    kinds = {"n": "BIGINT", "f": "DOUBLE", "d": "DATE", "t": "VARCHAR", "b": "BOOLEAN"}
    assert types(rows) == kinds
    assert rows.fetchall() == [(1, 0.1, DAY, "é", True)]


def test_parquet_files_are_matched_by_the_names_of_their_columns(tmp_path):
    duckdb.sql("SELECT 1 AS a, 'x' AS b").write_parquet(str(tmp_path / "p1.parquet"))
    duckdb.sql("SELECT 'y' AS b, 2 AS a").write_parquet(str(tmp_path / "p2.parquet"))
    assert fetched(tmp_path, "parquet:p*.parquet") == [(1, "x"), (2, "y")]


def test_lines_of_parquet_files_are_counted_in_their_order(tmp_path):
    for name in ("p1", "p2"):
        duckdb.sql("SELECT 1 AS a FROM range(3)").write_parquet(str(tmp_path / f"{name}.parquet"))
    rows = opened(tmp_path, "parquet:p*.parquet")
    lines = [line for _, line in rows.rows.fetchall()]
    assert lines == sorted(set(lines))


def test_no_rows_in_memory_are_an_empty_table():
    rows = held([])
    assert (rows.columns, rows.fetchall()) == (["account_id"], [])


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    (tmp_path / "orders.parquet").write_text("a,b\n1,2\n" * 9)
    with pytest.raises(DataError, match=r"`orders\.parquet` cannot be read as Parquet: ") as told:
        opened(tmp_path, "parquet:orders.parquet")
    assert told.value.diagnostics[0].code == "KR623"


@pytest.mark.parametrize("scheme", ["csv", "parquet", "jsonl"])
def test_a_missing_file_is_told_with_the_nearest_one(scheme, tmp_path):
    (tmp_path / "orders.csv").write_text("a\n")
    with pytest.raises(DataError, match=r"there is no file `ordres\.csv`") as told:
        opened(tmp_path, f"{scheme}:ordres.csv")
    (one,) = told.value.diagnostics
    assert (one.code, one.help, told.value.exit_status) == (
        "KR622",
        "did you mean `orders.csv`?",
        4,
    )


def test_what_is_no_file_is_told(tmp_path):
    (tmp_path / "orders").mkdir()
    for location, part in [("orders", "holds no file"), ("o*.csv", "no file that"), ("", "no file is named"),
                           ("a\0b", "no file"), ("htps://example.com/a.csv", "no file system")]:  # fmt: skip
        with pytest.raises(DataError, match=part):
            opened(tmp_path, f"csv:{location}")


def test_a_missing_file_of_a_book_file_is_told_at_its_place(tmp_path):
    (tmp_path / "book.toml").write_text('[table.accounts]\nfrom = "csv:acounts.csv"\n')
    table = Book.read(tmp_path / "book.toml").accounts
    with pytest.raises(DataError) as told:
        PLUGINS.open_source(table, duckdb.connect())
    place = told.value.diagnostics[0].place
    assert (place.line, place.column) == (2, 8)


def test_sources_without_options_take_none(tmp_path):
    for scheme in ("parquet", "jsonl"):
        with pytest.raises(DataError, match=f"source `{scheme}` has no option `encoding`"):
            opened(tmp_path, f"{scheme}:orders.csv", options={"encoding": "utf-8"})


def lines(folder, *texts):
    (folder / "orders.jsonl").write_text("\n".join(texts) + "\n", encoding="utf-8")
    return "jsonl:orders.jsonl"


def test_json_keeps_the_types_on_which_the_values_of_a_key_agree(tmp_path):
    uri = lines(
        tmp_path,
        '{"n": 1, "f": 0.1, "b": true, "t": "2026-01-31", "mixed": 1, "deep": {"a": [1]}}',
        "",
        '{"n": -2, "f": 3, "b": null, "mixed": "x", "a/~b": "é", "big": 18446744073709551615}',
    )
    rows = opened(tmp_path, uri).rows
    assert list(types(rows).values()) == (
        ["HUGEINT", "DOUBLE", "BOOLEAN", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR", "HUGEINT"]
    )
    assert rows.columns[-2:] == ["a/~b", "big"]
    assert fetched(tmp_path, uri) == [
        (1, 0.1, True, "2026-01-31", "1", '{"a":[1]}', None, None),
        (-2, 3.0, None, None, "x", None, "é", 18446744073709551615),
    ]


def test_lines_that_are_no_objects_are_told(tmp_path):
    uri = lines(tmp_path, '{"a": 1}', '{"a": 2', "[1]", "null", '{"a": 3}{"a": 4}', '{"a": 5}')
    assert opened(tmp_path, uri).rows.fetchall() == [(1,), (5,)]
    ((count, message, examples),) = left_out(tmp_path, uri)
    assert (count, message) == (4, "the line is not a JSON object")
    assert examples[0] == 'orders.jsonl:2: {"a": 2'


def test_an_empty_json_file_is_a_table_without_rows(tmp_path):
    (tmp_path / "orders.jsonl").write_text("")
    assert fetched(tmp_path, "jsonl:orders.jsonl") == []


TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=9)
PLAIN = (
    st.none()
    | st.text(max_size=5)
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.dates()
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from("abc"), TEXT | st.none(), min_size=1),
        min_size=1,
        max_size=6,
    )
)
def test_texts_in_json_lines_come_back_as_they_were(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("json")
    lines(folder, *(json.dumps(row, ensure_ascii=False) for row in rows))
    found = opened(folder, "jsonl:orders.jsonl").rows
    names = found.columns
    assert found.fetchall() == [tuple(row.get(name) for name in names) for row in rows]


def test_a_list_of_dicts_keeps_types_and_exact_values():
    class Rating(enum.StrEnum):
        GOLD = "gold"

    time = datetime.datetime(2026, 1, 31, 12, 30, 0, 5)  # noqa: DTZ001
    rows = held([
        {"account_id": 'A\x00"\n,é', "i": 5, "f": 0.1, "d": DAY, "time": time, "b": True, "m": 1,
         "dec": Decimal("1.10"), "big": 2**70, "mixed": 1, "e": Rating.GOLD, "empty": ""},
        {"account_id": "B", "i": None, "f": math.inf, "m": 2.5, "mixed": "x", "dec": Decimal("1e3")},
    ])  # fmt: skip
    kinds = types(rows)
    assert [kinds[each] for each in ("i", "f", "d", "time", "b", "m")] == (
        ["BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "BOOLEAN", "DOUBLE"]
    )
    assert rows.fetchall() == [
        ('A\x00"\n,é', 5, 0.1, DAY, time, True, 1.0, "1.10", str(2**70), "1", "gold", ""),
        ("B", None, math.inf, None, None, None, 2.5, "1000", None, "x", None, None),
    ]


@settings(max_examples=60, deadline=None)
@given(values=st.lists(PLAIN, min_size=1, max_size=5))
def test_no_value_in_memory_is_lost_or_changed_but_into_its_text(values):
    found = [
        value for _, value in held([{"account_id": "A", "v": value} for value in values]).fetchall()
    ]
    for value, back in zip(values, found, strict=True):
        if isinstance(back, str) and not isinstance(value, str):
            texts = {"True": "true", "False": "false"}
            assert back == texts.get(str(value), str(value))
        elif isinstance(value, float) and math.isnan(value):
            assert math.isnan(back)
        else:
            assert back == value or (isinstance(value, str) and not value.isprintable())


def test_a_value_that_is_no_plain_one_is_refused():
    with pytest.raises(
        DataError, match=r"`tags` in row 2 of table `accounts` is `\['x'\]`, of type list"
    ):
        held([{"account_id": "A"}, {"account_id": "B", "tags": ["x"]}])


def test_no_rows_in_memory_are_a_table_without_rows():
    assert held([]).fetchall() == []


class Capsule:
    """Exports an Arrow stream and nothing else, as tables of many libraries do."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def test_arrow_objects_are_scanned_as_often_as_wanted():
    table = pa.table({"account_id": ["A", "B"], "n": [1, None]})
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
    for form in (table, Capsule(table), reader):
        rows = held(form)
        assert rows.fetchall() == rows.fetchall() == [("A", 1), ("B", None)]
        assert rows.filter("n = 1").fetchall() == [("A", 1)]


def test_tables_in_memory_need_no_arrow_library():
    code = """
import sys
sys.modules["pyarrow"] = None
import duckdb
from kamrules import Book
from kamrules.plugins import open_source
rows = open_source(Book.of({"accounts": [{"account_id": "A", "n": 1}]}).accounts, duckdb.connect()).rows
assert rows.fetchall() == [("A", 1)]
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
