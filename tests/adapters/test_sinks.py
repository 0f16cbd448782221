"""What a run's tables look like as files: complete, the same every time, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import gzip
import json
import resource
import subprocess
import sys
import zipfile
from xml.etree import ElementTree

import duckdb
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from kamrules.diagnostics import DataError, UsageError
from tests.adapters.opening import PLUGINS

DECISIONS = """SELECT * FROM (VALUES
    ('A1', -5::BIGINT, 0.1::DOUBLE, DATE '2026-01-31', '=1+1', true),
    ('@x', 7, NULL, NULL, 'a "b", c', NULL)) t(account_id, n, f, d, reason, b)"""
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1)
DANGEROUS = ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\nx", "＝1"]


def written(folder, form, *, again=False, **queries):
    connection = duckdb.connect()
    tables = {name: connection.sql(query) for name, query in queries.items()}
    if again:
        for name in PLUGINS.write(form, tables, folder, connection):
            (folder / name).rename(folder / f"first-{name}")
    return PLUGINS.write(form, tables, folder, connection)


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl", "xlsx"])
def test_the_same_tables_are_the_same_bytes(form, tmp_path):
    names = written(
        tmp_path, form, again=True, decisions=DECISIONS, gaps="SELECT 'A' AS a WHERE false"
    )
    assert names == (
        ("kamrules.xlsx",) if form == "xlsx" else (f"decisions.{form}", f"gaps.{form}")
    )
    for name in names:
        assert (tmp_path / name).read_bytes() == (tmp_path / f"first-{name}").read_bytes()


def test_csv_has_a_header_iso_dates_and_harmless_texts(tmp_path):
    written(tmp_path, "csv", decisions=DECISIONS, gaps="SELECT 'A' AS a, 1 AS b WHERE false")
    assert (tmp_path / "decisions.csv").read_text(encoding="utf-8") == (
        'account_id,n,f,d,reason,b\nA1,-5,0.1,2026-01-31,\'=1+1,true\n\'@x,7,,,"a ""b"", c",\n'
    )
    assert (tmp_path / "gaps.csv").read_text() == "a,b\n"


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(TEXT | st.sampled_from(DANGEROUS), min_size=1, max_size=8))
def test_a_text_in_csv_gets_an_apostrophe_when_it_would_run_and_else_stays(texts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("csv")
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t (number INTEGER, cell VARCHAR)")
    connection.executemany("INSERT INTO t VALUES (?, ?)", list(enumerate(texts)))
    PLUGINS.write(
        "csv", {"decisions": connection.sql("FROM t ORDER BY number")}, folder, connection
    )
    with (folder / "decisions.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for _, cell in list(csv.reader(file))[1:]]
    assert cells == [f"'{text}" if text[0] in "=+-@\t\r\n＝＋－＠" else text for text in texts]


def test_columns_with_any_name_can_be_written(tmp_path):
    written(tmp_path, "csv", scores="""SELECT '=x' AS "say ""hi"", a.b", -1 AS "select" """)
    assert (tmp_path / "scores.csv").read_text() == '"say ""hi"", a.b",select\n\'=x,-1\n'


def test_jsonl_has_an_object_a_line_and_texts_as_they_are(tmp_path):
    written(tmp_path, "jsonl", decisions=DECISIONS)
    first, second = map(json.loads, (tmp_path / "decisions.jsonl").read_text().splitlines())
    assert first == {
        "account_id": "A1",
        "n": -5,
        "f": 0.1,
        "d": "2026-01-31",
        "reason": "=1+1",
        "b": True,
    }
    assert second["f"] is None
    assert second["reason"] == 'a "b", c'


def test_parquet_keeps_types_and_texts_as_they_are(tmp_path):
    written(tmp_path, "parquet", decisions=DECISIONS)
    found = duckdb.read_parquet(str(tmp_path / "decisions.parquet"))
    assert [str(each) for each in found.types] == [
        "VARCHAR",
        "BIGINT",
        "DOUBLE",
        "DATE",
        "VARCHAR",
        "BOOLEAN",
    ]
    assert found.fetchall()[0][4] == "=1+1"


NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def sheet(folder, number):
    """Return the cells of a sheet by address as (type, text), and the sheet's tree."""
    with zipfile.ZipFile(folder / "kamrules.xlsx") as book:
        tree = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
    assert tree.findall(".//m:f", NS) == []
    return {
        cell.get("r"): (cell.get("t"), "".join(cell.itertext()))
        for cell in tree.iterfind(".//m:c", NS)
    }, tree


