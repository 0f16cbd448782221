"""What comes out of sheets of workbooks: dates, numbers and texts as they are; what is no table is told."""

from __future__ import annotations

import datetime
import io
import tempfile
from pathlib import Path

import msoffcrypto
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msoffcrypto.format.ooxml import OOXMLFile

from kamrules.book import Book, BookTable
from kamrules.diagnostics import DataError
from tests.adapters.opening import PLUGINS, fetched, opened

SHIPPED = Path(__file__).parent / "workbooks"
DAY = datetime.date(2026, 1, 31)
NOON = datetime.datetime(2026, 1, 31, 12, 30)  # noqa: DTZ001  a spreadsheet's


def write(folder, name="orders.xlsx", *, merged=(), hidden=(), **sheets):
    """Write a workbook and return its URI; cells that begin with #! are errors."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title.replace("_", " "))
        for row in rows:
            sheet.append(row)
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.value.startswith("#!"):
                    cell.value, cell.data_type = "#" + cell.value[2:], "e"
        for each in merged:
            sheet.merge_cells(each)
        if title in hidden:
            sheet.sheet_state = "hidden"
    book.save(folder / name)
    return f"xlsx:{name}"


def types(rows):
    return dict(zip(rows.columns, map(str, rows.types), strict=True))


def test_cells_keep_their_types_and_whole_numbers_are_whole(tmp_path):
    uri = write(tmp_path, Orders=[
        ["id", "code", "amount", "day", "at", "paid", "mixed", "empty"],
        [1.0, "007", 1.5, DAY, NOON, True, 5, None],
        [2, " x", 2.0, DAY, DAY, False, "n/a", None],
    ])  # fmt: skip
    rows = opened(tmp_path, uri).rows
    assert types(rows) == {
        "id": "BIGINT", "code": "VARCHAR", "amount": "DOUBLE", "day": "DATE", "at": "TIMESTAMP",
        "paid": "BOOLEAN", "mixed": "VARCHAR", "empty": "VARCHAR",
    }  # fmt: skip
    midnight = datetime.datetime(2026, 1, 31)  # noqa: DTZ001
    assert rows.fetchall() == [
        (1, "007", 1.5, DAY, NOON, True, "5", None),
        (2, " x", 2.0, DAY, midnight, False, "n/a", None),
    ]


@pytest.mark.parametrize("name", ["orders.xls", "orders.ods"])
def test_workbooks_of_older_and_other_programs_are_read_alike(name):
    found = fetched(SHIPPED, f"xlsx:{name}")
    day = datetime.date(2021, 2, 28)
    wanted = [(1, "Müller", datetime.date(2020, 1, 31), 1.5, True), (2, "客户", day, 2.0, False)]
    assert found == wanted


def test_errors_and_empty_cells_are_unknown_and_empty_rows_are_no_rows(tmp_path):
    rows = [[], [], [None, "id", "n"], [None, 1, "#!DIV/0!"], [], [None, 2, "#!N/A"], [None, 3, 4]]
    assert fetched(tmp_path, write(tmp_path, Orders=rows)) == [(1, None), (2, None), (3, 4)]


CELLS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**14), 10**14)
    | st.decimals(-(10**9), 10**9, places=4).map(float).filter(lambda x: not x.is_integer())
    | st.text(st.characters(min_codepoint=32, exclude_categories=["C"]), min_size=1, max_size=9).filter(
        lambda text: not text.startswith(("=", "#!")) and text.strip() == text)
    | st.dates(datetime.date(1950, 1, 1), datetime.date(2100, 1, 1))
)  # fmt: skip


def shown(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


@settings(max_examples=80, deadline=None)
@given(values=st.lists(CELLS, min_size=1, max_size=8))
def test_every_value_comes_back_as_itself_or_in_a_mixed_column_as_its_text(values):
    with tempfile.TemporaryDirectory() as folder:
        rows = [["id", "value"], *([number, each] for number, each in enumerate(values, 1))]
        uri = write(Path(folder), Orders=rows)
        found = [value for _, value in fetched(Path(folder), uri)]
    kinds = {type(each) for each in values if each is not None}
    alike = len(kinds) <= 1 or kinds == {int, float}
    wanted = [None if each is None else each if alike else shown(each) for each in values]
    assert found == wanted


def test_the_sheet_is_the_one_called_like_the_table_or_the_first_that_is_seen(tmp_path):
    uri = write(
        tmp_path, Secret=[["a"], [1]], First=[["a"], [2]], Orders=[["a"], [3]], hidden=["Secret"]
    )
    assert fetched(tmp_path, uri) == [(3,)]
    uri = write(
        tmp_path, Secret=[["a"], [1]], First=[["a"], [2]], Other=[["a"], [3]], hidden=["Secret"]
    )
    assert fetched(tmp_path, uri) == [(2,)]
    assert fetched(tmp_path, uri, options={"sheet": "Secret"}) == [(1,)]
    assert fetched(tmp_path, uri, options={"sheet": 3}) == [(3,)]


def test_a_sheet_can_be_named_behind_the_file_and_all_of_them_are_listed(tmp_path):
    uri = write(tmp_path, Sales_Orders=[["a"], [1]], B=[["a"], [2]], C=[["a"], [3]], hidden=["C"])
    listed = PLUGINS.tables_of(BookTable("orders", uri, tmp_path))
    assert listed == ("xlsx:orders.xlsx?sheet=Sales%20Orders", "xlsx:orders.xlsx?sheet=B")
    assert [fetched(tmp_path, each) for each in listed] == [[(1,)], [(2,)]]
    with pytest.raises(DataError, match="has no sheet `b`"):
        opened(tmp_path, "xlsx:orders.xlsx?sheet=b")


@pytest.mark.parametrize(
    ("wanted", "message", "mend"),
    [
        ("sales orders", "`o.xlsx` has no sheet `sales orders`", 'did you mean "Sales Orders"?'),
        ("Sales Order", "`o.xlsx` has no sheet `Sales Order`", 'did you mean "Sales Orders"?'),
        ("zzz", "`o.xlsx` has no sheet `zzz`", "its sheets are `Sales Orders`, `B`"),
        (3, "`o.xlsx` has 2 sheets, and no sheet 3", None),
    ],
)
def test_a_sheet_that_is_not_there_is_told_with_the_nearest(wanted, message, mend, tmp_path):
    uri = write(tmp_path, "o.xlsx", Sales_Orders=[["a"], [1]], B=[["a"]])
    with pytest.raises(DataError) as told:
        opened(tmp_path, uri, options={"sheet": wanted})
    (one,) = told.value.diagnostics
    assert (one.code, one.message, one.help) == ("KR654", message, mend)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"sheet": ""}, "has to be the name of a sheet"),
        ({"sheet": 0}, "or its number from 1"),
        ({"sheet": True}, "or its number from 1"),
        ({"header": 0}, "has to be the number of the row"),
        ({"header": "a"}, "has to be the number of the row"),
    ],
)
def test_options_are_checked(options, part, tmp_path):
    with pytest.raises(DataError, match=part) as told:
        opened(tmp_path, write(tmp_path, Orders=[["a"]]), options=options)
    assert told.value.diagnostics[0].code == "KR633"


def test_an_empty_sheet_is_told(tmp_path):
    uri = write(tmp_path, Orders=[], B=[["a"], [1]])
    with pytest.raises(DataError, match=r"sheet `Orders` of `orders.xlsx` is empty") as told:
        opened(tmp_path, uri)
    assert told.value.diagnostics[0].code == "KR655"
    with pytest.raises(DataError, match="is empty from row 3 on"):
        opened(tmp_path, uri, options={"sheet": "B", "header": 3})


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    rows = opened(tmp_path, write(tmp_path, Orders=[["a", "b"]])).rows
    assert (rows.columns, rows.fetchall()) == (["a", "b"], [])


def test_a_merged_header_is_told_with_the_row_below_it(tmp_path):
    rows = [["id", "2026", None], [None, "won", "lost"], [1, 2, 3]]
    uri = write(tmp_path, Orders=rows, merged=["B1:C1", "A1:A2"])
    with pytest.raises(DataError, match=r"row 1 of sheet `Orders` has merged cells \(") as told:
        opened(tmp_path, uri)
    (one,) = told.value.diagnostics
    assert (one.code, one.help) == ("KR656", "say which row does, as in options = { header = 2 }")
    found = opened(tmp_path, uri, options={"header": 2}).rows
    assert (found.columns, found.fetchall()) == (["id", "won", "lost"], [(1, 2, 3)])


def test_a_title_above_the_header_is_passed_over_when_its_row_is_named(tmp_path):
    rows = [["Report of June"], [], ["id", "n", None], [1, 2, "x"]]
    found = opened(tmp_path, write(tmp_path, Orders=rows), options={"header": 3}).rows
    assert (found.columns, found.fetchall()) == (["id", "n", "column_3"], [(1, 2, "x")])


def test_several_workbooks_are_one_table_with_the_types_that_fit_all(tmp_path):
    write(tmp_path, "o1.xlsx", Orders=[["id", "n"], [1, 5]])
    write(tmp_path, "o2.xlsx", Orders=[["N", "id", "x"], ["five", 2, True]])
    rows = opened(tmp_path, "xlsx:o*.xlsx")
    assert rows.rows.fetchall() == [(1, "5", None), (2, "five", True)]
    assert [each.code for each in rows.problems] == ["KR651"]


def locked(path, password="open sesame"):
    plain = io.BytesIO(path.read_bytes())
    with path.open("wb") as file:
        OOXMLFile(plain).encrypt(password, file)
    with path.open("rb") as file:
        assert msoffcrypto.OfficeFile(file).is_encrypted()


def spoiled(kind, path):
    match kind:
        case "locked":
            locked(path)
        case "html":
            path.write_text("<html><table><tr><td>id</td></tr></table></html>")
        case "xml":
            path.write_text("\ufeff<?xml version='1.0'?><Workbook/>")
        case "csv":
            path.write_text("id,n\n1,2\n")
        case "cut":
            path.write_bytes(path.read_bytes()[:-200])
        case "empty":
            path.write_bytes(b"")
        case "noise":
            path.write_bytes(b"\0\1\2" * 99)


SPOILED = {
    "locked": "is protected by a password",
    "html": "is an HTML page that was given the name of a workbook",
    "xml": "is an XML text that was given the name of a workbook",
    "csv": "is a text that was given the name of a workbook",
    "cut": "is not a whole workbook: it was cut off, or holds something else",
    "empty": "is empty",
    "noise": "is no workbook: ",
}


@pytest.mark.parametrize("kind", SPOILED)
@pytest.mark.parametrize("how", ["table", "book"])
def test_what_is_no_workbook_is_told_for_what_it_is(kind, how, tmp_path):
    uri = write(tmp_path, Orders=[["id"], [1]])
    spoiled(kind, tmp_path / "orders.xlsx")
    with pytest.raises(DataError, match=f"orders.xlsx` {SPOILED[kind]}") as told:
        opened(tmp_path, uri) if how == "table" else Book.read(tmp_path / "orders.xlsx")
    assert told.value.diagnostics[0].code == "KR653"


def test_a_workbook_is_a_book_whose_sheets_are_tables(tmp_path):
    write(tmp_path, "Our CRM.xlsx", Accounts=[["account_id"], ["A"]], Sales_Orders=[["account_id"]],
          hidden=["Old"], Old=[["x"]])  # fmt: skip
    book = Book.read(tmp_path / "Our CRM.xlsx")
    assert list(book.tables) == ["accounts", "sales_orders"]
    assert book.name == "Our CRM"
    assert book.tables["sales_orders"].options == {"sheet": "Sales Orders"}


def test_the_only_sheet_of_a_workbook_holds_the_accounts_whatever_it_is_called(tmp_path):
    write(tmp_path, Tabelle1=[["account_id"], ["A"]])
    book = Book.read(tmp_path / "orders.xlsx")
    assert book.accounts.options == {"sheet": "Tabelle1"}


def test_a_workbook_without_accounts_is_told_with_the_nearest_sheet(tmp_path):
    write(tmp_path, Acounts=[["account_id"]], Orders=[["account_id"]])
    with pytest.raises(
        DataError, match="has no table `accounts`, only `Acounts`, `Orders`"
    ) as told:
        Book.read(tmp_path / "orders.xlsx")
    assert told.value.diagnostics[0].code == "KR620"
