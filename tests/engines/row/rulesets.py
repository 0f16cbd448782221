"""A small ruleset with one of everything, and a way to compile a text."""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path

from kamrules import compile_ruleset, load_ruleset

AS_OF = datetime.date(2026, 1, 31)

SMALL = """
[ruleset]
name = "small"
version = "3"
languages = ["en", "zh"]

[parameter.large]
type = "money"
value = 1_000

[table.accounts.column]
name = { type = "text" }
revenue = { type = "money" }
margin = { type = "share", info_level = 2 }
industry = { type = "choice", choices = ["food", "steel"] }
since = { type = "date" }
active = { type = "bool" }
seats = { type = "integer" }

[table.orders.column]
date = { type = "date" }
amount = { type = "money" }

[fact.ordered]
type = "money"
value = "sum(orders[date > as_of - 365d].amount)"

[score.worth]
band = { low = "[0..50)", high = "[50..100]" }
[criterion.size]
score = "worth"
weight = 3
value = "revenue"
curve = [[0, 0], [1_000, 100]]
[criterion.profit]
score = "worth"
weight = 1
value = "margin"
scale = [{ in = "[20%..]", points = 100 }, { in = "[..20%)", points = 20 }]

[class.key]
level = 3
when = ["revenue >= large", "active"]
stay = ["revenue >= 500", "active"]
[class.ordinary]
level = 2
when = ["revenue < large", "active"]
[class.prospect]
level = 1
when = "not active"
[path.prospect_to_ordinary]
from = "prospect"
to = "ordinary"
[path.prospect_to_ordinary.gate.ordered]
when = "ordered > 0"
advice = "Win a first order."
[path.ordinary_to_key]
from = "ordinary"
to = "key"
[path.ordinary_to_key.gate.volume]
when = "revenue >= large"
advice = "Bring revenue from {revenue} to {large}."

[tier.vendor]
level = 1
[tier.vendor.gate.sells]
when = "ordered > 0"
[tier.partner]
level = 2
[tier.partner.gate.margin]
when = "margin >= 20%"
stay = "margin >= 10%"

[phase.young]
when = "days_since(since) < 365d"
[phase.grown]

[strategy.serve]
when = "class == 'key'"
objective = "Serve {name}."

[role.seller]
title = "Seller"

[action.call]
title = "Call {name}"
when = ["active", "revenue > 0"]
priority = "10 + worth / 2"
owner = "seller"
due_days = 7
effort_hours = 1.5
cooldown_days = 30
because = "{revenue} of revenue, {margin} margin, {ordered} ordered."
source = ["1.1"]

[action.visit]
title = "Visit"
when = ["active", "revenue > 100"]
priority = 50
owner = "seller"
due_days = 14
effort_hours = 4
because = "Worth a trip."
excludes = ["call"]

[action.win]
title = "Win back"
when = ["not active", "ordered > 0"]
priority = 20
owner = "seller"
due_days = 30
effort_hours = 2
because = "It bought before."

[message.zh]
"action.visit.title" = "拜访"
"""

FACTS = {
    "account_id": "A1", "name": "Acme", "revenue": 2_000, "margin": 0.25, "industry": "food",
    "since": "2020-05-01", "active": True, "seats": 3,
    "orders": [{"date": "2025-06-01", "amount": 40.5}, {"date": "2020-01-01", "amount": 7}],
}  # fmt: skip


def compiled(text=SMALL):
    """Return the program of a ruleset's text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.toml"
        path.write_text(text, encoding="utf-8")
        return compile_ruleset(load_ruleset(path))
