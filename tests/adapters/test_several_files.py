"""A table of several files: folders, patterns, packed ones, columns that differ, partitions in paths."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import duckdb
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from kamrules.diagnostics import DataError
from tests.adapters.opening import data, fetched, opened

PACK = {"": bytes, ".gz": gzip.compress, ".zst": zstd.compress}


def write(folder, **files):
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def parquet(path, query):
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(query).write_parquet(str(path))


def remarks(rows):
    assert all(each.is_remark for each in rows.problems)
    return [(each.code, each.message) for each in rows.problems]


@pytest.mark.parametrize("packed", PACK)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_packed_files_are_read_as_plain_ones(form, packed, tmp_path):
    text = {"csv": "a,b\n1,x\n2,é\n", "jsonl": '{"a":"1","b":"x"}\n{"a":"2","b":"é"}\n'}[form]
    (tmp_path / f"orders.{form}{packed}").write_bytes(PACK[packed](text.encode()))
    assert fetched(tmp_path, f"{form}:orders.{form}{packed}") == [("1", "x"), ("2", "é")]


@pytest.mark.parametrize("packed", [".gz", ".zst"])
def test_packed_files_in_other_encodings_are_read_too(packed, tmp_path):
    text = 'name;b\nMüller;1\r\nGroß;"x\ny"\n'.encode("cp1252")
    (tmp_path / f"orders.csv{packed}").write_bytes(PACK[packed](text))
    found = fetched(tmp_path, f"csv:orders.csv{packed}", options={"encoding": "cp1252"})
    assert found == [("Müller", "1"), ("Groß", "x\ny")]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("packed", [".gz", ".zst"])
@pytest.mark.parametrize("kept", [1, 20, 400, -1])
def test_a_packed_file_that_is_cut_off_is_refused(form, packed, kept, tmp_path):
    lines = [f'{{"a":"{n * 7919 % 1000003}"}}' if form == "jsonl" else str(n) for n in range(9999)]
    whole = PACK[packed](("a\n" * (form == "csv") + "\n".join(lines)).encode())
    (tmp_path / f"orders.{form}{packed}").write_bytes(whole[:kept])
    with pytest.raises(DataError, match=r"ends too early|is no whole") as told:
        opened(tmp_path, f"{form}:orders.{form}{packed}")
    assert told.value.diagnostics[0].code == "KR623"


def test_a_gz_file_whose_checksum_is_wrong_is_refused(tmp_path):
    whole = bytearray(gzip.compress(b"a,b\n" + b"1,x\n" * 99))
    whole[-8] ^= 1
    (tmp_path / "orders.csv.gz").write_bytes(whole)
    with pytest.raises(DataError, match=r"`orders.csv.gz` is no whole gz file: CRC check failed"):
        opened(tmp_path, "csv:orders.csv.gz")


@pytest.mark.parametrize("packed", [".gz", ".zst"])
def test_a_plain_file_with_the_name_of_a_packed_one_is_refused(packed, tmp_path):
    (tmp_path / f"orders.csv{packed}").write_text("a,b\n1,x\n")
    with pytest.raises(DataError, match=f"`orders.csv{packed}` is no whole {packed[1:]} file"):
        opened(tmp_path, f"csv:orders.csv{packed}")


def test_a_folder_is_a_table_with_all_the_files_below_it(tmp_path):
    write(tmp_path, orders__2026__b_csv="a\n3\n", orders__2025__a_csv_gz=gzip.compress(b"a\n1\n"))
    write(
        tmp_path,
        orders__2025__b_tsv="a\n2\n",
        orders___part_csv="a\n9\n",
        orders__x__notes_txt="no",
    )
    (tmp_path / "orders" / ".hidden.csv").write_text("a\n9\n")
    (tmp_path / "orders" / "_SUCCESS").write_text("")
    for location in ("orders", "orders/"):
        assert fetched(tmp_path, f"csv:{location}") == [("1",), ("2",), ("3",)]


def test_a_folder_without_files_of_the_source_is_told_with_the_mend(tmp_path):
    write(tmp_path, orders__a_txt="a\n1\n")
    with pytest.raises(
        DataError, match="holds no file whose name ends as one of source `csv`"
    ) as told:
        opened(tmp_path, "csv:orders/")
    assert told.value.diagnostics[0].help == 'name its files, as in "csv:orders/*"'
    assert fetched(tmp_path, "csv:orders/*") == [("1",)]


def test_a_file_that_lacks_a_column_leaves_it_unknown_and_is_told_of(tmp_path):
    write(
        tmp_path, o1_csv="id,amount,note\n1,5,x\n", o2_csv="note,id\ny,2\n", o3_csv="id;note\n3;z\n"
    )
    rows = opened(tmp_path, "csv:o*.csv")
    assert rows.rows.fetchall() == [("1", "5", "x"), ("2", None, "y"), ("3", None, "z")]
    ((code, message),) = remarks(rows)
    assert code == "KR651"
    assert message.startswith("`o2.csv` and 1 more have no column `amount`, which other files")


def test_files_of_the_same_name_in_different_folders_are_kept_apart(tmp_path):
    write(tmp_path, orders__a__x_csv="id,n\n1,2\n", orders__b__x_csv="id\n2\n")
    rows = opened(tmp_path, "csv:orders")
    assert rows.rows.fetchall() == [("1", "2"), ("2", None)]
    assert "`b/x.csv` has no column `n`" in remarks(rows)[0][1]


def test_a_broken_line_is_told_with_the_file_it_is_in(tmp_path):
    write(tmp_path, orders__a__x_csv="id,n\n1,2\n", orders__b__x_csv="n,id\n2\n")
    (problem,) = opened(tmp_path, "csv:orders").problems
    assert problem.examples == ("b/x.csv:2: 2",)


FILES = st.lists(
    st.tuples(
        st.permutations(["id", "x", "y", "z"]), st.integers(1, 3), st.integers(0, 4), st.booleans()
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(files=FILES)
def test_rows_of_several_files_are_those_of_each_in_their_order(files):
    wanted = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (order, width, rows, packed) in enumerate(files):
            columns = [each for each in order if each in ["id", "x", "y", "z"][: width + 1]]
            lines = [",".join(columns)]
            for row in range(rows):
                cells = {each: f"{each}{number}.{row}" for each in columns}
                wanted.append(cells)
                lines.append(",".join(cells.values()))
            text = ("\n".join(lines) + "\n").encode()
            name = f"f{number}.csv" + (".gz" if packed else "")
            (Path(folder) / name).write_bytes(gzip.compress(text) if packed else text)
        found = opened(Path(folder), "csv:f*")
        names = found.rows.columns
        assert [
            {key: value for key, value in zip(names, row, strict=True) if value is not None}
            for row in found.rows.fetchall()
        ] == wanted


def test_a_partitioned_folder_of_parquet_files_has_columns_from_its_paths(tmp_path):
    base = tmp_path / "a=b"
    for year, code in [("2025", "007"), ("2026", "008")]:
        parquet(base / f"deals/year={year}/code={code}/p.parquet", f"SELECT {year} AS n")
    for location in ("deals", "deals/**/*.parquet"):
        rows = data(opened(base, f"parquet:{location}"))
        assert set(rows.columns) == {"n", "year", "code"}
        assert rows.project("n, year, code").fetchall() == [
            (2025, "2025", "007"),
            (2026, "2026", "008"),
        ]
    one = data(opened(base, "parquet:deals/year=2025/code=007/p.parquet"))
    assert one.columns == ["n"]


def test_a_folder_that_is_partitioned_in_part_is_refused(tmp_path):
    parquet(tmp_path / "deals/year=2025/p.parquet", "SELECT 1 AS n")
    parquet(tmp_path / "deals/p.parquet", "SELECT 1 AS n")
    with pytest.raises(DataError, match="are not partitioned by the same columns") as told:
        opened(tmp_path, "parquet:deals")
    assert told.value.diagnostics[0].code == "KR651"


def test_parquet_files_that_lack_a_column_are_told_of_nested_columns_included(tmp_path):
    parquet(tmp_path / "p1.parquet", "SELECT 1 AS id, {'a': 1, 'b': [2]} AS s, 5 AS n")
    parquet(tmp_path / "p2.parquet", "SELECT 'y' AS t, 2 AS id")
    rows = opened(tmp_path, "parquet:p*.parquet")
    assert [message.split(", which")[0] for _, message in remarks(rows)] == [
        "`p1.parquet` has no column `t`",
        "`p2.parquet` has no columns `s`, `n`",
    ]
    assert data(rows).project("id, n, t").fetchall() == [(1, 5, None), (2, None, "y")]


def test_a_type_that_changes_between_parquet_files_is_told_or_refused(tmp_path):
    parquet(tmp_path / "a/1.parquet", "SELECT 1 AS id, 1::INTEGER AS n")
    parquet(tmp_path / "a/2.parquet", "SELECT 2 AS id, 2.5::DOUBLE AS n")
    assert opened(tmp_path, "parquet:a").problems == ()
    parquet(tmp_path / "a/3.parquet", "SELECT 3 AS id, 'x' AS n")
    rows = opened(tmp_path, "parquet:a")
    assert remarks(rows) == [(
        "KR659", "`n` is INTEGER in `1.parquet` and VARCHAR in `3.parquet`; all its values are read as texts",
    )]  # fmt: skip
    assert [n for _, n in data(rows).fetchall()] == ["1", "2.5", "x"]
    parquet(tmp_path / "a/4.parquet", "SELECT 4 AS id, DATE '2026-01-31' AS n")
    parquet(tmp_path / "b/1.parquet", "SELECT 1 AS n")
    parquet(tmp_path / "b/2.parquet", "SELECT DATE '2026-01-31' AS n")
    with pytest.raises(
        DataError, match=r"`n` is INTEGER in `1.parquet` and DATE in `2.parquet`"
    ) as told:
        opened(tmp_path, "parquet:b")
    assert told.value.diagnostics[0].code == "KR659"


def test_a_locked_or_strange_file_of_a_folder_is_named(tmp_path):
    parquet(tmp_path / "a/1.parquet", "SELECT 1 AS n")
    (tmp_path / "a/2.parquet").write_text("not parquet at all")
    with pytest.raises(DataError, match=r"`a` cannot be read as Parquet: .*2\.parquet"):
        opened(tmp_path, "parquet:a")
