"""What an author of a book file gets from `sqlite:`."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import duckdb
import pytest
from kamrules import DataError
from kamrules.book import Book
from kamrules.plugins import Plugins

# It need not be installed for its tests.
sys.path.insert(0, str(Path(__file__).parent.parent))
import kamrules_sqlite_source

BOOK = """\
[table.accounts]
from = "sqlite:crm.db?table={}"
"""


@pytest.fixture
def opened(tmp_path):
    """Return the rows of the book's accounts, read from a table of the database."""
    database = sqlite3.connect(tmp_path / "crm.db")
    database.execute(
        'CREATE TABLE customers (account_id, "say ""hi""" , revenue REAL, staff INTEGER)'
    )
    rows = [("Ä1", "x\ny", 0.1, 2**60), ("B2", None, None, None), ("C3", b"raw", 1e21, -1)]
    database.executemany("INSERT INTO customers VALUES (?, ?, ?, ?)", rows)
    database.execute("CREATE VIEW of_us AS SELECT account_id FROM customers")
    database.commit()
    database.close()
    plugins = Plugins()
    assert plugins.add(kamrules_sqlite_source).failure is None

    def open_table(name):
        (tmp_path / "book.toml").write_text(BOOK.format(name))
        table = Book.read(tmp_path).accounts
        return plugins.open_source(table, duckdb.connect()).rows

    return open_table


def test_a_table_arrives_as_texts_with_its_columns_names(opened):
    rows = opened("customers")
    assert rows.columns == ["account_id", 'say "hi"', "revenue", "staff"]
    assert rows.fetchall() == [
        ("Ä1", "x\ny", "0.1", str(2**60)),
        ("B2", None, None, None),
        ("C3", "raw", "1e+21", "-1"),
    ]


def test_a_view_can_be_read_too(opened):
    assert opened("of_us").fetchall() == [("Ä1",), ("B2",), ("C3",)]


def test_a_misspelt_table_is_told_with_the_nearest_one(opened):
    with pytest.raises(
        DataError, match=r"has no table `costumers`(.|\n)*did you mean `customers`\?"
    ):
        opened("costumers")


def test_a_missing_database_and_a_file_that_is_none_are_told(opened, tmp_path):
    opened("customers")
    (tmp_path / "crm.db").write_text("no database at all, but long enough to be looked at" * 99)
    with pytest.raises(DataError, match=r"`crm\.db` cannot be read: file is not a database"):
        opened("customers")
    (tmp_path / "crm.db").unlink()
    with pytest.raises(DataError, match=r"there is no file `crm\.db`"):
        opened("customers")
