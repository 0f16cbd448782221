"""Columns whose file tells that no value needs a test are read like all others, and odd ones still found."""

from __future__ import annotations

import datetime

import duckdb
import pytest

from kamrules.book import Book
from kamrules.engines.sql.connecting import connect
from kamrules.engines.sql.quality import account_quality
from kamrules.engines.sql.staging import stage
from tests.engines.sql.scene import OPEN, program, told

pytestmark = pytest.mark.usefixtures("each_engine")

ORDINARY = """
SELECT 'A' AS account_id, 12.34 AS money, 7 AS whole, DATE '2026-01-31' AS day
UNION ALL SELECT 'B', NULL, NULL, NULL
"""
ODD = "SELECT 'A' AS account_id, 9007199254740.1 AS money, 10::BIGINT ** 17 AS whole, NULL::DATE AS day"
STRANGE = (
    "UNION ALL SELECT 'C', 1, 1, DATE '12000-01-01' UNION ALL SELECT 'D', 1, 1, 'infinity'::DATE"
)


def written(folder, select):
    """Write accounts with a wide decimal, a BIGINT and a date; return the book."""
    items = "account_id, money::DECIMAL(16, 2) AS money, whole::BIGINT AS whole, day"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT {items} FROM ({select})) TO '{folder / 'accounts.parquet'}'"
        )
    (folder / "book.toml").write_text('[table.accounts]\nfrom = "parquet:accounts.parquet"\n')
    return Book.read(folder / "book.toml")


def staged(folder, select):
    """Return the forms of columns, and whether the table may have problems."""
    book = written(folder, select)
    connection, spilled = connect(None, folder, None)
    with connection, spilled:
        words = program("money").tables["accounts"]
        made = stage(connection, book.accounts, words, ["money", "whole", "day"], OPEN, 0)
        quality = account_quality(connection, made, words, "people")
    return (
        {name: str(form) for name, (_, form, _) in made.columns.items()},
        made.has_problems,
        quality,
    )


def test_ordinary_values_need_no_test(tmp_path):
    forms, tested, quality = staged(tmp_path, ORDINARY)
    assert forms == {"money": "narrow", "whole": "whole", "day": "days"}
    assert not tested
    assert not quality.problems


@pytest.mark.parametrize("column", ["money", "whole"])
def test_a_value_beyond_what_needs_no_test_is_read_exactly(tmp_path, column):
    forms, _, _ = staged(tmp_path, ODD)
    assert forms["money"] == "decimal"
    assert told(written(tmp_path, ODD), column) == {
        "A": {"money": "9,007,199,254,740", "whole": "100,000,000,000,000,000"}[column]
    }


def test_a_date_out_of_the_calendar_is_found_by_its_file(tmp_path):
    odd = ORDINARY + STRANGE
    _, tested, quality = staged(tmp_path, odd)
    assert tested
    assert [(each.code, each.count) for each in quality.problems] == [("KR645", 2)]
    found = told(written(tmp_path, odd), "day")
    assert found == {
        "A": datetime.date(2026, 1, 31).isoformat(),
        "B": "unknown",
        "C": "unknown",
        "D": "unknown",
    }


def test_a_number_of_one_digit_too_many_is_found(tmp_path):
    odd = ORDINARY + "UNION ALL SELECT 'C', 1, 10::BIGINT ** 18, NULL"
    forms, tested, quality = staged(tmp_path, odd)
    assert forms["money"] == "narrow"
    assert tested
    assert [(each.code, each.column, each.count) for each in quality.problems] == [
        ("KR646", "whole", 1)
    ]
    assert told(written(tmp_path, odd), "whole") == {"A": "7", "B": "unknown", "C": "unknown"}
