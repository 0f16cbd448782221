"""What comes out of csv files, the broken ones included: no cell is changed and no line lost unseen."""

from __future__ import annotations

import csv
import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamrules.book import ColumnMap
from kamrules.diagnostics import DataError
from tests.adapters.opening import fetched, left_out, opened


def write(folder, text, name="orders.csv", encoding="utf-8"):
    (folder / name).write_bytes(text.encode(encoding))
    return f"csv:{name}"


def test_cells_are_the_texts_they_are_and_empty_ones_are_unknown(tmp_path):
    uri = write(tmp_path, 'a,b,c d\n007,,"x, ""y"""\n 1 ,1e5,2026-01-31\n"","n/a",NULL\n')
    assert opened(tmp_path, uri).rows.columns == ["a", "b", "c d"]
    assert fetched(tmp_path, uri) == [
        ("007", None, 'x, "y"'),
        (" 1 ", "1e5", "2026-01-31"),
        (None, "n/a", "NULL"),
    ]


CELL = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\r\x00")
    | st.sampled_from('",;\t\n\'|='),
    max_size=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    rows=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=8)
    ),
    delimiter=st.sampled_from(",;\t|"),
    ending=st.sampled_from(["\n", "\r\n"]),
)
def test_what_pythons_writer_writes_comes_back_as_it_was(rows, delimiter, ending):
    width = max(len(rows[0]), 2) if rows else 2
    rows = [[*each, "x"][:width] for each in rows]
    with tempfile.TemporaryDirectory() as folder:
        with (Path(folder) / "orders.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=delimiter, lineterminator=ending)
            writer.writerow([f"column {number}" for number in range(width)])
            writer.writerows(rows)
        found = fetched(Path(folder), "csv:orders.csv")
    assert found == [tuple(cell or None for cell in row) for row in rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(delimiter, tmp_path):
    uri = write(tmp_path, f'account{delimiter}"amount, gross"\nA{delimiter}"1"\n')
    assert fetched(tmp_path, uri) == [("A", "1")]


def test_lines_that_are_no_rows_are_told_with_where_they_stand(tmp_path):
    uri = write(tmp_path, 'a,b\n1,x\n2\n3,y,z\n\n4,"v"w\n5,z\n')
    assert opened(tmp_path, uri).rows.fetchall() == [("1", "x"), ("5", "z")]
    assert left_out(tmp_path, uri) == [
        (1, "the line has too few cells", ("orders.csv:3: 2",)),
        (1, "the line has too many cells", ("orders.csv:4: 3,y,z",)),
        (1, "a quote is not closed, or text stands behind it", ('orders.csv:6: 4,"v"w',)),
    ]


def test_a_few_examples_stand_for_many_lines(tmp_path):
    uri = write(tmp_path, "a,b\n" + "1\n" * 500 + "2,x\n")
    ((count, _, examples),) = left_out(tmp_path, uri)
    assert count == 500
    assert len(examples) == 3
    assert opened(tmp_path, uri).rows.fetchall() == [("2", "x")]


def test_a_quote_that_is_not_closed_counts_every_line_it_swallows(tmp_path):
    uri = write(tmp_path, 'a,b\n1,x\n2,"open\n3,y\n4,z\n')
    ((count, _, _),) = left_out(tmp_path, uri)
    assert count == 3
    assert opened(tmp_path, uri).rows.fetchall() == [("1", "x")]


def test_a_quote_that_swallows_more_than_can_be_counted_stops_the_reading(tmp_path):
    lines = [f'{n},"open\n' if n == 500 else f"{n},text of a line\n" for n in range(300_000)]
    uri = write(tmp_path, "a,b\n" + "".join(lines))
    with pytest.raises(
        DataError, match=r"opens in line 502 of `orders\.csv` is never closed"
    ) as told:
        opened(tmp_path, uri)
    assert told.value.diagnostics[0].code == "KR625"
    assert len(fetched(tmp_path, uri, options={"quote": ""})) == 300_000


def test_lines_within_cells_and_empty_lines_are_no_reason_to_stop(tmp_path):
    uri = write(tmp_path, '\n\na,"b\nc"\n\n1,"x\n\n\ny"\n\n\n2,"\n"\n3,z')
    assert opened(tmp_path, uri).rows.columns == ["a", "b\nc"]
    assert fetched(tmp_path, uri) == [("1", "x\n\n\ny"), ("2", "\n"), ("3", "z")]


def test_bytes_that_are_not_of_the_encoding_are_told_by_line(tmp_path):
    (tmp_path / "orders.csv").write_bytes(b"a,b\n1,x\n2,\xff\n3,\xc3\xa9\n")
    assert opened(tmp_path, "csv:orders.csv").rows.fetchall() == [("1", "x"), ("3", "é")]
    ((count, message, _),) = left_out(tmp_path, "csv:orders.csv")
    assert (count, message) == (
        1,
        "the line is not UTF-8; name another one by the option `encoding`",
    )


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "UTF8", "gb18030"])
def test_other_encodings_are_read_when_they_are_named(encoding, tmp_path):
    text = "客户,b\n公司,é\n" if encoding == "gb18030" else "kunde,b\nMüller,é\n"
    uri = write(tmp_path, text, encoding=encoding)
    rows = [tuple(line.split(",")) for line in text.splitlines()[1:]]
    assert fetched(tmp_path, uri, options={"encoding": encoding}) == rows


