"""Decisions made by hand, and delivered to a running BottleCRM."""

from __future__ import annotations

import datetime

import duckdb
from kamrules.contracts import Run, Target

from kamrules_bottlecrm.sink import open_sink

RUN = Run("kam", "1", "digest", datetime.date(2026, 11, 28), "book.toml", None)
DUE = datetime.date(2026, 12, 10)
NOWHERE = "99999999-9999-9999-9999-999999999999"


class Deciding:
    """Builds the tables of a run by hand, and delivers them."""

    def __init__(self, crm, url):
        self.crm, self.url = crm, url
        self.connection = duckdb.connect()
        self.decisions: dict[str, dict] = {}
        self.actions: list[tuple] = []
        self.options: dict[str, object] = {}

    def decide(self, account, class_="key", tier="partner", score=71.25, hidden=0):
        """Say what is decided of an account; `hidden` actions are proposed beside those told."""
        self.decisions[account] = {"class": class_, "tier": tier, "score": score, "hidden": hidden}

    def advise(
        self, account, action, status="proposed", rank=1, title=None, priority=75.0, owner="finance"
    ):
        title = title or f"Do {action}"
        self.actions.append(
            (account, rank, action, title, status, priority, owner, DUE, f"Because of {action}.")
        )

    def tables(self):
        make = self.connection
        make.execute(
            "CREATE OR REPLACE TABLE d (account_id VARCHAR, class VARCHAR, tier VARCHAR, phase VARCHAR,"
            " strategy VARCHAR, next_tier_missing VARCHAR, attractiveness DOUBLE, actions BIGINT)"
        )
        for account, each in self.decisions.items():
            shown = [1 for a in self.actions if a[0] == account and a[4] == "proposed"]
            row = [account, each["class"], each["tier"], each["score"], len(shown) + each["hidden"]]
            make.execute("INSERT INTO d VALUES ($1, $2, $3, NULL, NULL, NULL, $4, $5)", row)
        make.execute(
            "CREATE OR REPLACE TABLE a (account_id VARCHAR, rank INT, action VARCHAR, title VARCHAR,"
            " status VARCHAR, priority DOUBLE, owner VARCHAR, due_on DATE, reason VARCHAR)"
        )
        for each in self.actions:
            make.execute("INSERT INTO a VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", list(each))
        return {"decisions": make.sql("FROM d"), "actions": make.sql("FROM a")}

    def opened(self, mode="upsert"):
        options = {"token": "${env:BOTTLECRM_TOKEN}", "tries": 2, **self.options}
        return open_sink(Target(f"bottlecrm:{self.url}", RUN, mode, options=options))

    def deliver(self):
        """Deliver, and return what is told of it."""
        delivery = self.opened()
        try:
            told = delivery.stage(self.tables(), self.connection)
            delivery.commit()
        finally:
            delivery.abandon()
        return dict(told)

    def again(self):
        """Start a run anew, with nothing decided."""
        self.decisions.clear()
        self.actions.clear()


def fields_of(crm, account):
    return crm.get(f"/api/accounts/{account}/")["account_obj"]["custom_fields"]
