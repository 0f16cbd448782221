"""Nothing is lost silently: every row read is kept, filtered or left out, and told of."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamrules.book import Book, BookTable
from kamrules.diagnostics import DataError
from kamrules.engines.sql import inspect_book
from tests.engines.sql.scene import OPEN, csv_book, decided, problems, program, quality, rows, told

pytestmark = pytest.mark.usefixtures("each_engine")

ACCOUNTS = "account_id,money\nA,1\nB,2\n,3\nA,4\nC,x\nA,y\n"
ORDERS = "account_id,amount\nA,10\nZ,20\nB,30\n,40\nZ,50\na,60\nB,z\nZ,q\n"


def test_every_kind_of_problem_is_counted_with_examples(tmp_path):
    book = csv_book(tmp_path, accounts=ACCOUNTS, orders=ORDERS)
    assert problems(book, "money", "total") == [
        ("accounts", "KR640", "account_id", 1, ()),
        ("accounts", "KR642", "account_id", 2, ("A",)),
        ("accounts", "KR643", "money", 2, ("x", "y")),
        ("orders", "KR640", "account_id", 1, ()),
        ("orders", "KR641", "account_id", 4, ("Z", "a")),
        ("orders", "KR643", "amount", 2, ("q", "z")),
    ]


def test_rows_read_are_those_kept_filtered_and_left_out(tmp_path):
    book = csv_book(tmp_path, accounts=ACCOUNTS, orders=ORDERS)
    tables = quality(book, "money", "total").tables
    assert [(each.rows_read, each.rows_kept, each.rows_left_out) for each in tables] == [
        (6, 3, 3),
        (8, 3, 5),
    ]


def test_of_duplicates_the_first_row_in_the_file_is_kept(tmp_path):
    book = csv_book(tmp_path, accounts=ACCOUNTS)
    assert told(book, "money") == {"A": "1", "B": "2", "C": "unknown"}


def test_what_only_filters_is_no_problem_and_is_counted(tmp_path):
    mapping = "[table.orders.only]\nstage = ['won', 'paid']\nyear = [2026]"
    lines = "A,1,won,2026\nA,2,lost,2026\nA,4,paid,2026\nA,8,won,2025\nZ,x,,2026\n"
    orders = f"account_id,amount,stage,year\n{lines}"
    book = csv_book(tmp_path, mapping, accounts="account_id\nA\n", orders=orders)
    assert told(book, "total", "rows") == {"A": "5 2"}
    table = quality(book, "total").tables[1]
    assert (table.rows_read, table.rows_kept, table.rows_filtered, table.problems) == (5, 2, 3, ())


def test_lines_that_the_source_had_to_leave_out_count_as_read(tmp_path):
    book = csv_book(tmp_path, accounts="account_id,money\nA,1\nB,2,3,4\nC,3\n")
    table = quality(book, "money").tables[0]
    assert [(each.code, each.count) for each in table.problems] == [("KR647", 1)]
    assert (table.rows_read, table.rows_kept, table.rows_left_out) == (3, 2, 1)


def test_strict_stops_at_bad_data_and_tells_all_of_it(tmp_path):
    book = csv_book(tmp_path, accounts=ACCOUNTS, orders=ORDERS)
    with pytest.raises(DataError) as caught:
        decided(program("money", "total"), book, strict=True)
    codes = [each.code for each in caught.value.diagnostics]
    assert codes == ["KR640", "KR642", "KR643", "KR640", "KR641", "KR643"]
    assert "4 of 8 rows" in str(caught.value)
    assert "`Z`" in str(caught.value)


def test_strict_goes_on_with_a_clean_book(tmp_path):
    book = csv_book(tmp_path, accounts="account_id,money\nA,1\n")
    with decided(program("money"), book, strict=True) as decisions:
        assert decisions.quality.clean


def test_a_column_that_no_rule_reads_is_not_looked_at_when_deciding_but_when_inspecting(tmp_path):
    book = csv_book(tmp_path, accounts="account_id,money,day\nA,1,soon\n")
    assert problems(book, "money") == []
    found = inspect_book(program("money"), book, open_source=OPEN)
    assert [each.code for each in found.quality.tables[0].problems] == ["KR645"]


@pytest.mark.parametrize(
    ("accounts", "orders", "mapping", "code", "hint"),
    [
        ("id,money\nA,1\n", None, "", "KR850", "its columns are id, money"),
        ("Account_ID,money\nA,1\n", None, "", "KR850", 'account = "Account_ID"'),
        ("account_id,mony\nA,1\n", None, "column.money = 'moni'", "KR851", "did you mean `mony`?"),
        ("account_id,kind\nA,1\n", None, "only.kid = 1", "KR851", "did you mean `kind`?"),
        ("account_id,money\nA,1\n", "id\nA\n", "", "KR850", "its columns are id"),
    ],
)
def test_columns_that_a_source_lacks_are_told_of(tmp_path, accounts, orders, mapping, code, hint):
    tables = {"accounts": accounts} | ({"orders": orders} if orders else {})
    if mapping:
        mapping = f"[table.accounts.{mapping.partition('.')[0]}]\n{mapping.partition('.')[2]}"
    book = csv_book(tmp_path, mapping, **tables)
    with pytest.raises(DataError) as caught:
        decided(program("money", "total"), book)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert hint in (found.help or "")


def test_tables_and_columns_outside_the_vocabulary_are_warned_of(tmp_path):
    mapping = "[table.accounts.column]\nmony = 'money'"
    book = csv_book(tmp_path, mapping, accounts="account_id,money\nA,1\n", order="account_id\nA\n")
    with decided(program("money"), book) as decisions:
        found = [(each.code, each.help) for each in decisions.warnings]
    assert found == [
        ("KR853", "did you mean `money`?"),
        ("KR852", "did you mean `orders`?"),
    ]


@pytest.mark.parametrize(
    ("accounts", "told_why"),
    [
        ("account_id,money\n", None),
        ("account_id,money\n,1\n,2\n", "2: `account_id` is empty, so they belong to no account"),
    ],
)
def test_a_book_without_accounts_is_one_clear_message(tmp_path, accounts, told_why):
    with pytest.raises(DataError) as caught:
        decided(program("money"), csv_book(tmp_path, accounts=accounts))
    (found,) = caught.value.diagnostics
    assert (found.code, found.help) == ("KR855", told_why)


def test_a_related_table_without_rows_is_empty_and_one_that_is_not_there_is_unknown(tmp_path):
    lacking = csv_book(tmp_path, accounts="account_id\nA\n")
    assert told(lacking, "rows", "total") == {"A": "unknown unknown"}
    empty = csv_book(tmp_path, accounts="account_id\nA\n", orders="account_id,amount\n")
    assert told(empty, "rows", "total") == {"A": "0 0"}


CELLS = st.sampled_from(["A", "B", "C", "", "Z", '"', "x\ny"])
VALUES = st.sampled_from(["1", "2.5", "", "x", "1_0", "nan", "9" * 30])
LINES = st.lists(st.tuples(CELLS, VALUES, st.sampled_from(["k", "d", ""])), max_size=25)


def written(lines):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("account_id", "amount", "keep"), *lines])
    return text.getvalue()


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(accounts=LINES, orders=LINES)
def test_rows_always_add_up(tmp_path_factory, accounts, orders):
    folder = tmp_path_factory.mktemp("book")
    mapping = """
