"""What a workbook of results looks like: numbers, dates and colours, as a spreadsheet program finds them."""

from __future__ import annotations

import duckdb
import openpyxl
import pytest

from tests.adapters.opening import PLUGINS, fetched

TABLES = {
    "decisions": """SELECT * FROM (VALUES
        ('A', DATE '2026-06-30', 'key', 'up', 'partner', 71.23456::DOUBLE, 12345),
        ('B', DATE '2026-06-30', 'vip"', 'down', 'vendor', 20, NULL)
        ) t(account_id, as_of, class, class_move, tier, attractiveness, actions)""",
    "actions": "SELECT 'A' AS account_id, 1 AS rank, 'proposed' AS status, 96.6 AS priority",
    "scores": """SELECT * FROM (VALUES ('A', 71.2::DOUBLE, 'zenith'), ('B', 20.0, 'abyss'),
        ('C', 50.0, 'middle'), ('D', NULL, NULL)) t(account_id, attractiveness, attractiveness_band)""",
    "gates": "SELECT 'A' AS account_id, 'met' AS \"p.one\", 'unmet' AS \"p.two\", 'unknown' AS \"t.x\"",
    "worth": "SELECT 1234567.5::DECIMAL(18, 4) AS revenue, 0.25::DOUBLE AS key_share, 1.25::DOUBLE AS cost",
    "gaps": "SELECT 'A' AS account_id, 'x' AS fact WHERE false",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("results")
    connection = duckdb.connect()
    tables = {name: connection.sql(query) for name, query in TABLES.items()}
    PLUGINS.write("xlsx", tables, found, connection)
    return found


@pytest.fixture
def book(folder):
    return openpyxl.load_workbook(folder / "kamrules.xlsx")


def colours(sheet):
    """Return the colours by the range and the word that they are for."""
    return {
        (str(part.sqref), rule.formula[0]): rule.dxf.fill.bgColor.rgb[2:]
        for part in sheet.conditional_formatting
        for rule in part.rules
    }


def test_numbers_are_shown_as_what_they_are(book):
    formats = {
        (sheet.title, cells[0].value): cells[1].number_format
        for sheet in book
        for cells in sheet.iter_cols(max_row=2)
        if len(cells) > 1
    }
    assert formats[("decisions", "as_of")] == "yyyy-mm-dd"
    assert formats[("decisions", "attractiveness")] == "0.0"
    assert formats[("decisions", "actions")] == "#,##0"
    assert formats[("actions", "priority")] == "#,##0.00"  # a decimal is money
    assert formats[("worth", "revenue")] == "#,##0.00"
    assert formats[("worth", "key_share")] == "0.0%"
    assert formats[("worth", "cost")] == "General"


def test_headers_and_accounts_stay_in_view_and_every_column_has_a_filter(book):
    for sheet in book:
        assert sheet.freeze_panes == "B2"
        assert (
            sheet.auto_filter.ref
            == f"A1:{sheet.cell(max(sheet.max_row, 1), sheet.max_column).coordinate}"
        )
        assert sheet.cell(1, 1).font.bold


def test_gates_classes_and_moves_have_their_colours(book):
    gates = colours(book["gates"])
    assert set(gates) == {("B2:D2", f'"{state}"') for state in ("met", "unmet", "unknown")}
    assert len(set(gates.values())) == 3
    found = colours(book["decisions"])
    assert found[("C2:C3", '"key"')] == "F4C95D"
    assert found[("C2:C3", '"vip"""')] not in {"", found[("C2:C3", '"key"')]}
    assert found[("D2:D3", '"up"')] == gates[("B2:D2", '"met"')]
    assert ("C2", '"proposed"') in colours(book["actions"])


def brightness(colour):
    return sum(int(colour[place : place + 2], 16) for place in (0, 2, 4))


def test_bands_are_the_darker_the_higher_their_scores(book):
    found = colours(book["scores"])
    bands = [found[("C2:C5", f'"{word}"')] for word in ("abyss", "middle", "zenith")]
    assert [brightness(each) for each in bands] == sorted(map(brightness, bands), reverse=True)
    assert len(set(bands)) == 3
    tiers = colours(book["decisions"])
    vendor, partner = (tiers[("E2:E3", f'"{word}"')] for word in ("vendor", "partner"))
    assert brightness(vendor) > brightness(partner)


def test_what_was_written_is_read_back_by_kamrules_itself(folder):
    found = fetched(folder, "xlsx:kamrules.xlsx", options={"sheet": "scores"})
    assert found == duckdb.sql(TABLES["scores"]).fetchall()
