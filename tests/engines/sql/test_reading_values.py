"""Cells of a csv file and columns of any type become the values that the book's owner meant."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from kamrules.book import Book
from kamrules.engines.sql import read_account
from tests.engines.sql.scene import OPEN, csv_book, problems, program, told

pytestmark = pytest.mark.usefixtures("each_engine")


def kept(folder, column, cell):
    book = csv_book(folder, accounts=f'account_id,{column}\nA,"{cell}"\n')
    return read_account(program(column), book, "A", open_source=OPEN).get(column)


NUMBERS = [
    ("money", "1234.5", "1234.5000"),
    ("money", "0.1", "0.1000"),
    ("money", "-0.00005", "-0.0001"),
    ("money", "0.00005", "0.0001"),
    ("money", "0.00004999999999999999999999", "0.0000"),
    ("money", "99999999999999.9999", "99999999999999.9999"),
    ("money", "  7 ", "7.0000"),
    ("money", "+.5", "0.5000"),
    ("money", "5.", "5.0000"),
    ("money", "1e3", "1000.0000"),
    ("money", "1.00005E0", "1.0001"),
    ("money", "123456789012.34565e2", "12345678901234.5650"),
    ("money", "12345678901234567e-4", "1234567890123.4567"),
    ("share", "0.2000005", "0.200001"),
    ("number", "2.0000015", "2.000002"),
    ("whole", "2.5", "3"),
    ("whole", "-2.5", "-3"),
    ("whole", "999999999999999999", "999999999999999999"),
]


@pytest.mark.parametrize(("column", "cell", "expected"), NUMBERS)
def test_a_number_is_read_exactly_and_halves_go_away_from_zero(tmp_path, column, cell, expected):
    assert kept(tmp_path, column, cell) == Decimal(expected)


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("money", "1,000", "KR643"),
        ("money", "1_000", "KR643"),
        ("money", "1 000", "KR643"),
        ("money", "€5", "KR643"),
        ("money", "5-", "KR643"),
        ("money", "1e", "KR643"),
        ("money", "0x10", "KR643"),
        ("money", "99999999999999.99995", "KR646"),
        ("money", "inf", "KR646"),
        ("money", "NaN", "KR646"),
        ("whole", "1e18", "KR646"),
        ("yes", "maybe", "KR643"),
        ("yes", "2", "KR643"),
        ("level", "Gold", "KR644"),
        ("level", " gold", "KR644"),
        ("day", "2026-02-30", "KR645"),
        ("day", "30.06.2026", "KR645"),
        ("day", "20260630", "KR645"),
        ("day", "2026-06-30 noon", "KR645"),
        ("day", "0000-01-01", "KR645"),
        ("day", "10000-01-01", "KR645"),
    ],
)
def test_what_is_no_value_is_unknown_and_told_of(tmp_path, column, cell, code):
    book = csv_book(tmp_path, accounts=f'account_id,{column}\nA,"{cell}"\n')
    assert problems(book, column) == [("accounts", code, column, 1, (cell,))]
    assert told(book, column) == {"A": "unknown"}


@pytest.mark.parametrize("column", ["money", "whole", "yes", "day", "level", "name"])
def test_an_empty_cell_is_unknown_and_no_problem(tmp_path, column):
    book = csv_book(tmp_path, accounts=f"account_id,{column}\nA,\n")
    assert problems(book, column) == []
    assert told(book, column) == {"A": "unknown"}


@pytest.mark.parametrize("column", ["money", "whole", "yes", "day"])
def test_a_cell_of_blanks_is_unknown_and_no_problem(tmp_path, column):
    book = csv_book(tmp_path, accounts=f"account_id,{column}\nA,   \n")
    assert problems(book, column) == []
    assert told(book, column) == {"A": "unknown"}


def test_words_for_yes_and_no_are_read_in_any_case(tmp_path):
    cells = ["true", "TRUE", "Yes", "y", "T", "1", " yes ", "false", "No", "n", "F", "0"]
    lines = "".join(f"{number},{cell}\n" for number, cell in enumerate(cells))
    book = csv_book(tmp_path, accounts=f"account_id,yes\n{lines}")
    assert list(told(book, "yes").values()) == ["yes"] * 7 + ["no"] * 5


def test_times_multiplies_exact_decimals(tmp_path):
    mapping = """[table.accounts.column]
