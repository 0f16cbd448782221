"""The rules as a kamrules ruleset."""

from __future__ import annotations

import json

from benchmarks.peers.rules import (
    ACTIONS,
    CHOICES,
    CLASSES,
    COLUMNS,
    CRITERIA,
    FACTS,
    SCORES,
    TIERS,
)

_NAMES = {"level": "tier.level"}


def toml() -> str:
    """Return the ruleset as one TOML file."""
    lines = ["[ruleset]", 'name = "peers"', 'version = "1"', 'hit = "first"']
    lines += ["[table.accounts.column]", 'name = { type = "text" }']
    for name, kind in COLUMNS.items():
        choices = f", choices = {json.dumps(CHOICES[name])}" if kind == "choice" else ""
        lines.append(f'{name} = {{ type = "{kind}"{choices} }}')
    lines += [line for name, fact in FACTS.items() for line in _fact(name, fact)]
    for score in SCORES:
        lines += [f"[score.{score}]", f'about = "How much of {score} there is"']
    lines += [line for name, each in CRITERIA.items() for line in _criterion(name, each)]
    for name, tests in CLASSES.items():
        lines.append(f"[class.{name}]")
        lines += [f"when = {_when(tests)}"] if tests else []
    for level, (name, tests) in enumerate(TIERS.items(), start=1):
        lines += [f"[tier.{name}]", f"level = {level}"]
        for number, test in enumerate(tests):
            lines += [f"[tier.{name}.gate.gate{number}]", f"when = {json.dumps(_text(test))}"]
    lines += ["[role.account_manager]", 'title = "Account manager"']
    lines += [line for name, each in ACTIONS.items() for line in _action(name, each)]
    return "\n".join(lines) + "\n"


def _fact(name, fact):
    one, other = fact.one, fact.other
    kind, value = {
        "growth": ("share", f"({one} - {other}) / {other}"),
        "ratio": ("share", f"{one} / {other}"),
        "days": ("days", f"days_since({one})"),
    }[fact.kind]
    return [f"[fact.{name}]", f'type = "{kind}"', f'value = "{value}"']


def _criterion(name, criterion):
    days = COLUMNS.get(criterion.value) is None and FACTS[criterion.value].kind == "days"
    unit = "d" if days else ""
    scale, upper = [], ""
    for bound, points in criterion.steps:
        close = ")" if upper else "]"
        scale.append(f'{{ in = "[{bound}{unit}..{upper}{close}", points = {points} }}')
        upper = f"{bound}{unit}"
    scale.append(f'{{ in = "[..{upper})", points = {criterion.below} }}')
    return [
        f"[criterion.{name}]", f'score = "{criterion.score}"', f"weight = {criterion.weight}",
        f'value = "{criterion.value}"', f"scale = [{', '.join(scale)}]", 'unknown = "zero"',
    ]  # fmt: skip


def _action(name, action):
    return [
        f"[action.{name}]", f'title = "{name.replace("_", " ").capitalize()}"',
        f"when = {_when(action.when)}", f'priority = "{action.start} + {action.slope} * {action.score}"',
        'owner = "account_manager"', "due_days = 14", "effort_hours = 2",
        f'because = "It has {{{action.score}}} of 100."',
    ]  # fmt: skip


def _when(tests):
    return json.dumps([_text(each) for each in tests])


def _text(test):
    name = _NAMES.get(test.name, test.name)
    if test.value is True:
        return name
    if test.sign == "in":
        return f"{name} in [{', '.join(map(_quoted, test.value))}]"
    unit = "d" if test.name in FACTS and FACTS[test.name].kind == "days" else ""
    value = _quoted(test.value) if isinstance(test.value, str) else f"{test.value}{unit}"
    return f"{name} {test.sign} {value}"


def _quoted(text):
    return f"'{text}'"
