"""What a csv file does not say itself: delimiter, header, encoding; and numbers as people write them."""

from __future__ import annotations

import csv
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


@pytest.mark.parametrize("delimiter", [*",;\t|^~\x1f\x01¦§", "||", "~~"])
def test_the_delimiter_is_found_in_the_first_lines(delimiter, tmp_path):
    rows = [["id", "name, first", "note"], ["1", "Ray, M", "a; b"], ["2", "Lee", "5|6"]]
    lines = [delimiter.join(f'"{each}"' for each in row) for row in rows]
    uri = write(tmp_path, "\n".join(lines))
    assert opened(tmp_path, uri).rows.columns == rows[0]
    assert fetched(tmp_path, uri) == [tuple(each) for each in rows[1:]]


def test_a_comma_in_texts_and_decimals_is_no_delimiter_where_another_one_fits(tmp_path):
    for rows in ("A;1,5;2,5\nB;3,5;1\nC;1;1,5\n", "A;1,5;2,5\nB;3,5;1,5\n"):
        uri = write(tmp_path, "id;Revenue, EUR;Cost, EUR\n" + rows)
        assert opened(tmp_path, uri).rows.columns == ["id", "Revenue, EUR", "Cost, EUR"]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a~b~e;c~d\n1~2~3;4~5\n", ["a~b~e", "c~d"]),
        ("id; name; c,d\n1; x; y\n2; x; y\n", ["id", " name", " c,d"]),
        ("id; name; c,d\n" + "1; x; y\n" * 30 + "broken\n", ["id", " name", " c,d"]),
        ("id\n1;2\n", ["id"]),
        ("only one name, with a comma\nx\n", ["only one name", " with a comma"]),
    ],
)
def test_of_several_possible_delimiters_the_likelier_one_is_taken(text, columns, tmp_path):
    assert opened(tmp_path, write(tmp_path, text)).rows.columns == columns


def test_a_few_broken_lines_do_not_hide_the_delimiter(tmp_path):
    lines = [f"{n};x, y;{n},5" for n in range(50)]
    lines[20] = "20;x"
    uri = write(tmp_path, "id;a, b;c\n" + "\n".join(lines))
    assert left_out(tmp_path, uri) == [(1, "the line has too few cells", ("orders.csv:22: 20;x",))]


@pytest.mark.parametrize("delimiter", ["||", "~|~", "::", "\x1f", "§"])
def test_any_delimiter_can_be_named(delimiter, tmp_path):
    uri = write(tmp_path, f'a{delimiter}"b{delimiter}c"\n1{delimiter}"x{delimiter}y"\n')
    given_ = {"delimiter": delimiter}
    assert opened(tmp_path, uri, options=given_).rows.columns == ["a", f"b{delimiter}c"]
    assert fetched(tmp_path, uri, options=given_) == [("1", f"x{delimiter}y")]


WORD = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=6)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.lists(WORD, min_size=3, max_size=3), min_size=1, max_size=30),
    delimiter=st.sampled_from([*",;\t|^~\x1f\x01¦§"]),
)
def test_whatever_the_words_are_the_delimiter_between_them_is_found(rows, delimiter):
    with tempfile.TemporaryDirectory() as folder:
        with (Path(folder) / "orders.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(
                [["id", "first", "second"], *rows]
            )
        assert fetched(Path(folder), "csv:orders.csv") == [tuple(each) for each in rows]


def test_what_stands_above_the_header_is_passed_over_when_its_line_is_named(tmp_path):
    text = 'Report of June\n"made by, us"\n\nid,amount\n1,5\n\n2,6\n'
    uri = write(tmp_path, text)
    assert fetched(tmp_path, uri, options={"header": 4}) == [("1", "5"), ("2", "6")]
    assert fetched(tmp_path, uri, options={"header": 3}) == [("1", "5"), ("2", "6")]
    with pytest.raises(DataError, match="has no header in line 9, nor below"):
        opened(tmp_path, uri, options={"header": 9})


def test_the_line_in_which_a_spreadsheet_names_the_delimiter_is_understood(tmp_path):
    uri = write(tmp_path, "sep=^\nid^amount\n1^5\n")
    assert fetched(tmp_path, uri) == [("1", "5")]


