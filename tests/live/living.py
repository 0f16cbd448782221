"""Live books for tests: a small ruleset, and events about its accounts."""

from __future__ import annotations

import datetime
from itertools import count
from pathlib import Path

from kamrules import LiveBook, load_ruleset
from kamrules.live.rulesets import compiled

RULES = Path(__file__).parent / "rules.toml"
RULESET = load_ruleset(RULES)
PROGRAM = compiled(RULESET).program
START = datetime.date(2026, 6, 1)
TABLES = ("orders", "visits")

_numbers = count()


def day(number):
    """Return the day that is so many days after the first."""
    return START + datetime.timedelta(days=number)


def live(store="memory", **more):
    """Open a live book that knows all its tables, on the first day."""
    return LiveBook(RULESET, store, **{"as_of": START, "tables": "all", **more})


def event(account_id, table="accounts", row=None, *, key=None, **more):
    """Return an event, by default the insertion of a row under a new key."""
    key = f"test-{next(_numbers)}" if key is None else key
    if row is None:
        row = {"name": account_id} if table == "accounts" else {}
    return {"key": key, "account_id": account_id, "table": table, "row": row, **more}


def order(account_id, amount, date=START, **more):
    """Return the event of an order."""
    row = {"date": date.isoformat(), "amount": amount}
    return event(account_id, "orders", row, **more)


def visit(account_id, date=START, **more):
    """Return the event of a visit."""
    return event(account_id, "visits", {"date": date.isoformat(), "kind": "visit"}, **more)


def changed(changes, what):
    """Return the actions that changed in one way."""
    return [each.action for each in changes.actions if each.change == what]


def hashes(book):
    """Return the log as its hashes."""
    return [each.hash for each in book.entries()]
