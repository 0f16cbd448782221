"""A folder of rules as an editor has it open: shipped rulesets with their schemas, and tombi to read them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from kamrules.document import load_ruleset, names, shipped_folder
from kamrules.workbench.schema import associate

TOMBI = Path(sys.executable).parent / "tombi"
SHIPPED = names((shipped_folder(),))


RULES = """
[ruleset]
name = "small"
version = "1"
languages = ["en", "zh"]
[source."1.1"]
title = "The clause"
[table.accounts.column]
size = { type = "money", about = "How big it is" }
kind = { type = "choice", choices = ["old", "new"] }
[table.orders]
about = "What it bought"
[table.orders.column]
date = { type = "date" }
[parameter.enough]
type = "money"
value = 5
low = 1
high = 10
about = "What is enough"
[fact.big]
type = "bool"
value = "size >= enough"
[score.worth]
band = { low = "[0..50)", high = "[50..100]" }
[class.all]
title = "Everybody"
[tier.one]
level = 1
[tier.one.gate.size]
when = "big"
advice = "Sell more"
[role.boss]
about = "Who decides"
[action.call]
title = "Call"
when = "big"
priority = 1
owner = "boss"
due_days = 1
because = "It is big"
[persona.anna]
as_of = 2026-06-30
[message.zh]
"action.call.title" = "致电"
"""
"""A ruleset with one of each kind."""


def environment(folder):
    """Return an environment in which tombi asks no network and nobody's own settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TOMBI_")}
    home = str(folder / "home")
    places = {"HOME": home, "XDG_CACHE_HOME": home, "XDG_CONFIG_HOME": home}
    return {**kept, **places, "TOMBI_OFFLINE": "true"}


def shipped(name, folder):
    """Copy a shipped ruleset into a folder, with what editors read beside it, and return where it is."""
    place = folder / name
    shutil.copytree(shipped_folder() / name, place)
    associate(place, load_ruleset(place), SHIPPED)
    return place


def small(folder, more=""):
    """Write the small ruleset into a folder, and return where it is."""
    place = folder / "small"
    place.mkdir()
    (place / "rules.toml").write_text(RULES + more, encoding="utf-8")
    return place


def lint(place, *files):
    """Return what tombi finds in a folder, or in files of it: file, line, level and message each."""
    report = place.parent / f"{place.name}.json"
    words = ["--quiet", "--diagnostics-format", "json", "--diagnostics-file", report]
    subprocess.run(
        [TOMBI, "lint", "--offline", *words, *files],
        cwd=place,
        env=environment(place.parent),
        check=False,
        capture_output=True,
        timeout=60,
    )
    found = json.loads(report.read_text(encoding="utf-8"))
    return [
        (each["path"], each["range"]["start"]["line"], each["level"], each["message"])
        for each in found
    ]
