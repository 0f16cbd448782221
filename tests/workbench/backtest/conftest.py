"""The ruleset of these tests, compiled once."""

from __future__ import annotations

import pytest

from kamrules import load_ruleset
from kamrules.compiler import compile_ruleset
from tests.workbench.backtest.history import RULES


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "rules.toml"
    path.write_text(RULES, encoding="utf-8")
    return compile_ruleset(load_ruleset(path))