TEXTS = {
    "cp1252": ["Müller & Söhne;Köln", "Señor Peña;São Paulo", "Smith’s “best”;5 €"],
    "cp1250": ["Zakłady Łódź;Łódź", "Spółka z o.o. Gdańsk;Wrocław", "Żelazo;Kraków"],
    "cp1251": ["Газпром;Москва", "Завод;Санкт-Петербург"],
    "cp1253": ["Αθήνα Εταιρεία;Αθήνα", "Θεσσαλονίκη;Ελλάδα"],
    "cp1254": ["İstanbul Şirketi;İstanbul", "Güneş Ağaç Işık;İzmir"],
    "gb18030": ["上海贸易有限公司;上海", "北京科技股份公司;北京"],
    "big5": ["台北貿易有限公司;台北", "高雄科技股份公司;高雄"],
    "cp932": ["株式会社東京商事;東京", "大阪テクノロジー;大阪"],
    "cp949": ["서울무역주식회사;서울", "부산전자;부산"],
}


@pytest.mark.parametrize("encoding", TEXTS)
@pytest.mark.parametrize("plain", [0, 20_000])
def test_a_file_that_is_not_utf_8_is_read_by_a_guess_and_told_of(encoding, plain, tmp_path):
    ascii_rows = [("Acme Limited", f"Town {number}") for number in range(plain)]
    rows = [*ascii_rows, *(tuple(each.split(";")) for each in TEXTS[encoding])]
    lines = [";".join(each) for each in [("name", "city"), *rows]]
    uri = write(tmp_path, "\n".join(lines), encoding=encoding)
    found = opened(tmp_path, uri)
    assert found.rows.fetchall() == rows
    ((code, count, message),) = [(each.code, each.count, each.message) for each in found.problems]
    assert (code, count) == ("KR650", 0)
    assert message.startswith("`orders.csv` is not UTF-8 and was read as")
    name = message.split('encoding = "')[1].split('"')[0]
    assert fetched(tmp_path, uri, options={"encoding": name}) == rows


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_seen_by_its_zero_bytes(encoding, tmp_path):
    uri = write(tmp_path, "name;city\nMüller;Köln\n客户;上海\n", encoding=encoding)
    assert fetched(tmp_path, uri) == [("Müller", "Köln"), ("客户", "上海")]


NAMES = st.lists(st.text(st.characters(min_codepoint=0x21, exclude_categories=["C", "Z"],
                                       exclude_characters='",;|\t^~¦§'), min_size=1, max_size=12),
                 min_size=1, max_size=20)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(names=NAMES)
def test_a_utf_8_file_is_never_read_as_anything_else(names):
    with tempfile.TemporaryDirectory() as folder:
        text = "id,name\n" + "".join(f"{number},{each}\n" for number, each in enumerate(names))
        (Path(folder) / "orders.csv").write_text(text, encoding="utf-8")
        assert fetched(Path(folder), "csv:orders.csv") == [
            (str(number), each) for number, each in enumerate(names)
        ]


@settings(max_examples=60, deadline=None)
@given(
    damaged=st.integers(0, 39),
    byte=st.sampled_from([b"\xe9", b"\xff", b"\xc0"]),
    word=st.sampled_from(["Müller", "Łódź", "上海", "Москва"]),
)
def test_a_utf_8_file_with_some_damage_stays_utf_8_and_loses_those_lines_only(damaged, byte, word):
    lines = [f"{number},{word}".encode() for number in range(40)]
    lines[damaged] = lines[damaged][:-1] + byte
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "orders.csv").write_bytes(b"\n".join([b"id,name", *lines, b""]))
        found = opened(Path(folder), "csv:orders.csv")
        assert [each.code for each in found.problems] == ["KR647"]
        whole = [(str(number), word) for number in range(40) if number != damaged]
        assert found.rows.fetchall() == whole


def test_a_guess_that_does_not_fit_the_whole_file_is_refused(tmp_path):
    (tmp_path / "orders.csv").write_bytes(
        b"id,name\n" + "1,Caf\xe9 soci\xe9t\xe9\n".encode("cp1252") * 9000 + b"2,\x81\x8d\n"
    )
    with pytest.raises(DataError, match="is neither written in UTF-8 nor in cp1252") as told:
        opened(tmp_path, "csv:orders.csv")
    assert (
        told.value.diagnostics[0].help
        == 'name its encoding, as in options = { encoding = "cp1252" }'
    )