def test_a_workbook_has_a_sheet_a_table_with_no_text_that_runs(tmp_path):
    written(
        tmp_path,
        "xlsx",
        decisions=DECISIONS,
        gaps="SELECT 'https://x.y' AS a, 10::HUGEINT**17 AS b",
    )
    cells, tree = sheet(tmp_path, 1)
    assert cells["A1"] == ("inlineStr", "account_id")
    assert cells["B2"] == (None, "-5")
    assert cells["D2"] == (None, "46053")
    assert cells["E2"] == ("inlineStr", "'=1+1")
    assert cells["F2"] == ("b", "1")
    assert cells["A3"] == ("inlineStr", "'@x")
    assert "D3" not in cells
    assert tree.find(".//m:pane", NS).get("ySplit") == "1"
    assert tree.find("m:autoFilter", NS).get("ref") == "A1:F3"
    assert sheet(tmp_path, 2)[0]["A2"] == ("inlineStr", "https://x.y")
    with zipfile.ZipFile(tmp_path / "kamrules.xlsx") as book:
        assert b'name="decisions"' in book.read("xl/workbook.xml")
        assert not [name for name in book.namelist() if "hyperlink" in name]
    assert [each.name for each in tmp_path.iterdir()] == ["kamrules.xlsx"]


def test_a_workbook_takes_every_value_that_can_occur(tmp_path):
    written(tmp_path, "xlsx", decisions="""SELECT 'nan'::DOUBLE AS a, 'inf'::DOUBLE AS b,
        '1267650600228229401496703205376'::HUGEINT AS c,
        DATE '0001-01-01' AS d, DATE '9999-12-31' AS e, repeat('x', 40000) AS f, 1.5::DECIMAL(9,2) AS g,
        TIMESTAMP '2026-01-31 12:00:00' AS h, chr(1) || 'x' AS i""")  # fmt: skip
    cells, _ = sheet(tmp_path, 1)
    assert cells["A2"] == ("inlineStr", "nan")
    assert cells["C2"] == ("inlineStr", str(2**100))
    assert cells["D2"] == ("inlineStr", "0001-01-01")
    assert cells["E2"] == (None, "2958465")
    assert len(cells["F2"][1]) == 32_767
    assert cells["G2"] == (None, "1.5")


def test_a_table_that_is_too_long_for_a_sheet_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(DataError, match="`gates` has 1,048,576 rows") as told:
        written(tmp_path, "xlsx", gates="SELECT 1 AS a FROM range(1048576)")
    (one,) = told.value.diagnostics
    assert (one.code, one.help) == ("KR649", "use --format parquet or --format csv")
    assert list(tmp_path.iterdir()) == []


def test_a_format_that_there_is_not_is_told_with_the_nearest_one(tmp_path):
    with pytest.raises(
        UsageError,
        match=r"there is no format `xlsy`; there are csv, csv\.gz, csv\.zst, jsonl, jsonl\.gz",
    ) as told:
        PLUGINS.form("xlsy")
    assert told.value.diagnostics[0].help == "did you mean `xlsx`?"


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl", "xlsx"])
def test_a_folder_that_is_not_there_is_told(form, tmp_path):
    with pytest.raises(DataError) as told:
        written(tmp_path / "nowhere", form, decisions=DECISIONS)
    (one,) = told.value.diagnostics
    assert one.code == "KR648"
    assert "cannot be written" in one.message


FULL = """
import resource, signal, sys
from pathlib import Path
import duckdb
import openpyxl
from kamrules.diagnostics import DataError
from kamrules.plugins import default_plugins
connection = duckdb.connect()
rows = connection.sql("SELECT hash(range)::VARCHAR AS a, hash(range + 1) AS b FROM range(200000)")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    default_plugins().write(sys.argv[1], {"decisions": rows}, Path(sys.argv[2]), connection)
except DataError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs limits of the file size")
@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl", "xlsx"])
def test_a_disk_without_room_is_told_in_one_sentence(form, tmp_path):
    command = [sys.executable, "-c", FULL, form, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    name = "kamrules.xlsx" if form == "xlsx" else f"decisions.{form}"
    assert told.startswith(f"error[KR648]: the disk is full: `{name}` cannot be written\n"), told


@pytest.mark.parametrize("packed", ["gz", "zst"])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_texts_can_be_packed_and_read_again(form, packed, tmp_path):
    names = written(tmp_path, f"{form}.{packed}", again=True, decisions=DECISIONS)
    assert names == (f"decisions.{form}.{packed}",)
    content = (tmp_path / names[0]).read_bytes()
    assert content == (tmp_path / f"first-{names[0]}").read_bytes()
    unpacked = gzip.decompress(content) if packed == "gz" else zstd.decompress(content)
    written(tmp_path, form, decisions=DECISIONS)
    assert unpacked == (tmp_path / f"decisions.{form}").read_bytes()
