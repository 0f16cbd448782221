"""docs/files.md says what is so: its options, its endings, its numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tomli

from kamrules.book.files import FORMS, form_of
from kamrules.diagnostics import DataError
from tests.adapters.opening import PLUGINS, fetched, opened

PAGE = (Path(__file__).parents[2] / "docs" / "files.md").read_text(encoding="utf-8")
SOURCES = dict(re.findall(r"^\| `(csv|jsonl|parquet|xlsx)` \| (.*) \|$", PAGE, re.MULTILINE))
NUMBERS = re.findall(r"^\| (`(?:decimal|thousands|currency) =.*?) \| (.*?) \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("source", SOURCES)
def test_the_options_and_endings_of_a_source_are_those_of_the_page(source, tmp_path):
    endings, _, options = SOURCES[source].partition("|")
    with pytest.raises(DataError, match=r"has no option `\?`") as told:
        opened(tmp_path, f"{source}:orders", options={"?": 1})
    listed = told.value.diagnostics[0].help.removeprefix("it has ").split(", ")
    assert listed == [*re.findall(r"`(\w+)`", options), "storage"]
    known = {ending for ending, form in FORMS.items() if form == source}
    packed = {each for each in (".gz", ".zst") if form_of(f"x{min(known)}{each}") == source}
    assert set(re.findall(r"`(\.\w+)`", endings)) == known | packed


def test_the_examples_of_the_page_are_toml():
    for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL):
        assert tomli.loads(text)


@pytest.mark.parametrize(("given", "examples"), NUMBERS)
def test_the_numbers_of_the_page_are_read(given, examples, tmp_path):
    options = tomli.loads("\n".join(re.findall(r"`([^`]+)`", given)))
    texts = [each.strip() for each in examples.split(", ")] if "EUR" in given else [examples]
    for text in texts:
        (tmp_path / "orders.csv").write_text(f'id\tamount\n1\t"{text}"\n', encoding="utf-8")
        ((_, read),) = fetched(tmp_path, "csv:orders.csv", options=options, account="id")
        assert abs(float(read)) == 1234.5


def test_the_formats_of_the_page_are_those_that_there_are():
    line = next(each for each in PAGE.splitlines() if each.startswith("`--format` is"))
    assert set(re.findall(r"`([a-z.]+)`", line)) == set(PLUGINS.formats)