money = { column = "m", times = 1_000_000 }
share = { column = "s", times = 0.01 }
"""
    book = csv_book(tmp_path, mapping, accounts="account_id,m,s\nA,1.62,24.5\nB,0.1,1e1\nC,x,1_0\n")
    assert told(book, "money", "share") == {
        "A": "1,620,000 24.5%",
        "B": "100,000 10%",
        "C": "unknown unknown",
    }
    facts = read_account(program("money"), book, "B", open_source=OPEN)
    assert (facts["money"], facts["share"]) == (Decimal(100_000), Decimal("0.1"))


def test_times_of_a_great_many_places_still_multiplies(tmp_path):
    mapping = "[table.accounts.column]\nnumber = { times = 1e-30 }"
    book = csv_book(tmp_path, mapping, accounts="account_id,number\nA,5\n")
    assert told(book, "number") == {"A": "0"}


def test_values_unknown_constant_and_format_map_what_stands_in_the_source(tmp_path):
    mapping = """[table.accounts.column]
level = { column = "tier", values = { "1" = "gold", "A+" = "gold", "2" = "silver" }, unknown = ["-"] }
day = { column = "since", format = "%d/%m/%Y", unknown = ["never"] }
yes = { constant = true }
whole = { column = "size", values = { "few" = 5 } }
"""
    book = csv_book(
        tmp_path,
        mapping,
        accounts="account_id,tier,since,size\nA,1,31/01/2026,few\nB,-,never,7\nC,3,2026-01-31,many\n",
    )
    assert told(book, "level", "day", "yes", "whole") == {
        "A": "gold 2026-01-31 yes 5",
        "B": "unknown unknown yes 7",
        "C": "unknown unknown yes unknown",
    }
    assert problems(book, "level", "day", "yes", "whole") == [
        ("accounts", "KR643", "whole", 1, ("many",)),
        ("accounts", "KR645", "day", 1, ("2026-01-31",)),
        ("accounts", "KR644", "level", 1, ("3",)),
    ]


LATE = datetime.datetime(2026, 1, 1, 23, 30)  # noqa: DTZ001  as tables hold it


def memory(**columns):
    return Book.of(tables={"accounts": pa.table({"account_id": ["A"], **columns})})


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("money", pa.array([2**63 + 5], pa.uint64()), "unknown"),
        ("whole", pa.array([2**59], pa.uint64()), "576,460,752,303,423,488"),
        ("money", pa.array([Decimal("9.99995")], pa.decimal128(38, 20)), "10"),
        ("money", pa.array([12.5], pa.float32()), "13"),
        ("money", pa.array([True]), "unknown"),
        ("money", pa.array([[1]]), "unknown"),
        ("day", pa.array([LATE], pa.timestamp("ns")), "2026-01-01"),
        ("day", pa.array([LATE], pa.timestamp("s")), "2026-01-01"),
        ("day", pa.array(["2026-01-05"]).dictionary_encode(), "2026-01-05"),
        ("day", pa.array([45000]), "unknown"),
        ("level", pa.array(["gold"]).dictionary_encode(), "gold"),
        ("yes", pa.array([1.0]), "yes"),
        ("yes", pa.array([0]), "no"),
        ("name", pa.array([5.0]), "5"),
        ("name", pa.array([{"a": 1}]), "{'a': 1}"),
    ],
)  # fmt: skip
def test_columns_of_any_type_are_read_for_what_they_hold(column, values, expected):
    assert told(memory(**{column: values}), column) == {"A": expected}


def test_a_time_with_a_zone_is_the_day_that_it_is_in_greenwich():
    late = datetime.datetime(
        2026, 1, 1, 23, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=-5))
    )
    values = pa.array([late], pa.timestamp("us", tz="America/New_York"))
    assert told(memory(day=values), "day") == {"A": "2026-01-02"}


def test_a_whole_number_in_a_column_of_doubles_is_mapped_and_filtered_like_one_in_a_csv_file(
    tmp_path,
):
    import pyarrow.parquet as pq

    pq.write_table(
        pa.table({"account_id": [1.0, 2.0, 3.5], "kind": [1.0, 2.0, 1.0], "code": [7.0, 7.5, 7.0]}),
        tmp_path / "accounts.parquet",
    )
    (tmp_path / "book.toml").write_text(
        '[table.accounts]\nfrom = "parquet:accounts.parquet"\nonly = { kind = [1] }\n'
        '[table.accounts.column]\nlevel = { column = "code", values = { "7" = "gold" } }\n'
    )
    book = Book.read(tmp_path / "book.toml")
    assert told(book, "level") == {"1": "gold", "3.5": "gold"}
