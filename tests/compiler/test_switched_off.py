"""What other rules may still say of a rule that is switched off."""

from __future__ import annotations

import pytest

from kamrules.compiler import compile_ruleset
from kamrules.diagnostics import RulesetError
from kamrules.document import load_ruleset

BASE = """
[ruleset]
name = "theirs"
version = "1"
[table.accounts.column]
size = { type = "money" }
[role.seller]
title = "Seller"
[class.key]
level = 2
when = "size > 5"
[class.other]
level = 1
when = "not (size > 5)"
[path.up]
from = "other"
to = "key"
[action.call]
title = "Call"
when = "size > 5"
priority = 10
owner = "seller"
due_days = 7
because = "it is time"
excludes = ["write"]
[action.write]
title = "Write"
when = "size > 2"
priority = 10
owner = "seller"
due_days = 7
because = "it is time"
"""


def ours(tmp_path, text):
    (tmp_path / "theirs.toml").write_text(BASE, encoding="utf-8")
    header = '[ruleset]\nname = "ours"\nversion = "1"\nextends = ["theirs.toml"]\n'
    path = tmp_path / "ours.toml"
    path.write_text(header + text, encoding="utf-8")
    return load_ruleset(path)


def test_an_action_that_makes_way_for_one_switched_off_does_without(tmp_path):
    program = compile_ruleset(ours(tmp_path, "[action.write]\nenabled = false\n"))
    assert [each.id for each in program.actions] == ["call"]


def test_another_rule_that_needs_one_switched_off_tells_where_that_is_written(tmp_path):
    with pytest.raises(RulesetError) as raised:
        compile_ruleset(ours(tmp_path, "[class.key]\nenabled = false\n"))
    told = {each.message for each in raised.value.diagnostics}
    assert told == {f"class `key` is switched off, in {tmp_path}/ours.toml line 6"}
