"""A small ruleset, and a service around a live book of it, asked in this process."""

from __future__ import annotations

import datetime
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.testclient import TestClient

from kamrules import load_ruleset
from kamrules.live.book import LiveBook
from kamrules.serve.app import make_app
from kamrules.serve.service import Service
from kamrules.serve.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "the-token-of-the-tests"
DAY = datetime.date(2026, 6, 30)
RULES = """
[ruleset]
name = "small"
version = "1"
hit = "first"
languages = ["en", "zh"]

[parameter.large]
type = "money"
value = 1_000

[table.accounts.column]
name = { type = "text" }
sector = { type = "choice", choices = ["steel", "paper"] }
[table.orders]
order = "date"
[table.orders.column]
date = { type = "date" }
amount = { type = "money" }

[fact.bought]
type = "money"
value = "sum(orders.amount)"

[class.key]
level = 2
title = "Key account"
when = "bought >= large"
[class.ordinary]
level = 1

[path.ordinary_to_key]
from = "ordinary"
to = "key"
[path.ordinary_to_key.gate.volume]
when = "bought >= large"
advice = "Sell more than {bought}."

[role.manager]
title = "Account manager"

[action.visit]
title = "Visit {name}"
when = "class == 'key'"
priority = "50"
owner = "manager"
due_days = 7
effort_hours = 2
cooldown_days = 30
because = "They bought for {bought}."

[message.zh]
"class.key.title" = "关键客户"
"""


def written(folder: Path, text: str = RULES) -> Path:
    """Write the ruleset into a folder."""
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def served(
    folder: Path, *, store="memory", most_body=100_000, clock=None, rate=None, as_of=DAY
) -> Iterator[Asked]:
    """Give a client of a service in this process."""
    rules = written(folder) if not (folder / "small.toml").exists() else folder / "small.toml"
    told: list[str] = []
    lines: list[str] = []
    with LiveBook(rules, store, as_of=as_of) as book:
        service = Service(book, lambda: load_ruleset(rules), most_body=most_body, clock=clock)
        app = make_app(
            service, tokens=Tokens.of([TOKEN]), rate=rate, tell=told.append, log=lines.append
        )
        with TestClient(app, raise_server_exceptions=False) as client:
            yield Asked(client, service, rules, told, lines)
        service.close()
    assert not told, told


class Asked:
    """A client that has the token; `told` is what the service says of itself, `lines` its log."""

    def __init__(self, client, service, rules, told, lines):
        self.client, self.service, self.rules, self.told, self.lines = (
            client,
            service,
            rules,
            told,
            lines,
        )
        self.headers = {"authorization": f"Bearer {TOKEN}"}
        self._number = 0

    def get(self, path, **headers):
        return self.client.get(path, headers={**self.headers, **headers})

    def post(self, path, json=None, *, content=None, media="application/json"):
        headers = {**self.headers, "content-type": media}
        if content is None:
            return self.client.post(path, json=json, headers=headers)
        return self.client.post(path, content=content, headers=headers)

    def event(self, subject="ACME", table="accounts", row=None, *, kind="inserted", **more):
        """Post one event, of its own key unless `id` is given."""
        self._number += 1
        return self.post(
            "/events",
            cloud_event(subject, table, row, kind, **{"id": f"e{self._number}", **more}),
            media="application/cloudevents+json",
        )

    def batch(self, *events):
        return self.post("/events", list(events), media="application/cloudevents-batch+json")


def cloud_event(
    subject="ACME", table="accounts", row=None, kind="inserted", *, row_id=None, **more
):
    """Return a CloudEvent about a row."""
    data = {"table": table, "row": row or {}}
    if row_id is not None:
        data["row_id"] = row_id
    return {
        "specversion": "1.0",
        "source": "/crm",
        "type": f"kamrules.row.{kind}",
        "subject": subject,
        "data": data,
        **more,
    }
