"""Accounts for peers that know no dates: days since the year 1, worked out for them."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.rules import COLUMNS

DATES = tuple(name for name, kind in COLUMNS.items() if kind == "date")


def with_days(account: dict[str, Any]) -> dict[str, Any]:
    """Return an account whose dates are numbers of days."""
    days = {name: account[name] and account[name].toordinal() for name in DATES}
    return account | days