def test_a_guess_is_made_for_each_file_and_one_utf_8_file_among_them_stays_so(tmp_path):
    write(tmp_path, "id;name\n1;Müller Köln\n", "orders-1.csv", "cp1252")
    write(tmp_path, "id;name\n2;Łódź 客户\n", "orders-2.csv")
    found = opened(tmp_path, "csv:orders-*.csv")
    assert found.rows.fetchall() == [("1", "Müller Köln"), ("2", "Łódź 客户")]
    (problem,) = found.problems
    assert "`orders-1.csv` is not UTF-8 and was read as cp1252" in problem.message


NUMBERS = [
    ({"thousands": ","}, "1,234,567.89", "1234567.89"),
    ({"thousands": ","}, "-1,234", "-1234"),
    ({"thousands": ","}, "12,34,567.5", "1234567.5"),
    ({"thousands": ","}, "1,23", "1,23"),
    ({"thousands": ","}, "1234.5", "1234.5"),
    ({"decimal": ",", "thousands": " "}, "1 234 567,89", "1234567.89"),
    ({"decimal": ",", "thousands": " "}, "1\u202f234,5", "1234.5"),
    ({"decimal": ",", "thousands": "\u202f"}, "1\u00a0234,5", "1234.5"),
    ({"decimal": ",", "thousands": " "}, "1.234", "1.234"),
    ({"decimal": ","}, "1.234.567,8", "1234567.8"),
    ({"decimal": ",", "thousands": ""}, "1.234", "1.234"),
    ({"decimal": ",", "thousands": ""}, "1234,5", "1234.5"),
    ({"decimal": ","}, "1,5E+05", "1.5E+05"),
    ({"thousands": "'"}, "1'234.50", "1234.50"),
    ({"thousands": "'"}, "1’234.50", "1234.50"),
    ({"currency": "€"}, "€ 12.50", "12.50"),
    ({"currency": "€", "decimal": ","}, "-1.234,50 €", "-1234.50"),
    ({"currency": ["$", "US$"], "thousands": ","}, "-$1,234.50", "-1234.50"),
    ({"currency": ["$", "US$"], "thousands": ","}, "US$ -1,234.50", "-1234.50"),
    ({"currency": "EUR"}, "1.5E+05 EUR", "1.5E+05"),
    ({"currency": "€"}, "$ 12.50", "$ 12.50"),
    ({"currency": "€"}, "€", "€"),
    ({"thousands": ","}, "12,345 kg", "12,345 kg"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "written", "read"), NUMBERS)
def test_numbers_are_read_as_people_write_them_and_other_texts_stay(
    options, written, read, tmp_path
):
    uri = write(tmp_path, f'id\tamount\n"{written}"\t"{written}"\n')
    assert fetched(tmp_path, uri, options=options, account="id") == [(written, read)]


def test_signs_stay_in_columns_that_are_mapped_as_texts(tmp_path):
    uri = write(tmp_path, "id;size;amount\nA;1,5;1,5\n")
    table = {"columns": {"size": ColumnMap("size", values={"1,5": "small"})}, "account": "id"}
    assert fetched(tmp_path, uri, options={"decimal": ","}, **table) == [("A", "1,5", "1.5")]


@settings(max_examples=150, deadline=None)
@given(
    number=st.decimals(-(10**12), 10**12, places=2, allow_nan=False),
    signs=st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (".", " ")]),
    money=st.sampled_from(["", "€", "US$"]),
)
def test_every_amount_written_with_signs_comes_back_exactly(number, signs, money):
    decimal, thousands = signs
    text = f"{number:,.2f}".replace(",", "T").replace(".", decimal).replace("T", thousands)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), f'id\tamount\n1\t"{text} {money}"\n')
        given_ = {"decimal": decimal, "thousands": thousands} | (
            {"currency": money} if money else {}
        )
        ((_, read),) = fetched(Path(folder), "csv:orders.csv", options=given_, account="id")
    assert read == f"{number:.2f}"
