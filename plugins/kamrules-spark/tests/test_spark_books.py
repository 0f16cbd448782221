"""What Spark makes of a book's tables is what the built-in engine makes of them, bad values included."""

from __future__ import annotations

import csv
import itertools
from decimal import Decimal

import duckdb
import pytest
from kamrules import compile_ruleset, load_ruleset
from kamrules.book import Book
from kamrules.diagnostics import DataError
from kamrules.engines.sql import inspect_book
from kamrules.engines.sql.connecting import connect
from kamrules.engines.sql.inspecting import facts_read
from kamrules.engines.sql.staging import stage
from kamrules.engines.sql.tree import column, rows_of, sql
from kamrules.plugins import open_source

RULES = """
[ruleset]
name = "columns"
version = "1"
[table.accounts.column]
name = { type = "text" }
money = { type = "money" }
thousands = { type = "money" }
number = { type = "number" }
integer = { type = "integer" }
share = { type = "share" }
date = { type = "date" }
written = { type = "date" }
short = { type = "date" }
named = { type = "date" }
bool = { type = "bool" }
choice = { type = "choice", choices = ["a", "b b", "é"] }
mapped = { type = "choice", choices = ["a", "b b", "é"] }
fixed = { type = "integer" }
[table.orders.column]
amount = { type = "money" }
day = { type = "date" }
"""
BOOK = """
[table.accounts]
from = "csv:accounts.csv"
account = "key"
only = { state = ["on", ""] }
[table.accounts.column]
thousands = { column = "money", times = 1000 }
written = { column = "written", format = "%d.%m.%Y" }
short = { column = "short", format = "%d/%m/%y" }
named = { column = "named", format = "%d %B %Y" }
mapped = { column = "choice", values = { A = "a", z = "b b" }, unknown = ["b b"] }
fixed = { constant = 7 }
[table.orders]
from = "csv:orders.csv"
"""
NUMBERS = (
    "1", "-1", "+1", "1.", ".5", "1e3", "1E-5", "0.00005", "-0.00005", "0.000049999", "12345678901234.5",
    "99999999999999.99994", "99999999999999.99995", "999999999999999999", "1_000", "1,5", "nan", "inf",
    "-Infinity", "5d", "0x10", "  7 ", "\t7", "١", "--1", "1e400", "1e-400", "", "   ", "1 2", "0.1e1",
    "123456789012345678901234567890", "-0", "-0.0", "1.7976931348623157e308", "007", "1e+3", "1e", "2.5",
    "-2.5", "0.5", "1.5", "3.00005", "3.00015",
)  # fmt: skip
DATES = (
    "2026-01-31", "2026-1-3", "2026-02-30", "0001-01-01", "9999-12-31", "10000-01-01", "0000-01-01",
    "2026-01-31 10:00", "2026-01-31T10:00:00Z", "2026-01-31 garbage", "2026-01-31T", "31.01.2026",
    " 2026-01-31 ", "20260131", "2026-01-31 25:00:00", "2026-01", "", "-2026-01-01",
    "2026-01-31 10:00:00.123456", "2026-01-31 23:59:60", "+2026-01-01", "2024-02-29", "2023-02-29",
)  # fmt: skip
WRITTEN = (
    "31.01.2026", "1.2.2026", "31.2.2026", "31.01.26", " 31.01.2026 ", "31-01-2026", "", "0.1.2026",
    "31.13.2026", "31.01.2026 10:00", "01.01.0001", "01.01.9999", "29.02.2024", "29.02.2023",
)  # fmt: skip
SHORT = ("31/01/26", "1/2/68", "1/2/69", "1/2/99", "1/2/00", "31/01/2026", "", "x")
NAMED = ("31 January 2026", "1 FEBRUARY 2026", "3 may 2026", "3 Mai 2026", "31 February 2026", "")
BOOLS = (
    "true",
    "TRUE",
    "Yes",
    "1",
    "t",
    "y",
    "false",
    "no",
    "0",
    "f",
    "n",
    "x",
    "",
    "  yes ",
    "\ttrue",
)
CHOICES = ("a", "b b", "é", "A", "a ", "", "z", "e\u0301")


def given():
    """Return rows that together hold every strange value."""
    columns = (NUMBERS, DATES, WRITTEN, SHORT, NAMED, BOOLS, CHOICES)
    for place, cells in enumerate(itertools.zip_longest(*columns, fillvalue="")):
        number, date, written, short, named, true, choice = cells
        yield {
            "key": f"K{place:03}", "name": f" n{place}\u00a0" if place % 3 else "", "money": number,
            "number": number, "integer": number, "share": number, "date": date, "written": written,
            "short": short, "named": named, "bool": true, "choice": choice,
            "state": ("on", "", "off")[place % 5 % 3],
        }  # fmt: skip


