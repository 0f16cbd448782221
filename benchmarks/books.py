"""What the batch benchmark runs on: a ruleset of 40 actions, 10 criteria and 20 gates, and books for it.

A flat book has nothing but accounts. With orders and contacts the same rules have six facts over their rows
besides, one of them compared over the whole book, which criteria, gates and actions read.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

MONEY, SHARES, WHOLES = 14, 10, 12
CHOICES = ("north", "south", "east", "west")
LEVELS, STANCES = ("executive", "manager", "staff"), ("supporter", "neutral", "opponent")
FACTS = """
[table.orders.column]
date = { type = "date" }
amount = { type = "money" }
margin = { type = "money" }
[table.contacts.column]
level = { type = "choice", choices = ["executive", "manager", "staff"] }
stance = { type = "choice", choices = ["supporter", "neutral", "opponent"] }
[fact.revenue_12m]
type = "money"
value = "sum(orders[date > as_of - 365d].amount)"
[fact.revenue_before]
type = "money"
value = "sum(orders[date > as_of - 730d and date <= as_of - 365d].amount)"
[fact.margin_12m]
type = "money"
value = "sum(orders[date > as_of - 365d].margin)"
[fact.last_order]
type = "date"
value = "max(orders.date)"
[fact.supporters]
type = "integer"
value = "count(contacts[level == 'executive' and stance == 'supporter'])"
[fact.standing]
type = "share"
value = "rank_share(revenue_12m)"
[criterion.attractiveness_sales]
score = "attractiveness"
weight = 30
value = "revenue_12m"
curve = [[0, 0], [20_000, 50], [100_000, 100]]
[criterion.relationship_people]
score = "relationship"
weight = 20
value = "supporters"
scale = [{ in = "[2..]", points = 100 }, { in = "[1..2)", points = 60 }, { in = "[..1)", points = 0 }]
[path.ordinary_to_key.gate.best_tenth]
when = "standing <= 10%"
advice = "Sell more."
[path.prospect_to_ordinary.gate.orders_again]
when = "revenue_12m >= revenue_before"
advice = "Sell more."
[action.win_back]
title = "Win back"
when = ["days_since(last_order) > 120d", "revenue_12m < revenue_before"]
priority = "30 + 0.3 * attractiveness"
owner = "account_manager"
due_days = 10
effort_hours = 3
because = "Nothing since {last_order}, {revenue_12m} in a year and {revenue_before} in the one before."
[action.raise_margin]
title = "Raise the margin"
when = ["revenue_12m > 0", "margin_12m < 0.2 * revenue_12m"]
priority = "25 + 0.3 * attractiveness"
owner = "account_manager"
due_days = 20
effort_hours = 3
because = "A margin of {margin_12m} on {revenue_12m}."
"""


def ruleset(*, related: bool = False) -> str:
    """Return the ruleset as TOML; its thresholds spread the accounts over classes, tiers and actions.

    With `related` it also has facts over orders and contacts.
    """
    lines = [
        "[ruleset]", 'name = "batch"', 'version = "1"', 'hit = "first"',
        "[parameter.large]", 'type = "money"', "value = 600_000",
        "[table.accounts.column]",
        'name = { type = "text" }',
        *(f'money{number} = {{ type = "money" }}' for number in range(MONEY)),
        *(f'share{number} = {{ type = "share" }}' for number in range(SHARES)),
        *(f'whole{number} = {{ type = "integer" }}' for number in range(WHOLES)),
        'since = { type = "date" }', 'contacted = { type = "date" }',
        f'region = {{ type = "choice", choices = {list(CHOICES)} }}'.replace("'", '"'),
        'active = { type = "bool" }',
        "[fact.growth]", 'type = "share"', 'value = "(money0 - money1) / money1"',
        "[fact.silence]", 'type = "days"', 'value = "days_since(contacted)"',
        "[role.account_manager]", 'title = "Account manager"',
    ]  # fmt: skip
    lines += _scores() + _placement() + _actions()
    return "\n".join(lines) + "\n" + (FACTS if related else "")


def _scores() -> list[str]:
    lines = []
    for place, score in enumerate(("attractiveness", "relationship")):
        lines += [
            f"[score.{score}]",
            'band = { low = "[0..40)", medium = "[40..70)", high = "[70..100]" }',
        ]
        for number in range(5):
            lines += [
                f"[criterion.{score}_{number}]",
                f'score = "{score}"',
                f"weight = {10 + 5 * number}",
                f'value = "money{number + place}"' if number % 2 else f'value = "share{number}"',
            ]
            if number % 2:
                lines.append("curve = [[0, 0], [200_000, 30], [500_000, 70], [1_000_000, 100]]")
            else:
                lines.append(
                    'scale = [{ in = "[0.7..]", points = 100 }, { in = "[0.3..0.7)", points = 60 }, '
                    '{ in = "[..0.3)", points = 15 }]'
                )
    return lines  # fmt: skip


def _placement() -> list[str]:
    lines = []
    whens = {
        "key": '["attractiveness >= 55", "relationship >= 50", "active"]',
        "ordinary": '["relationship >= 40", "active"]',
        "prospect": '"attractiveness >= 40"',
        "unattractive": "",
    }
    for name, when in whens.items():
        lines += [f"[class.{name}]", f"when = {when}" if when else ""]
    gates = 0
    ladder = ["unattractive", "prospect", "ordinary", "key"]
    for origin, target in pairwise(ladder):
        lines += [f"[path.{origin}_to_{target}]", f'from = "{origin}"', f'to = "{target}"']
        for _ in range(3):
            lines += _gate(f"path.{origin}_to_{target}", gates)
            gates += 1
    for level, tier in enumerate(("vendor", "preferred_supplier", "partner", "alliance"), start=1):
        lines += [f"[tier.{tier}]", f"level = {level}"]
        for _ in range(3 if level < 4 else 2):
            lines += _gate(f"tier.{tier}", gates)
            gates += 1
    for phase, when in {
        "early": '"days_since(since) < 365d"',
        "grown": '"growth > 0"',
        "settled": "",
    }.items():
        lines += [f"[phase.{phase}]", f"when = {when}" if when else ""]
    for name in ladder:
        lines += [
            f"[strategy.{name}]",
            f"when = \"class == '{name}'\"",
            'objective = "Serve it as it deserves."',
        ]
    return lines  # fmt: skip


def _gate(owner: str, number: int) -> list[str]:
    tests = (
        f"money{number % MONEY} >= {(number % 5 + 1) * 30_000}",
        f"share{number % SHARES} > 0.{number % 4 + 1}",
        f"whole{number % WHOLES} >= {number % 6}",
    )
    return [f"[{owner}.gate.gate{number}]", f'when = "{tests[number % 3]}"', 'advice = "Grow it."']


def _actions() -> list[str]:
    lines = []
    for number in range(39):
        first = f"money{number % MONEY} > {20_000 * (number % 7 + 1)}"
        second = (f"share{number % SHARES} < 0.{number % 8 + 1}", f"whole{number % WHOLES} <= {number % 9}",
                  f"silence > {10 * number}d", f"region == '{CHOICES[number % 4]}'")[number % 4]  # fmt: skip
        third = (
            "class == 'key'",
            "tier.level < 3",
            "class in ['ordinary', 'prospect']",
            "growth < 0.2",
        )[number % 4]
        lines += [
            f"[action.step{number}]", f'title = "Take step {number}"',
            f'when = ["{first}", "{second}", "{third}"]',
            f'priority = "{20 + number} + 0.4 * attractiveness"', 'owner = "account_manager"',
            f"due_days = {7 + number}", "effort_hours = 2", "cooldown_days = 30",
            f'because = "{{money{number % MONEY}}} a year and {{silence}} days of silence."',
        ]  # fmt: skip
    # as in a real ruleset, hardly an account is left without anything to do
    lines += [
        "[action.keep_in_touch]", 'title = "Keep in touch"', 'when = "whole0 >= 0"', "priority = 5",
        'owner = "account_manager"', "due_days = 60", "effort_hours = 1", "cooldown_days = 30",
        'because = "{silence} days of silence."',
    ]  # fmt: skip
    return lines


def write_book(connection: duckdb.DuckDBPyConnection, accounts: int, path: Path) -> None:
    """Write a Parquet file of accounts; the same on every run."""
    connection.execute(_copied(_accounts(accounts), path)).fetchall()


def write_related(
    connection: duckdb.DuckDBPyConnection,
    accounts: int,
    folder: Path,
    *,
    orders: int,
    contacts: int,
) -> None:
    """Write Parquet files of orders and contacts, so many rows an account; the same on every run.

    The rows of an account lie all over the file, as those of an order book by date do.
    """
    account = f"'A' || lpad((hash(i * 43 + 7) % {accounts})::VARCHAR, 9, '0') AS account_id"
    columns = [
        account,
        "DATE '2024-01-01' + (hash(i * 47) % 912)::INTEGER AS date",
        "((hash(i * 53) % 2000000) / 100.0)::DECIMAL(12, 2) AS amount",
        "((hash(i * 59) % 500000) / 100.0)::DECIMAL(12, 2) AS margin",
    ]
    select = f"SELECT {', '.join(columns)} FROM range({accounts * orders}) t(i)"
    connection.execute(_copied(select, folder / "orders.parquet")).fetchall()
    columns = [
        account,
        f"{list(LEVELS)}[1 + (hash(i * 61) % 3)::INTEGER] AS level",
        f"{list(STANCES)}[1 + (hash(i * 67) % 3)::INTEGER] AS stance",
    ]
    select = f"SELECT {', '.join(columns)} FROM range({accounts * contacts}) t(i)"
    connection.execute(_copied(select, folder / "contacts.parquet")).fetchall()


def _copied(select: str, path: Path) -> str:
    return f"COPY ({select}) TO '{path}' (FORMAT parquet)"


def _accounts(accounts: int) -> str:
    def noise(number: int) -> str:
        return f"(hash(i * 131 + {number}) % 1000003) / 1000003.0"

    columns = ["'A' || lpad(i::VARCHAR, 9, '0') AS account_id", "'Company ' || i AS name"]
    columns += [
        f"CASE WHEN hash(i * 17 + {number}) % 20 > 0 THEN round({noise(number)} * 1000000, 2) END"
        f"::DECIMAL(14, 2) AS money{number}"
        for number in range(MONEY)
    ]
    columns += [
        f"CASE WHEN hash(i * 19 + {number}) % 20 > 0 THEN round({noise(20 + number)}, 4) END"
        f"::DOUBLE AS share{number}"
        for number in range(SHARES)
    ]
    columns += [
        f"(hash(i * 23 + {number}) % 12)::INTEGER AS whole{number}" for number in range(WHOLES)
    ]
    columns += [
        "DATE '2015-01-01' + (hash(i * 29) % 4000)::INTEGER AS since",
        "DATE '2025-01-01' + (hash(i * 31) % 500)::INTEGER AS contacted",
        f"{list(CHOICES)}[1 + (hash(i * 37) % 4)::INTEGER] AS region",
        "hash(i * 41) % 10 > 2 AS active",
    ]
    return f"SELECT {', '.join(columns)} FROM range({accounts}) t(i)"
