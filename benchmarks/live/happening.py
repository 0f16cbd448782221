"""What happens to made-up accounts: events in order, and what the accounts' rows must be in the end."""

from __future__ import annotations

import datetime
import random

START = datetime.date(2026, 6, 30)


class Account:
    """One account's events, which depend on its number only; `facts` are what `kamrules.decide` takes."""

    def __init__(self, number, seed, tables):
        self.id = f"ACC-{number:06d}"
        self._chance = random.Random(f"{seed} {number}")
        self._tables = tables
        self._columns = {}
        self._rows = {}
        self._count = 0

    @property
    def facts(self):
        rows = {name: list(found.values()) for name, found in self._rows.items()}
        return {"account_id": self.id, **self._columns, **rows}

    def next(self):
        """Return the next event, and make it happen here too."""
        self._count += 1
        return self._event(*(self._first() if self._count == 1 else self._another()))

    def _first(self):
        chance = self._chance
        columns = {
            "name": f"Company {self.id}",
            "annual_revenue": chance.randrange(1, 500) * 100_000,
            "needs_our_product": chance.random() < 0.9,
            "estimated_spend": chance.randrange(1, 90) * 50_000,
            "strategic_importance": chance.choice(["low", "medium", "high"]),
            "account_manager": chance.choice([None, "Li", "Wang"]),
        }
        self._columns = columns
        return "insert", "accounts", columns, None

    def _another(self):
        chance = self._chance
        table = chance.choice(("activities", "orders", "complaints", "opportunities", "contacts"))
        rows = self._rows.get(table, {})
        dice = chance.random()
        if dice < 0.08:
            columns = {"annual_revenue": chance.randrange(1, 500) * 100_000}
            self._columns = {**self._columns, **columns}
            return "update", "accounts", columns, None
        # no account grows for ever: what comes in goes out again
        if rows and (dice < 0.2 or len(rows) > 12):
            key = chance.choice(list(rows))
            del rows[key]
            return "delete", table, {}, key
        if rows and dice < 0.3:
            key = chance.choice(list(rows))
            columns = {self._dated(table): self._date()}
            rows[key] = {**rows[key], **columns}
            return "update", table, columns, key
        key = f"{table}-{self._count}"
        row = self._row(table)
        self._rows.setdefault(table, {})[key] = row
        return "insert", table, row, key

    def _dated(self, table):
        return {"activities": "date", "orders": "date", "complaints": "opened",
                "opportunities": "opened", "contacts": "last_contact"}[table]  # fmt: skip

    def _date(self):
        return (START - datetime.timedelta(days=self._chance.randrange(400))).isoformat()

    def _row(self, table):
        chance = self._chance
        row = {self._dated(table): self._date()}
        for name, column in self._tables[table].columns.items():
            kind = column.type.kind.value
            if name in row or kind in {"text", "date"} or chance.random() < 0.2:
                continue
            if kind == "choice":
                row[name] = chance.choice(column.type.choices)
            elif kind == "bool":
                row[name] = chance.random() < 0.5
            elif kind == "integer":
                row[name] = chance.randrange(1, 6)
            elif kind == "share":
                row[name] = chance.randrange(100) / 100
            else:
                row[name] = chance.randrange(1, 100) * 1_000
        return row

    def _event(self, op, table, row, row_id):
        kinds = {"insert": "inserted", "update": "updated", "delete": "deleted"}
        data = {"table": table} | ({"row": row} if op != "delete" else {})
        if row_id is not None:
            data["row_id"] = row_id
        return {
            "specversion": "1.0",
            "id": f"{self.id}-{self._count}",
            "source": "/load",
            "subject": self.id,
            "type": f"kamrules.row.{kinds[op]}",
            "data": data,
        }
