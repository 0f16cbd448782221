"""Rulesets of a test: written into a folder, loaded, or refused with diagnostics."""

from __future__ import annotations

import pytest

from kamrules.diagnostics import KamrulesError
from kamrules.document import load_ruleset
from kamrules.document.reading import UnreadableError, parse_document

HEADER = '[ruleset]\nname = "mine"\nversion = "1.0.0"\n'

ACTION = """[action.{0}]
title = "Do it"
when = "customer"
priority = 50
owner = "seller"
due_days = 14
because = "It helps"
"""


def write(folder, **files):
    """Write files into a folder; `__` in a name is a folder's slash; return the folder."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".toml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return folder


def load(folder, text, **more):
    """Load a ruleset of one file, the header put before it."""
    return load_ruleset(write(folder, rules=HEADER + text) / "rules.toml", **more)


def refused(wanted, error=KamrulesError, **more):
    """Return the diagnostics with which a ruleset is refused."""
    with pytest.raises(error) as caught:
        load_ruleset(wanted, **more)
    return caught.value.diagnostics


def problems(folder, text, **more):
    """Return the diagnostics of a ruleset of one file, the header put before it."""
    return refused(write(folder, rules=HEADER + text) / "rules.toml", **more)


def marked(diagnostic):
    """Return the text under the caret."""
    place = diagnostic.place
    return diagnostic.excerpt[place.column - 1 : place.end_column - 1]


def broken(text):
    """Return the diagnostic of a text that is not TOML."""
    with pytest.raises(UnreadableError) as caught:
        parse_document(text, "rules.toml")
    (found,) = caught.value.diagnostics
    return found
