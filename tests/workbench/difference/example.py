"""A ruleset and a book in which every rule matters to some account, and edits of the one."""

from __future__ import annotations

import datetime

from tests.strategies import Case
from tests.strategies.books import Past, TableData

DAY = datetime.date(2026, 6, 30)
RULES = """
[ruleset]
name = "example"
version = "1"
hit = "first"
[parameter]
key_revenue = { type = "money", value = 1000, low = 100, high = 5000 }
window = { type = "days", value = 365, low = 30, high = 730 }
good_margin = { type = "share", value = 0.3, low = 0.05, high = 0.9 }
best = { type = "share", value = 0.2, low = 0.1, high = 1 }
[table.accounts.column]
margin = { type = "share" }
size = { type = "money" }
[table.orders.column]
date = { type = "date" }
amount = { type = "money" }
[fact.revenue_12m]
type = "money"
value = "sum(orders[date > as_of - window].amount)"
[fact.among_best]
type = "bool"
value = "rank_share(revenue_12m) <= best"
[score.worth]
[criterion.margin]
score = "worth"
weight = 30
value = "margin"
curve = [[0, 0], [0.05, 10], ["good_margin", 100]]
[criterion.size]
score = "worth"
weight = 20
value = "size"
scale = [{ in = "[100..]", points = 100 }, { in = "[..100)", points = 0 }]
[class.key]
level = 3
when = ["revenue_12m >= key_revenue", "worth >= 50 or among_best"]
stay = "revenue_12m >= 500"
[class.ordinary]
level = 2
when = "revenue_12m > 10"
[class.prospect]
level = 1
[path.up]
from = "ordinary"
to = "key"
gate = { volume = { when = "revenue_12m >= key_revenue" } }
[path.first]
from = "prospect"
to = "ordinary"
[tier.vendor]
level = 1
gate = { loyal = { when = "count(orders[date > as_of - window]) >= 2" } }
[tier.partner]
level = 2
gate = { foremost = { when = "rank(revenue_12m) <= 6" } }
[role.seller]
title = "Seller"
[action.call]
title = "Call"
when = ["class == 'ordinary'", "worth >= 20"]
priority = "10 + 0.5 * worth"
owner = "seller"
due_days = 5
effort_hours = 1
cooldown_days = 20
because = "Now."
[action.visit]
title = "Visit"
when = ["class == 'key'", "size >= 60"]
priority = 30
owner = "seller"
due_days = 5
effort_hours = 4
excludes = ["write"]
because = "Now."
[action.write]
title = "Write"
when = "count(orders) >= 1"
priority = 12
owner = "seller"
due_days = 5
effort_hours = 0.5
because = "Now."
"""
EDITS = (
    ("value = 1000,", "value = 600,"),
    ("value = 365,", "value = 200,"),
    ("value = 0.3,", "value = 0.1,"),
    ("value = 0.2,", "value = 0.6,"),
    ("weight = 30", "weight = 5"),
    ("points = 100 }, {", "points = 60 }, {"),
    ('"worth >= 50 or among_best"]', '"among_best"]'),
    ('"worth >= 50 or among_best"]', '"worth >= 50 or among_best", "margin > 0.5"]'),
    ('stay = "revenue_12m >= 500"\n', ""),
    ('when = "revenue_12m > 10"', 'when = "revenue_12m > 10 and size > 40"'),
    ("]) >= 2", "]) >= 3"),
    ("<= 6", "<= 12"),
    ('"worth >= 20"', '"worth >= 45"'),
    ("priority = 12", "priority = 60"),
    ("effort_hours = 4", "effort_hours = 3"),
    ('excludes = ["write"]\n', ""),
    ("cooldown_days = 20", "cooldown_days = 5"),
    ('"size >= 60"]', '"size >= 60", "worth > 70"]'),
    ("[action.call]\n", "[action.call]\nenabled = false\n"),
    ("[fact.among_best]", '[fact.large]\ntype = "bool"\nvalue = "size > 150"\n[fact.among_best]'),
    ('title = "Visit"', 'title = "See them"'),
)
"""Texts of the ruleset, and what each becomes."""


def rules(*numbers: int) -> str:
    """Return the ruleset after some of the edits."""
    text = RULES
    for number in numbers:
        was, becomes = EDITS[number]
        text = text.replace(was, becomes)
    return text


def case(*, past: bool = False) -> Case:
    """Return the case of the ruleset as it is over the book, with earlier decisions if wanted."""
    accounts, orders = [], []
    for number in range(40):
        name = f"A{number:02}"
        margin = None if number % 7 == 0 else 0.02 * number
        accounts.append({"account_id": name, "margin": margin, "size": 5 * number})
        for turn in range(number % 5):
            day = DAY - datetime.timedelta(days=17 + 37 * turn + number)
            orders.append({"account_id": name, "date": day, "amount": 60 * number - 40 * turn + 5})
    tables = {
        "accounts": TableData(
            {"account_id": "text", "margin": "double", "size": "bigint"}, accounts
        ),
        "orders": TableData({"account_id": "text", "date": "date", "amount": "bigint"}, orders),
    }
    return Case(RULES, tables, DAY, _past() if past else None, 2, "en")


def _past() -> Past:
    """Return what an earlier run decided: some accounts stand elsewhere than their facts say."""
    classes, tiers = ("key", "ordinary", "prospect", None), ("partner", "vendor", None)
    states = [(f"A{each:02}", classes[each % 4], tiers[each % 3]) for each in range(0, 40, 2)]
    proposed = [
        (f"A{each:02}", "call", DAY - datetime.timedelta(days=10)) for each in range(0, 40, 3)
    ]
    return Past(states, proposed)
