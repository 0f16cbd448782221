"""Every code that reading a ruleset can raise has a page, whose examples show it and its mend."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tomli

import kamrules
from kamrules.diagnostics import KamrulesError
from kamrules.document import load_ruleset

PACKAGE = Path(kamrules.__file__).parent
CODES = sorted(
    {
        code
        for path in (PACKAGE / "document").glob("*.py")
        for code in re.findall(r"KR\d{3}", path.read_text(encoding="utf-8"))
    }
)
WITHOUT_EXAMPLE = {"KR101", "KR103", "KR104"}  # a page can hold neither such files nor such disks


def codes_of(example, folder):
    for name, text in example["files"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    words = example.get("command", "check rules.toml").split()
    wanted = words[words.index("--ruleset") + 1] if "--ruleset" in words else words[1]
    settings = dict([words[words.index("--set") + 1].split("=", 1)]) if "--set" in words else {}
    try:
        load_ruleset(wanted, set=settings)
    except KamrulesError as error:
        return [each.code for each in error.diagnostics]
    return []


@pytest.mark.parametrize("code", CODES)
def test_a_page_tells_why_and_its_examples_show_the_code_and_the_mend(code, tmp_path, monkeypatch):
    page = tomli.loads((PACKAGE / "pages" / f"{code}.toml").read_text(encoding="utf-8"))
    assert page["title"][0].islower() or page["title"].startswith(("TOML", "UTF"))
    assert page["why"].endswith(".")
    assert page["mend"].endswith(".")
    assert ("bad" in page) == (code not in WITHOUT_EXAMPLE)
    if "bad" in page:
        for name, wanted in (("bad", [code]), ("good", [])):
            folder = tmp_path / name
            folder.mkdir()
            monkeypatch.chdir(folder)
            assert codes_of(page[name], folder) == wanted