[table.accounts]
from = "csv:accounts.csv"
only = { keep = ["k", ""] }
column = { money = "amount" }
[table.orders]
from = "csv:orders.csv"
only = { keep = "k" }
"""
    (folder / "book.toml").write_text(mapping)
    for name, lines in (("accounts", accounts), ("orders", orders)):
        (folder / f"{name}.csv").write_text(written(lines))
    book = Book.read(folder)
    try:
        found = quality(book, "money", "total")
    except DataError as error:
        assert [each.code for each in error.diagnostics] == ["KR855"]  # noqa: PT017
        return
    for table, lines, kept in zip(
        found.tables, (accounts, orders), ({"k", ""}, {"k"}), strict=True
    ):
        left_out = sum(each.count for each in table.problems if each.leaves_out)
        assert table.rows_read == len(lines)
        assert table.rows_read == table.rows_kept + table.rows_filtered + left_out
        assert table.rows_filtered == sum(each[2] not in kept for each in lines)
    ids = {each[0] for each in accounts if each[0] and each[2] in {"k", ""}}
    assert found.tables[0].rows_kept == len(ids)


def test_accounts_beside_others_of_the_same_name_are_kept_apart(tmp_path):
    accounts = "account_id,name\n1,x\n01,x\n1.0,x\na,x\nA,x\n"
    orders = "account_id,amount\n1,5\n01,7\nA,9\n"
    book = csv_book(tmp_path, accounts=accounts, orders=orders)
    assert told(book, "total") == {"1": "5", "01": "7", "1.0": "0", "a": "0", "A": "9"}


def test_ids_that_are_numbers_in_one_table_and_texts_in_another_meet():
    tables = {
        "accounts": [{"account_id": "1"}, {"account_id": "02"}],
        "orders": [{"account_id": 1, "amount": 5}, {"account_id": 2, "amount": 7}],
    }
    book = Book.of(tables=tables)
    assert told(book, "total") == {"1": "5", "02": "0"}
    assert problems(book, "total") == [("orders", "KR641", "account_id", 1, ("2",))]


def test_names_of_columns_may_hold_quotes_and_clash_with_our_own(tmp_path):
    header = 'account_id,"say ""hi""",c0,c1,kept,bad,line,rowid,core,x0'
    book = csv_book(
        tmp_path,
        "[table.accounts.column]\nname = 'say \"hi\"'\nmoney = 'c1'\nwhole = 'rowid'",
        accounts=f"{header}\nB,one,z,6,false,1,9,4,5,5\nA,two,z,7,false,1,8,3,5,5\n",
        orders="account_id,rows,v0,amount\nA,5,6,7\n",
    )
    assert told(book, "name", "money", "whole", "total") == {"B": "one 6 4 0", "A": "two 7 3 7"}


def test_a_column_called_account_id_beside_the_mapped_one_is_left_alone():
    table = BookTable(
        "accounts", data=[{"account_id": "wrong", "customer": "A", "name": "x"}], account="customer"
    )
    book = Book("memory", {"accounts": table})
    with decided(program("name"), book) as decisions:
        assert [row["account_id"] for row in rows(decisions.tables["decisions"])] == ["A"]