def test_a_file_that_is_not_of_the_encoding_named_is_refused(tmp_path):
    (tmp_path / "orders.csv").write_bytes(b"a\n\xff\xff\n")
    with pytest.raises(DataError, match=r"`orders\.csv` is not written in gb18030"):
        opened(tmp_path, "csv:orders.csv", options={"encoding": "gb18030"})


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read_and_a_byte_order_mark_passed_over(ending, tmp_path):
    uri = write(tmp_path, f"a,b{ending}1,x{ending}2,y", encoding="utf-8-sig")
    assert opened(tmp_path, uri).rows.columns == ["a", "b"]
    assert fetched(tmp_path, uri) == [("1", "x"), ("2", "y")]


def test_a_file_with_line_ends_of_several_kinds_is_read_too(tmp_path):
    uri = write(tmp_path, 'a,b\n1,x\r\n2,"y\r\nz"\n3,é\r\n')
    assert fetched(tmp_path, uri) == [("1", "x"), ("2", "y\nz"), ("3", "é")]


def test_a_utf_16_file_from_a_spreadsheet_tells_so_itself(tmp_path):
    uri = write(tmp_path, "a\tb\nÄ\t1\n", encoding="utf-16")
    assert fetched(tmp_path, uri) == [("Ä", "1")]


def test_packed_files_are_unpacked(tmp_path):
    (tmp_path / "orders.csv.gz").write_bytes(gzip.compress(b"a,b\n1,x\n"))
    assert fetched(tmp_path, "csv:orders.csv.gz") == [("1", "x")]


def test_files_that_a_pattern_fits_are_read_in_order(tmp_path):
    write(tmp_path, "a,b\n2,y\n", "orders-02.csv")
    write(tmp_path, "a,b\n1,x\n", "orders-01.csv")
    assert fetched(tmp_path, "csv:orders-*.csv") == [("1", "x"), ("2", "y")]
    write(tmp_path, "b,a\nz,3\n", "orders-03.csv")
    assert fetched(tmp_path, "csv:orders-*.csv") == [("1", "x"), ("2", "y"), ("3", "z")]
    write(tmp_path, "c,d\n1,x\n", "orders-04.csv")
    with pytest.raises(
        DataError, match=r"`orders-04\.csv` has other columns than `orders-01\.csv`"
    ):
        opened(tmp_path, "csv:orders-*.csv")


def test_names_that_look_like_patterns_or_sql_are_only_names(tmp_path):
    for number, name in enumerate(["a*.csv", "ab.csv", "o'b;--.csv", "[x].csv", "a?.csv"]):
        write(tmp_path, f"n\n{number}\n", name)
        assert fetched(tmp_path, f"csv:{name}") == [(str(number),)]


