"""Shipped rulesets are laid out as `kamrules fmt` lays them out."""

from __future__ import annotations

import pytest

from kamrules import load_ruleset
from kamrules.document import names, shipped_folder
from kamrules.workbench.formatting import formatted


@pytest.mark.parametrize("name", names([shipped_folder()]))
def test_a_shipped_ruleset_is_laid_out(name):
    assert [each.file for each in formatted(load_ruleset(name)) if each.changed] == []