def write(path, rows):
    rows = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def folder(tmp_path):
    rows = list(given())
    twice = [{**rows[1], "name": "twice"}, {**rows[1], "name": "thrice"}, {**rows[0], "key": ""}]
    write(tmp_path / "accounts.csv", [*rows, *twice])
    write(
        tmp_path / "orders.csv",
        [
            {"account_id": "K001", "amount": "1.5", "day": "2026-01-31"},
            {"account_id": "", "amount": "1", "day": ""},
            {"account_id": "K999", "amount": "1", "day": ""},
            {"account_id": "K998", "amount": "much", "day": "never"},
        ],
    )
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    (tmp_path / "book.toml").write_text(BOOK, encoding="utf-8")
    return tmp_path


def program_of(folder):
    return compile_ruleset(load_ruleset(folder / "rules.toml"))


def staged_by_spark(spark, program, book, **own):
    """Return the frames and the quality of every table."""
    from kamrules_spark.quality import account_quality, related_quality
    from kamrules_spark.reading import opened
    from kamrules_spark.staging import staged

    frames, told = {}, {}
    for name, table in book.tables.items():
        words = program.tables[name]
        one = staged(
            opened(spark, table, {"csv.multiline": "true", **own}), table, words, words.columns
        )
        if name == "accounts":
            frames[name], told[name] = account_quality(one, words)
        else:
            frames[name] = one.rows
            told[name] = related_quality(one, words, frames["accounts"])
    return frames, told


def facts_by_duckdb(program, book):
    """Return every account's facts as the built-in engine reads them; of several rows the first."""
    words = program.tables["accounts"]
    connection, folder = connect(None, None, None)
    with folder:
        staged = stage(connection, book.accounts, words, list(words.columns), open_source, 0)
        items, as_facts = facts_read(staged, words)
        select = rows_of(staged.relation).select(column("account_id"), *items, copy=False)
        select = select.where(staged.usable, copy=False).order_by(column(staged.line), copy=False)
        found = {}
        for key, *values in connection.execute(sql(select)).fetchall():
            found.setdefault(key, as_facts(values))
        connection.close()
    return found


def assert_equal_facts(program, book, frame):
    """Raise AssertionError unless every account has the facts that the built-in engine reads."""
    rows = {each["account_id"]: each.asDict() for each in frame.collect()}
    expected = facts_by_duckdb(program, book)
    assert rows.keys() == expected.keys()
    for key, row in rows.items():
        theirs = {
            name: value for name, value in row.items() if value is not None and name != "account_id"
        }
        ours = {name: value for name, value in expected[key].items() if name in row}
        assert ours.keys() == theirs.keys(), key
        for name, value in ours.items():
            exact = isinstance(value, Decimal | int | float) and not isinstance(value, bool)
            assert (Decimal(value) if exact else value) == theirs[name], (key, name)


def test_values_of_csv_are_read_alike_and_what_is_wrong_with_them_is_told_alike(spark, folder):
    program, book = program_of(folder), Book.read(folder / "book.toml")
    frames, told = staged_by_spark(spark, program, book)
    quality = inspect_book(program, book, open_source=open_source).quality
    assert [each.as_json() for each in told.values()] == [each.as_json() for each in quality.tables]
    assert_equal_facts(program, book, frames["accounts"])


def test_typed_columns_of_parquet_are_read_alike(spark, folder):
    """Doubles, decimals, whole numbers of every size, dates, times with and without a zone, truths."""
    path = folder / "accounts.parquet"
    duckdb.sql(
        """
        SELECT 'K' || row_number() OVER () AS account_id, * FROM (VALUES
          (1.00005::DOUBLE, 1.5::DECIMAL(10, 2), 7::TINYINT, 'nan'::DOUBLE, DATE '2026-01-31',
           TIMESTAMPTZ '2026-01-31 23:30:00+00', TIMESTAMP '2026-01-31 23:30:00', true),
          (-2.5, 99999999.99, -7, 'inf', DATE '0001-01-01', TIMESTAMPTZ '2026-01-31 12:00:00+00',
           TIMESTAMP '1969-12-31 00:00:00', false),
          (123456789012345.678, -1.005, 127, 0.1234565, DATE '9999-12-31',
           TIMESTAMPTZ '1969-12-31 23:59:59.999999+00', TIMESTAMP '0001-01-01 00:00:00', NULL),
          (0.000049999999999999996, 0, NULL, -0.0, NULL, NULL, NULL, NULL),
          (12345678.5, 0, 1, 1e-7, NULL, NULL, NULL, NULL),
          (1e300, 0.01, 0, 1e15, DATE '1970-01-01', TIMESTAMPTZ '1970-01-01 00:00:00+00',
           TIMESTAMP '9999-12-31 23:59:59', true)
        ) t(money, thousands, integer, share, date, written, short, bool)
        """
    ).write_parquet(str(path))
    (folder / "book.toml").write_text(
        '[table.accounts]\nfrom = "parquet:accounts.parquet"\n[table.accounts.column]\n'
        'number = { column = "money", times = 0.001 }\n'
        'thousands = { column = "thousands", times = 1000 }\nname = "money"\nmapped = "integer"\n',
        encoding="utf-8",
    )
    program, book = program_of(folder), Book.read(folder / "book.toml")
    frames, told = staged_by_spark(spark, program, book)
    quality = inspect_book(program, book, open_source=open_source).quality
    wanted = quality.tables[0].as_json()
    assert told["accounts"].as_json() == wanted
    assert_equal_facts(program, book, frames["accounts"])