def test_columns_that_differ_in_case_only_or_have_no_name_are_kept_apart(tmp_path):
    uri = write(tmp_path, 'Name,NAME,,name,"say ""hi"""\n1,2,3,4,5\n')
    assert opened(tmp_path, uri).rows.columns == [
        "Name",
        "NAME_2",
        "column_3",
        "name_3",
        'say "hi"',
    ]
    assert fetched(tmp_path, uri) == [("1", "2", "3", "4", "5")]


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    assert fetched(tmp_path, write(tmp_path, "a,b\n")) == []


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_a_file_with_nothing_in_it_is_refused(text, tmp_path):
    with pytest.raises(DataError, match=r"`orders\.csv` is empty") as told:
        opened(tmp_path, write(tmp_path, text))
    assert told.value.exit_status == 4


def test_a_decimal_comma_becomes_a_point_where_a_number_is(tmp_path):
    text = "id;amount;note;day\n1,5;1.234.567,89;12,5 kg;1.234\n1.234;-3,5;;2,5\n"
    given = {"account": "id", "columns": {"day": ColumnMap("day", format="%d.%m")}}
    found = fetched(tmp_path, write(tmp_path, text), options={"decimal": ","}, **given)
    assert found == [("1,5", "1234567.89", "12,5 kg", "1.234"), ("1.234", "-3.5", None, "2,5")]


@pytest.mark.parametrize(
    ("options", "code", "part"),
    [
        ({"delimeter": ";"}, "KR632", "did you mean `delimiter`?"),
        (
            {"x": True},
            "KR632",
            "it has delimiter, quote, encoding, header, decimal, thousands",
        ),
        ({"delimiter": "::::!"}, "KR633", "has to be one to four characters"),
        ({"delimiter": ""}, "KR633", "has to be one to four characters"),
        ({"delimiter": "\n"}, "KR633", "may not be a line's end"),
        ({"delimiter": 5}, "KR633", "has to be one to four characters"),
        ({"header": True}, "KR633", "the number of the line with the columns' names"),
        ({"header": 0}, "KR633", "from 1 to 1000"),
        ({"thousands": ";"}, "KR633", 'has to be ".", ",", " "'),
        ({"thousands": "."}, "KR633", "and so is the decimal sign"),
        ({"decimal": ",", "thousands": ","}, "KR633", "and so is the decimal sign"),
        ({"currency": "5"}, "KR633", "the sign or letters beside amounts"),
        ({"currency": []}, "KR633", "the sign or letters beside amounts"),
        ({"storage": {"anon": True}}, "KR633", "is for remote files"),
        ({"quote": "''"}, "KR633", 'or "" for files without quoting'),
        ({"encoding": "uft-8"}, "KR633", "is `uft-8`, which is no encoding"),
        ({"encoding": "base64"}, "KR633", "names no text encoding"),
        ({"encoding": 8}, "KR633", "is no encoding"),
        ({"decimal": "."}, None, ""),
        ({"decimal": "·"}, "KR633", 'has to be "." or ","'),
    ],
)
def test_options_are_checked(options, code, part, tmp_path):
    uri = write(tmp_path, "a,b\n1,x\n")
    if code is None:
        assert fetched(tmp_path, uri, options=options) == [("1", "x")]
        return
    with pytest.raises(DataError) as told:
        opened(tmp_path, uri, options=options)
    assert [each.code for each in told.value.diagnostics] == [code]
    assert part in str(told.value)


def test_a_line_that_is_too_long_is_told_and_not_lost(tmp_path):
    uri = write(tmp_path, f"a,b\n1,{'x' * 2_100_000}\n2,y\n")
    ((count, message, (example,)),) = left_out(tmp_path, uri)
    assert (count, message) == (1, "the line is longer than 2,000,000 bytes")
    assert len(example) < 100


def test_a_table_can_be_opened_twice_on_one_connection(tmp_path):
    import duckdb

    connection = duckdb.connect()
    uri = write(tmp_path, "a\n1\n")
    first = opened(tmp_path, uri, connection).rows
    write(tmp_path, "a\n2\n")
    assert fetched(tmp_path, uri, connection) == [("2",)]
    assert first.fetchall() == [("1",)]
    assert first.filter("a = '1'").fetchall() == [("1",)]
