"""What the tests of this plug-in share: books, runs by both engines, and their tables side by side."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

import duckdb
from kamrules.plugins import Plugins
from kamrules.run import Order, run_book
from kamrules.workbench.sample import sample_book

import kamrules_spark

AS_OF = datetime.date(2026, 6, 30)
NAMES = ("decisions", "actions", "scores", "gates", "gaps")
RULES = """
[ruleset]
name = "small"
version = "1"
[table.accounts.column]
name = { type = "text" }
revenue = { type = "money" }
since = { type = "date" }
sector = { type = "choice", choices = ["food", "steel"] }
[table.orders]
order = "date"
[table.orders.column]
date = { type = "date" }
amount = { type = "money" }
paid = { type = "bool" }
[fact.revenue_12m]
type = "money"
value = "sum(orders[date > as_of - 365d and paid].amount)"
[class.key]
title = "Key"
level = 2
when = ["revenue >= 100"]
[class.ordinary]
title = "Ordinary"
level = 1
when = ["revenue < 100"]
[role.manager]
title = "Manager"
[action.visit]
title = "Visit {name}"
when = ["class == 'key'"]
priority = "50 + 10 * (revenue_12m / revenue)"
owner = "manager"
due_days = 7
effort_hours = 2
cooldown_days = 30
because = "{name} is key in {sector} since {since}: {revenue_12m}."
[action.call]
title = "Call {name}"
when = ["revenue_12m > 0"]
priority = "40"
owner = "manager"
due_days = 3
effort_hours = 1
cooldown_days = 0
because = "{revenue_12m} in twelve months."
"""


def plugins():
    """Return the built-in plug-ins and this one."""
    found = Plugins.load({"KAMRULES_LOAD_PLUGINS": ""})
    assert found.add(kamrules_spark).failure is None
    return found


def run(engine, book, out, **words):
    """Run a book by an engine, and return what it did."""
    return run_book(Order(book=book, out=out, engine=engine, **words), plugins())


def both(book, folder, **words):
    """Run a book by both engines, each with a state of its own if one is asked for; return both reports."""
    found = []
    state = words.pop("state", None)
    for engine in ("duckdb", "spark"):
        own = {"state": folder / f"{engine}-{state}"} if state else {}
        found.append(run(engine, book, folder / engine, **words, **own).report)
    return found


def rows(out, name):
    """Return a table's rows, in an order that both engines' can be brought into."""
    path = Path(out) / f"{name}.parquet"
    pattern = path if path.exists() else Path(out) / name / "*.parquet"
    found = duckdb.sql(f"SELECT * FROM read_parquet('{pattern}')")
    keys = ["account_id", *(each for each in ("rank", "action", "fact") if each in found.columns)]
    order = ", ".join(f"{each} NULLS LAST" for each in keys)
    told = found.order(order).fetchall()
    return list(zip(found.columns, found.types, strict=True)), told


def tables(out):
    """Return all tables: columns with their types, and rows."""
    return {name: rows(out, name) for name in NAMES}


def assert_same(folder):
    """Raise AssertionError unless what both engines wrote is equal, cell for cell, with types."""
    ours, theirs = tables(folder / "duckdb"), tables(folder / "spark")
    for name in NAMES:
        assert theirs[name][0] == ours[name][0], name
        differing = [
            pair for pair in zip(ours[name][1], theirs[name][1], strict=False) if pair[0] != pair[1]
        ]
        assert not differing, (name, differing[:3])
        assert len(theirs[name][1]) == len(ours[name][1]), name


def sample(folder):
    """Write the sample book of `kamrules demo`, and return its folder."""
    sample_book(folder, accounts=500, seed=7, as_of=AS_OF)
    return folder


def small(folder, **files):
    """Write a ruleset and a book's files into a folder, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.write_text(text, encoding="utf-8")
    return folder


def report_of(out):
    """Return run.json."""
    return json.loads((Path(out) / "run.json").read_text(encoding="utf-8"))


def environment(folder):
    """Return the environment in which the installed command finds the plug-in."""
    here = Path(__file__).resolve().parents[1]
    site = folder / "site"
    info = site / "kamrules_spark-0.1.0.dist-info"
    if not info.exists():
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: kamrules-spark\nVersion: 0.1.0\n"
        )
        (info / "entry_points.txt").write_text("[kamrules]\nspark = kamrules_spark\n")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KAMRULES_")}
    return {
        **kept,
        "COLUMNS": "100",
        "KAMRULES_LOAD_PLUGINS": "kamrules-spark",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": f"{site}{os.pathsep}{here}",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