def test_the_first_row_of_an_account_is_kept_over_several_files(spark, folder):
    (folder / "many").mkdir()
    for number in range(3):
        duckdb.sql(
            f"SELECT 'K' || (i % 4) AS account_id, 'file {number} row ' || i AS name FROM range(8) t(i)"
        ).write_parquet(str(folder / "many" / f"{number}.parquet"))
    text = '[table.accounts]\nfrom = "parquet:many"\n'
    (folder / "book.toml").write_text(text, encoding="utf-8")
    program, book = program_of(folder), Book.read(folder / "book.toml")
    frames, told = staged_by_spark(spark, program, book)
    found = {each["account_id"]: each["name"] for each in frames["accounts"].collect()}
    assert found == {f"K{each}": f"file 0 row {each}" for each in range(4)}
    assert told["accounts"].rows_left_out == 20


def test_cells_with_line_ends_and_quotes_are_read_and_broken_lines_are_told(spark, folder):
    (folder / "accounts.csv").write_text(
        'account_id;name;money\nK1;"two\nlines, ""quoted""";5\nK2;short\nK3;too;1;many\n\nK4;"";7\n',
        encoding="utf-8",
    )
    text = '[table.accounts]\nfrom = "csv:accounts.csv"\n'
    (folder / "book.toml").write_text(text, encoding="utf-8")
    program, book = program_of(folder), Book.read(folder / "book.toml")
    frames, told = staged_by_spark(spark, program, book)
    found = {each["account_id"]: each["name"] for each in frames["accounts"].collect()}
    assert found == {"K1": 'two\nlines, "quoted"', "K4": None}
    quality = inspect_book(program, book, open_source=open_source).quality.tables[0]
    ours = told["accounts"]
    assert (ours.rows_read, ours.rows_kept) == (quality.rows_read, quality.rows_kept)
    assert [each.code for each in ours.problems] == ["KR647"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('from = "sqlite:crm.db?table=a"', "and not `sqlite:crm.db?table=a`"),
        ('from = "xlsx:crm.xlsx"', "and not `xlsx:crm.xlsx`"),
        ('from = "csv:accounts.csv"\noptions = { decimal = "," }', "option `decimal`"),
        (
            'from = "csv:accounts.csv"\naccount = "key"\ncolumn.date = { format = "%Y-%m-%d%z" }',
            "UTC",
        ),
    ],
    ids=["database", "workbook", "decimal comma", "time zone"],
)
def test_what_spark_cannot_read_is_refused_with_a_way_out(spark, folder, text, says):
    (folder / "book.toml").write_text(f"[table.accounts]\n{text}\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        staged_by_spark(spark, program_of(folder), Book.read(folder / "book.toml"))
    (told,) = caught.value.diagnostics
    assert told.code == "KR894"
    assert says in told.message
    assert "--engine duckdb" in told.help


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('from = "csv:nowhere.csv"', "KR895"),
        ('from = "csv:accounts.csv"', "KR850"),
        ('from = "csv:accounts.csv"\naccount = "key"\ncolumn.name = "nam"', "KR851"),
    ],
    ids=["no file", "no account", "no column"],
)
def test_what_is_not_there_is_told_with_the_place_in_the_book_file(spark, folder, text, code):
    (folder / "book.toml").write_text(f"[table.accounts]\n{text}\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        staged_by_spark(spark, program_of(folder), Book.read(folder / "book.toml"))
    (told,) = caught.value.diagnostics
    assert told.code == code
    assert told.place is not None
