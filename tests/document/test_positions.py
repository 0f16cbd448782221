"""Every key and value of a TOML text is found where it stands."""

from __future__ import annotations

import math

import pytest
import tomli
from hypothesis import HealthCheck, given, settings

from kamrules.document.positions import DEEPEST, Positions, index
from kamrules.document.reading import parse_document
from kamrules.document.strings import characters
from tests.document.rulesets import load, problems
from tests.document.toml_texts import documents


def same(left, right):
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(map(same, left.values(), right.values()))
    return left == right and type(left) is type(right)


def at(data, path):
    for part in path:
        data = data[part]
    return data


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_every_value_is_found_at_its_path_and_its_slice_reads_back_as_the_same_value(text):
    clean = text.removeprefix("\ufeff").replace("\r\n", "\n")
    data = tomli.loads(clean)
    document = parse_document(text, "rules.toml")
    assert document.positions is not None, "the index disagrees with tomli"
    for path, spot in document.positions.spots.items():
        if spot.value is not None:
            slice_ = clean[slice(*spot.value)]
            assert same(tomli.loads(f"v = {slice_}")["v"], at(data, path))
        if spot.key is not None and isinstance(path[-1], str):
            assert tomli.loads(f"{clean[slice(*spot.key)]} = 1") == {path[-1]: 1}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_every_character_of_a_string_knows_the_offset_at_which_it_was_written(text):
    clean = text.removeprefix("\ufeff").replace("\r\n", "\n")
    data = tomli.loads(clean)
    positions = index(clean)
    for path, spot in positions.spots.items():
        value = at(data, path)
        if isinstance(value, str):
            found, offsets = characters(clean, *spot.value)
            assert found == value
            assert len(offsets) == len(value) + 1
            assert offsets == sorted(offsets)
            for character, offset in zip(value, offsets, strict=False):
                assert clean[offset] in (character, "\\")


def test_columns_count_characters_and_skip_escapes():
    text = '[class.key]\r\n\twhen = "\u4e2d\\u6587 \\"x\\" > 5" # \u4e2d\r\n'
    document = parse_document(text, "rules.toml")
    spot = document.positions.spots["class", "key", "when"]
    source = document.positions.source_text(
        "rules.toml", spot, '\u4e2d\u6587 "x" > 5', "class.key.when"
    )
    assert source.line == 2
    assert source.excerpt == '\twhen = "\u4e2d\\u6587 \\"x\\" > 5" # \u4e2d'
    assert source.columns[:5] == (10, 11, 17, 18, 20)
    place = source.place(3, 6)
    assert source.excerpt[place.column - 1 : place.end_column - 1] == '\\"x\\"'


@pytest.mark.parametrize(
    ("text", "path", "line", "marked"),
    [
        ("[a.b]\n", ("a", "b"), 1, "b"),
        ("[a.b]\n", ("a",), 1, "a"),
        ("[a.'b c']\nx = 1", ("a", "b c"), 1, "'b c'"),
        ("[[a]]\n[[a]]\nx = 1", ("a", 1, "x"), 3, "1"),
        ("[[a]]\n[[a]]\nx = 1", ("a", 1), 2, "a"),
        ("a.b.c = [1, [2, 'x']]", ("a", "b", "c", 1, 1), 1, "'x'"),
        ("a = {b.c = 5, d = [ {e = 6} ]}", ("a", "d", 0, "e"), 1, "6"),
        ("a = [\n  1, # one\n\n  2,\n]", ("a", 1), 4, "2"),
        ("a = [\n  1, # one\n\n  2,\n]", ("a",), 1, "["),
        ("\ufeffa = 1", ("a",), 1, "1"),
        ('a = """\nlong\ntext"""', ("a",), 1, '"""'),
        ("# \u4e2d\u6587\n\u0009a\t=\t2026-01-31 # x", ("a",), 2, "2026-01-31"),
    ],
)
def test_a_place_marks_the_key_or_value_on_its_line(text, path, line, marked):
    document = parse_document(text, "rules.toml")
    spot = document.positions.spots[path]
    place, excerpt = document.positions.place("rules.toml", spot.value or spot.key)
    assert place.line == line
    assert excerpt[place.column - 1 : place.end_column - 1] == marked


def test_the_scanner_stops_at_what_is_too_deep_and_says_so():
    assert not index("a = " + "[" * DEEPEST + "]" * DEEPEST).too_deep
    assert index("a = " + "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)).too_deep
    assert index("a = " + "{a=" * 100_000).too_deep
    assert index(".".join("a" * 51) + " = 1").too_deep
    assert index("[" + ".".join("a" * 51) + "]").too_deep


def test_a_text_of_megabytes_is_scanned_in_reasonable_time():
    """Runs of quotes, blanks and backslashes must not make the scanner try every way to split them."""
    for text in (
        'a = """' + '""x' * 300_000,
        "a = '" + "\\" * 900_000,
        "#" * 900_000,
        " \n" * 400_000,
    ):
        index(text)


def test_when_the_index_disagrees_with_the_values_places_are_the_file_and_nothing_crashes(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(Positions, "agrees", lambda *_: False)
    text = '[class.a]\nwhen = ["x", "\\u4e2d"]\nabout = """\nmany\nlines"""\n'
    ruleset = load(tmp_path, text)
    source = ruleset.text("class", "a", "when", 1)
    assert (source.text, source.line, source.place(0, 1).column) == ("\u4e2d", 1, 1)
    assert ruleset.place("class", "a")[0].line == 1
    (found,) = problems(tmp_path, text + "x = 1\n")
    assert (found.code, found.address, found.place.line) == ("KR150", "class.a.x", 1)


def test_an_index_with_paths_that_tomli_does_not_have_disagrees():
    positions = index("a = 1\nb = 'x'")
    assert positions.agrees({"a": 1, "b": "x"})
    assert not positions.agrees({"b": "x"})
    assert not positions.agrees({"a": 1, "b": "x", "c": 1})
    assert not positions.agrees({"a": 1, "b": "y"})
