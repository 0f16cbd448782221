"""How book files, folders of tables and single files are read, and what is told when they cannot be."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from kamrules.book import Book, ColumnMap
from kamrules.diagnostics import DataError, KamrulesError, UsageError

BOOK = """\
[book]
name = "CRM sales opportunities"
as_of = 2017-12-31
currency = "USD"

[table.accounts]
from = "csv:accounts.csv"
account = "account"
[table.accounts.column]
annual_revenue = { column = "revenue", times = 1_000_000 }
industry = { column = "sector", values = { technolgy = "technology", 5 = 6 }, unknown = ["n/a", 0] }
since = { format = "%d/%m/%Y" }
country = { constant = true }

[table.orders]
from = "deals.parquet"
account = "customer"
only = { stage = "Won", closed = [true, 2017-01-31] }
automatic = false
options = { delimiter = ";" }
[table.orders.column]
amount = "value"
"""


@pytest.fixture
def written(tmp_path):
    """Return a function that writes a book file and reads it."""

    def read(text, name="book.toml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return Book.read(tmp_path / name)

    return read


def test_a_book_file_says_where_tables_are_and_what_their_columns_mean(written, tmp_path):
    book = written(BOOK)
    assert (book.name, book.as_of, book.currency) == (
        "CRM sales opportunities", datetime.date(2017, 12, 31), "USD",
    )  # fmt: skip
    accounts, orders = book.accounts, book.tables["orders"]
    assert (accounts.uri, accounts.path()) == ("csv:accounts.csv", tmp_path / "accounts.csv")
    assert accounts.mapped("annual_revenue") == ColumnMap("revenue", times=Decimal(1_000_000))
    assert accounts.mapped("industry") == ColumnMap(
        "sector", values={"technolgy": "technology", "5": "6"}, unknown=("n/a", "0")
    )
    assert accounts.mapped("since") == ColumnMap("since", format="%d/%m/%Y")
    assert accounts.mapped("country") == ColumnMap(constant="true")
    assert accounts.mapped("account_id") == ColumnMap("account")
    assert accounts.mapped("staff") == ColumnMap("staff")
    assert orders.uri == "parquet:deals.parquet"
    assert orders.only == {"stage": ("Won",), "closed": ("true", "2017-01-31")}
    assert orders.mapped("amount") == ColumnMap("value")
    assert orders.mapped("date") is None
    assert orders.mapped("account_id") == ColumnMap("customer")


def test_a_factor_is_the_decimal_that_is_written(written):
    book = written(BOOK.replace("1_000_000", "0.1"))
    assert book.accounts.mapped("annual_revenue").times == Decimal("0.1")


def test_the_account_id_can_be_mapped_like_any_column(written):
    text = '[table.accounts]\nfrom = "a.csv"\n[table.accounts.column]\naccount_id = '
    assert written(text + '"no"').accounts.account == "no"
    assert written(text + '{ column = "no", values = { x = "y" } }').accounts.account == "no"
    mapped = written(text + '{ values = { x = "y" } }').accounts
    assert mapped.mapped("account_id") == ColumnMap("account_id", values={"x": "y"})


def test_a_book_without_a_name_is_called_as_its_file_or_folder(written, tmp_path):
    text = '[table.accounts]\nfrom = "a.csv"\n'
    assert written(text, "sales.toml").name == "sales"
    assert written(text).name == tmp_path.name


def test_a_folder_of_tables_is_a_book(tmp_path):
    for name in (
        "accounts.csv",
        "orders.csv.gz",
        "contacts.jsonl",
        "README.md",
        ".x.csv",
        "Old list.csv",
    ):
        (tmp_path / name).write_text("")
    book = Book.read(tmp_path)
    assert {name: table.uri for name, table in book.tables.items()} == {
        "accounts": "csv:accounts.csv",
        "contacts": "jsonl:contacts.jsonl",
        "orders": "csv:orders.csv.gz",
    }
    (tmp_path / "book.toml").write_text(
        '[book]\nname = "by file"\n[table.accounts]\nfrom = "accounts.csv"'
    )
    assert Book.read(tmp_path).name == "by file"


def test_a_single_file_is_a_book_of_accounts(tmp_path):
    (tmp_path / "customers.parquet").write_text("")
    book = Book.read(tmp_path / "customers.parquet")
    assert (book.name, book.accounts.uri) == ("customers", "parquet:customers.parquet")


# name: (text to replace, by what, code, line, column, a part of the message or help)
BROKEN = {
    "a misspelt key": ("currency", "curency", "KR150", 4, 1, "did you mean `currency`?"),
    "a misspelt key of a table": ('account = "account"', 'acount = "account"', "KR150", 8, 1, "`account`"),
    "a misspelt key of a column": ("times =", "time =", "KR150", 10, 40, "did you mean `times`?"),
    "a date that is a text": ("2017-12-31", '"2017-12-31"', None, 3, 9, "without quotes"),
    "a date that is none": ("2017-12-31", "2017-12-32", None, 3, None, ""),
    "a format without a year": ('"%d/%m/%Y"', '"dd/mm/yyyy"', "KR631", 12, 20, 'write "%d/%m/%Y"'),
    "a strange part of a format": ('"%d/%m/%Y"', '"%d/%m/%Q"', "KR631", 12, 20, "`%Q`"),
    "a factor of nothing": ("1_000_000", "0", "KR630", 10, None, "times 0 makes every value 0"),
    "a constant and a column": ("constant = true", 'constant = true, column = "x"', "KR630", 13, 39, ""),
    "a number": ('amount = "value"', "amount = 5", None, 22, 10, "the name of the source"),
    "no source": ('from = "deals.parquet"', "", None, None, None, "from"),
    "a file of no known kind": ('"deals.parquet"', '"deals.doc"', "KR704", 16, 8, "name the source first"),
    "an empty list": ('"Won"', "[]", None, 18, None, ""),
    "no accounts": ("table.accounts", "table.account", "KR620", None, None, "did you mean `account`"),
    "two ids": ('amount = "value"', 'account_id = "id"', "KR630", 22, 14, "by `account`"),
    "a constant id": ('amount = "value"', "account_id = { constant = 1 }", "KR630", 22, None, "same"),
    "broken TOML": ("[book]", "[book", "KR105", 1, None, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_book_file_that_is_wrong_is_told_at_its_place(name, written):
    old, new, code, line, column, part = BROKEN[name]
    assert old in BOOK
    with pytest.raises(DataError) as told:
        written(BOOK.replace(old, new))
    (one,) = told.value.diagnostics
    assert code is None or one.code == code
    assert line is None or one.place.line == line
    assert column is None or one.place.column == column
    assert one.place.file.endswith("book.toml")
    assert part in str(told.value)


def test_all_that_is_wrong_is_told_at_once(written):
    text = BOOK.replace("times =", "time =").replace("currency", "curency").replace("%Y", "%Q")
    with pytest.raises(DataError) as told:
        written(text)
    assert [each.place.line for each in told.value.diagnostics] == [4, 10, 12]


def told(path):
    with pytest.raises(KamrulesError) as error:
        Book.read(path)
    return error.value


def test_a_book_that_is_not_there_is_wrong_usage_and_the_nearest_one_is_named(tmp_path):
    (tmp_path / "book.toml").write_text("")
    error = told(tmp_path / "bok.toml")
    assert isinstance(error, UsageError)
    assert error.diagnostics[0].help == "did you mean `book.toml`?"
    assert isinstance(told(tmp_path / "no" / "book.toml"), UsageError)
    assert isinstance(told("a\0b"), UsageError)


def test_a_folder_without_tables_or_without_accounts_is_told(tmp_path):
    assert "holds neither a book.toml nor tables" in str(told(tmp_path))
    (tmp_path / "Accounts.csv").write_text("")
    assert told(tmp_path).diagnostics[0].help == "rename `Accounts.csv` to `accounts.csv`"
    (tmp_path / "acounts.csv").write_text("")
    error = told(tmp_path)
    assert (error.exit_status, error.diagnostics[0].code) == (4, "KR620")
    assert error.diagnostics[0].help == "did you mean `acounts` to be `accounts`?"


def test_a_table_that_a_folder_holds_twice_is_told(tmp_path):
    for name in ("accounts.csv", "orders.csv", "orders.parquet"):
        (tmp_path / name).write_text("")
    assert "holds table `orders` twice: `orders.csv`, `orders.parquet`" in str(told(tmp_path))


def test_a_book_in_memory_takes_lists_of_dicts_and_arrow_tables_only():
    book = Book.of({"accounts": [{"account_id": "A"}]}, as_of=datetime.date(2026, 1, 31))
    assert (book.accounts.source, book.file) == ("memory", None)
    for tables, code in [
        ({}, "KR620"),
        ({"acounts": []}, "KR620"),
        ({"accounts": [1]}, "KR634"),
        ({"accounts": "accounts.csv"}, "KR634"),
        ({"accounts": {"account_id": ["A"]}}, "KR634"),
    ]:
        with pytest.raises(DataError) as error:
            Book.of(tables)
        assert [each.code for each in error.value.diagnostics] == [code]
