"""A loaded ruleset knows its texts, their places, and one digest for one meaning."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from kamrules.document import json_schema, load_ruleset
from kamrules.document.fields import RESERVED, KindWord
from kamrules.document.reading import parse_document
from kamrules.document.tree import entries, place_of, text_of, value_at
from kamrules.expression.functions import FUNCTIONS
from kamrules.expression.types import Kind
from tests.document.rulesets import ACTION, HEADER, load, write
from tests.document.toml_texts import documents


def test_a_text_comes_with_its_address_line_and_columns(tmp_path):
    ruleset = load(tmp_path, '[class.key]\nwhen = ["customer", "\u5ba2\u6237 > \\"5\\""]\n')
    source = ruleset.text("class", "key", "when", 1)
    assert source.text == '\u5ba2\u6237 > "5"'
    assert source.address == "class.key.when[1]"
    assert (source.line, source.columns[0], source.columns[5:7]) == (5, 22, (27, 29))


def test_the_place_of_a_value_its_key_and_its_table(tmp_path):
    ruleset = load(tmp_path, "[class.key]\nlevel = 3\n")
    place, line = ruleset.place("class", "key", "level")
    assert (place.line, place.column, place.end_column, line) == (5, 9, 10, "level = 3")
    assert ruleset.place("class", "key", "level", key=True)[0].column == 1
    assert ruleset.place("class", "key") == ruleset.place("class", "key", "when")
    assert ruleset.place("class", "key")[1] == "[class.key]"
    assert ruleset.place("nothing", "at", "all")[0].line == 1


def test_a_text_that_was_not_written_is_an_error_of_the_caller(tmp_path):
    ruleset = load(tmp_path, "[class.key]\nlevel = 3\n")
    for path in (
        ("class", "key", "when"),
        ("class", "key", "level"),
        ("class",),
        ("class", "key", "level", 0),
    ):
        with pytest.raises(KeyError):
            ruleset.text(*path)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_every_string_of_any_document_is_handed_out_as_it_is(text):
    root = entries(parse_document(text, "rules.toml"))

    def walk(value, path):
        if isinstance(value, dict):
            for key, each in value.items():
                walk(each, (*path, key))
        elif isinstance(value, list):
            for number, each in enumerate(value):
                walk(each, (*path, number))
        elif isinstance(value, str):
            source = text_of(root, path)
            assert source.text == value
            assert len(source.columns) == len(value) + 1
        assert value_at(root, path) is not None
        place, line = place_of(root, path)
        assert 1 <= place.column <= place.end_column <= len(line) + 1

    walk(root.plain(), ())


def test_the_digest_does_not_depend_on_files_comments_or_how_values_are_written(tmp_path):
    one = HEADER + ACTION.format("a") + "[class.key]\nlevel = 1\n"
    write(
        tmp_path,
        one__rules=one,
        two__b="# a comment\n" + ACTION.format("a").replace("50", "50.0"),
        two__a='[ruleset]\nversion = """1.0.0"""\nname = \'mine\'\n',
        two__sub__c="class = {key = {level = 0x1}}\n",
    )
    left, right = load_ruleset(tmp_path / "one"), load_ruleset(tmp_path / "two")
    assert left.digest == right.digest
    assert len(left.digest) == 64


def test_the_digest_depends_on_order_and_content(tmp_path):
    first = load(tmp_path, ACTION.format("a") + ACTION.format("b")).digest
    assert load(tmp_path, ACTION.format("b") + ACTION.format("a")).digest != first
    assert (
        load(tmp_path, ACTION.format("a") + ACTION.format("b").replace("50", "51")).digest != first
    )


def test_an_extending_ruleset_has_the_digest_of_the_same_content_written_in_one(tmp_path):
    write(
        tmp_path,
        base=HEADER.replace("mine", "base") + ACTION.format("a") + ACTION.format("b"),
        mine=HEADER
        + "extends = ['base.toml']\n[action.b]\nenabled = false\n[action.a]\npriority = 60\n",
        whole=HEADER + ACTION.format("a").replace("50", "60"),
    )
    assert (
        load_ruleset(tmp_path / "mine.toml").digest == load_ruleset(tmp_path / "whole.toml").digest
    )


def test_the_words_are_those_of_the_expression_language():
    """The layers keep documents from asking the expression language, so a test holds them together."""
    assert list(KindWord.__args__) == [each.value for each in Kind]
    assert set(FUNCTIONS) <= RESERVED


def test_the_json_schema_describes_every_key_and_knows_no_null():
    schema = json_schema()
    assert "null" not in str(schema)
    for name, model in schema["$defs"].items():
        assert model.get("description") or "anyOf" in model, name
        for key, field in model.get("properties", {}).items():
            assert field.get("description"), f"{name}.{key}"
    assert set(schema["properties"]) >= {"ruleset", "class", "action", "message"}
