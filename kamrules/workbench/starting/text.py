"""The text of a new ruleset: commented TOML, already laid out as `kamrules fmt` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.workbench.formatting.layout import text_of
from kamrules.workbench.schema.association import RULESET_SCHEMA

if TYPE_CHECKING:
    from kamrules.workbench.starting.example import Example

AS_OF = "2026-06-30"
"""The day on which the example accounts are decided: any does, and there is no clock."""

HEAD = """\
#:schema {schema}

# Our own rules. All of `{base}` holds here too; what this file says is added to it, or takes its place.
#
#   kamrules check {shown}
#   kamrules test {shown}
#   kamrules run BOOK --ruleset {shown}

[ruleset]
name = "{name}"
version = "1"
extends = [{extends}]
"""
CHANGED = """
# A parameter of `{base}` gets another value here.
# `kamrules docs {extends_shown} --out handbook` lists them all.
#
# [parameter.{parameter}]
# value = {value}
"""
DROPPED = """
# A rule of `{base}` that is not wanted is switched off by its address.
#
# [action.{action}]
# enabled = false
"""
COLUMN = """
# Something we know of an account: a book may have it, and where it does not it is unknown.
[table.accounts.column]
{column} = {{ type = "{type}", about = "Orders that we expect of it in the next twelve months" }}
"""
PARAMETER = """
# A parameter is a number to tune, with the range in which it makes sense.
[parameter.{parameter}]
type = "{type}"
value = {value}
low = {low}
high = {high}
about = "From this {words} on we call an account"
"""
ROLE = """
# Who owns actions.
[role.{role}]
title = "Account manager"
"""
ACTION = """
# An action is proposed for every account for which its condition holds; the reason shows people the values.
[action.{action}]
title = "Call {who} about its plans"
when = "{column} >= {parameter}"
priority = 40
owner = "{role}"
due_days = 14
effort_hours = 1
cooldown_days = 90
because = "It stands at {{{column}}}; from {{{parameter}}} on we call."
"""
CHINESE = """
# The same in the other language.
[message.zh]
"action.{action}.title" = "致电{who}，了解其计划"
"action.{action}.because" = "现为{{{column}}}；达到{{{parameter}}}即主动致电。"
"""
CHINESE_ROLE = """\
"role.{role}.title" = "客户经理"
"""
TESTS = """
# Tests are example accounts with what must come out; what is not given is unknown.
[test.{called}]
facts = {{ {column} = {above} }}
as_of = {as_of}
expect = {{ actions = ["{action}"] }}

[test.{left_alone}]
facts = {{ {column} = {below} }}
as_of = {as_of}
expect = {{ not_actions = ["{action}"] }}
"""


def text_for(  # noqa: PLR0913  what the header says
    example: Example | None,
    *,
    name: str,
    base: str,
    extends: str,
    shown: str,
    extends_shown: str,
) -> str:
    """Return the text of a ruleset that extends another; without an example, its header alone."""
    head = {"name": name, "base": base, "extends": text_of(extends), "shown": shown}
    found = HEAD.format(**head, schema=RULESET_SCHEMA)
    if example is None:
        return found
    if example.changed is not None:
        parameter, value = example.changed
        found += CHANGED.format(
            base=base, extends_shown=extends_shown, parameter=parameter, value=value
        )
    if example.dropped is not None:
        found += DROPPED.format(base=base, action=example.dropped)
    words = {
        "type": example.type, "column": example.column, "parameter": example.parameter, "who": example.who,
        "action": example.action, "role": example.role, "called": example.called, "as_of": AS_OF,
        "left_alone": example.left_alone, "words": example.column.replace("_", " "),
        "value": _number(example.value), "low": _number(example.low), "high": _number(example.high),
        "above": _number(2 * example.value), "below": _number(example.value // 2),
    }  # fmt: skip
    parts = [
        COLUMN if example.own_column else "",
        PARAMETER,
        ROLE if example.own_role else "",
        ACTION,
        CHINESE if example.chinese else "",
        CHINESE_ROLE if example.chinese and example.own_role else "",
        TESTS,
    ]
    return found + "".join(each.format(**words) for each in parts)


def _number(value: int) -> str:
    return f"{value:_}"
