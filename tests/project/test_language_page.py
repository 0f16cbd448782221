"""The programs of docs/language.md run as they stand there."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest

from kamrules import decide
from kamrules.plugins import Plugins

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
PLUG_IN, EMBEDDED = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
RULES = """
[ruleset]
name = "ours"
version = "1"
[table.accounts.column]
vat = { type = "text" }
[class.german]
when = "vat_country(vat) == 'DE'"
[class.other]
when = "vat_country(vat) != 'DE' or vat_country(vat) is unknown"
"""


@pytest.mark.parametrize(
    ("vat", "class_"), [("de1", "german"), ("FR2", "other"), ("12", "other"), (None, "other")]
)
def test_the_function_of_the_page_decides_in_the_program_of_the_page(
    vat, class_, tmp_path, monkeypatch
):
    (tmp_path / "kamrules_of_the_page.py").write_text(PLUG_IN, encoding="utf-8")
    (tmp_path / "ours.toml").write_text(RULES, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    plugins = Plugins()
    assert plugins.add(__import__("kamrules_of_the_page")).failure is None
    monkeypatch.setattr(Plugins, "load", classmethod(lambda _: plugins))
    space = {}
    exec(
        compile(EMBEDDED.replace('"ours"', f"{str(tmp_path / 'ours.toml')!r}"), "page", "exec"),
        space,
    )
    decision = decide(
        space["program"], {"account_id": "A", "vat": vat}, as_of=datetime.date(2026, 6, 30)
    )
    assert decision.class_ == class_
