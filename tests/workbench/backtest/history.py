"""A small ruleset, and companies with two and a half years of dated rows, to go back through."""

from __future__ import annotations

import datetime
import random

from kamrules.book import Book
from kamrules.engines.sql.held import HeldBook
from kamrules.engines.sql.past import PastBook
from kamrules.engines.sql.placing import for_placement
from kamrules.plugins import Plugins
from kamrules.workbench.backtest import backtest

OPEN = Plugins.load({"KAMRULES_LOAD_PLUGINS": ""}).open_source
DATE = datetime.date
LAST = DATE(2026, 6, 30)
RULES = """
[ruleset]
name = "example"
version = "1"
hit = "first"
[table.accounts.column]
since = { type = "date" }
size = { type = "money" }
[table.orders]
order = "date"
[table.orders.column]
date = { type = "date" }
amount = { type = "money" }
delivered = { type = "date" }
[table.notes.column]
kind = { type = "choice", choices = ["good", "bad"] }
[fact.revenue]
type = "money"
value = "sum(orders[date > as_of - 365d].amount)"
[fact.open]
type = "integer"
value = "count(orders[delivered is unknown])"
[score.worth]
[criterion.revenue]
score = "worth"
weight = 10
value = "revenue"
curve = [[0, 0], [2000, 100]]
[criterion.age]
score = "worth"
weight = 5
value = "days_since(since)"
curve = [[0, 0], [900, 100]]
[class.key]
level = 3
when = ["revenue >= 900", "rank_share(revenue) <= 0.4"]
stay = "revenue >= 300"
[class.ordinary]
level = 2
when = "revenue > 0"
[class.prospect]
level = 1
[path.up]
from = "ordinary"
to = "key"
gate = { volume = { when = "revenue >= 900" } }
[path.first]
from = "prospect"
to = "ordinary"
[tier.vendor]
level = 1
gate = { served = { when = "open <= 1" } }
[tier.partner]
level = 2
gate = { liked = { when = "count(notes[kind == 'good']) >= 1" } }
"""


def tables(seed=5, accounts=40):
    chance = random.Random(seed)
    orders = []
    for number in range(accounts):
        for _ in range(chance.randrange(7)):
            day = LAST - datetime.timedelta(days=chance.randrange(900))
            later = day + datetime.timedelta(days=chance.randrange(200))
            orders.append(
                {
                    "account_id": f"A{number:02}",
                    "date": day,
                    "amount": chance.randrange(1, 9) * 100,
                    "delivered": later if later <= LAST else None,
                }
            )
    people = [
        {
            "account_id": f"A{number:02}",
            "since": LAST - datetime.timedelta(days=31 * number),
            "size": number,
        }
        for number in range(accounts)
    ]
    return {"accounts": people, "orders": orders}


def tried(program, some, days, **more):
    book = Book.of(some, as_of=LAST)
    return backtest(program, book, days, open_source=OPEN, **more)


def decisions(program, some, day):
    """Return what a backtest decides of every account on a date: class, tier and scores."""
    lean = for_placement(program, scores=True)
    columns = {"orders": {"date", "delivered"}, "notes": {"kind"}}
    with HeldBook(lean, Book.of(some), open_source=OPEN, more=columns) as held:
        past = PastBook(held, leave_out=True)
        past.decide(0, lean, day)
        return held.rows("SELECT account_id, class, tier, score_worth FROM past_0 ORDER BY line")
