"""Statements of the writer: what a group of work leaves in each table, and the SQL that puts it there."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert
from sqlalchemy.dialects import postgresql, sqlite

from kamrules.live import schema
from kamrules.live.deciding import earlier_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Table
    from sqlalchemy.engine import Connection, CursorResult, Dialect
    from sqlalchemy.sql import ClauseElement

    from kamrules.live.state import AccountState, Stored
    from kamrules.live.writing import Work

Row = dict[str, Any]
RowKey = tuple[str, str, str]


@dataclass(slots=True)
class Written:
    """What a group leaves in each table; of rows by their keys what stands last, None for one that goes."""

    log: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    accounts: dict[str, Row] = field(default_factory=dict)
    rows: dict[RowKey, Row | None] = field(default_factory=dict)
    actions: dict[str, Row] = field(default_factory=dict)
    steps: list[Row] = field(default_factory=list)
    rulesets: dict[str, Row] = field(default_factory=dict)
    cursors: dict[str, Row] = field(default_factory=dict)
    poison: list[Row] = field(default_factory=list)
    book: list[Row] = field(default_factory=list)


def written(
    group: Sequence[Work], chained: Sequence[Sequence[Row]], book: Mapping[str, str]
) -> Written:
    """Return what a group of work, with its rows of the log, leaves in each table."""
    found = Written()
    for work, entries in zip(group, chained, strict=True):
        found.log += entries
        for draft, entry in zip(work.drafts, entries, strict=True):
            number = entry["number"]
            if draft.body is not None:
                found.events.append({"entry": number, "key": draft.key, "body": draft.body})
            for place, (item, status) in enumerate(draft.steps):
                step = {"entry": number, "place": place, "item": item, "status": status}
                found.steps.append({**step, "on_day": entry["as_of"]})
            if draft.poison is not None:
                found.poison.append(_poisoned(entry, draft.poison))
        for before, after in work.states:
            _account(found, before, after)
        for digest, name, version, files in work.rulesets:
            found.rulesets[digest] = {
                "digest": digest,
                "name": name,
                "version": version,
                "files": files,
            }
        for name, number in work.cursors:
            found.cursors[name] = {"name": name, "entry": number}
    found.book = [{"name": name, "value": value} for name, value in book.items()]
    return found


def _poisoned(entry: Row, question: str) -> Row:
    wanted = {"entry": "number", "account_id": "account_id", "ruleset": "digest"}
    wanted |= {"engine": "engine", "trouble": "trouble"}
    return {**{name: entry[column] for name, column in wanted.items()}, "question": question}


def _account(found: Written, before: AccountState, after: AccountState) -> None:
    """Add what is different about an account; what both states share is not looked at."""
    earlier, outcome = after.earlier, after.outcome
    found.accounts[after.account_id] = {
        "account_id": after.account_id,
        "present": after.present,
        "as_of": str(after.as_of),
        "columns": text_of(after.columns),
        "seen": text_of(sorted(after.tables)),
        "next_row": after.next_row,
        "earlier": None if earlier is None else text_of(earlier_json(earlier)),
        "outcome": None if outcome is None else outcome.bytes.decode(),
        "ruleset": after.ruleset,
    }
    for table in {**before.tables, **after.tables}:
        old, new = before.tables.get(table, {}), after.tables.get(table, {})
        if old is not new:
            _rows(found, after.account_id, table, old, new)
    for action, item in after.items.items():
        if before.items.get(action) is not item:
            found.actions[item.id] = item.as_json()


def _rows(
    found: Written,
    account_id: str,
    table: str,
    old: Mapping[str, Stored],
    new: Mapping[str, Stored],
) -> None:
    for row_id in old:
        if row_id not in new:
            found.rows[account_id, table, row_id] = None
    for row_id, row in new.items():
        if old.get(row_id) is not row:
            found.rows[account_id, table, row_id] = {
                "account_id": account_id,
                "table_name": table,
                "row_id": row_id,
                "position": row.position,
                "cells": text_of(row.cells),
            }


def text_of(plain: object) -> str:
    """Return JSON as text columns hold it: ASCII, so that every database takes it."""
    return _ascii.encode(plain)


# made once: json.dumps makes one each time
_ascii = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


class Ready:
    """A statement compiled once: what SQLAlchemy does for each execution costs more than most of them."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._text = str(compiled)
        # SQLite takes parameters by place, PostgreSQL by name
        self._places: Sequence[str] | None = getattr(compiled, "positiontup", None)

    def run(self, connection: Connection, rows: Sequence[Row]) -> CursorResult[Any]:
        """Execute it with each of the rows as its parameters."""
        places = self._places
        found: Any = (
            rows if places is None else [tuple(row[each] for each in places) for row in rows]
        )
        return connection.exec_driver_sql(self._text, found if len(found) > 1 else found[0])


class Statements:
    """The writer's SQL in the words of one database."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
        self._add = {
            table.name: Ready(insert(table), dialect)
            for table in (schema.log, schema.event, schema.step, schema.poison)
        }
        self._put = {
            table.name: self._upsert(table)
            for table in (
                schema.account,
                schema.row,
                schema.action,
                schema.ruleset,
                schema.delivery,
                schema.book,
            )
        }
        keys = ("account_id", "table_name", "row_id")
        tests = [schema.row.c[each] == bindparam(each) for each in keys]
        self._take = Ready(delete(schema.row).where(*tests), dialect)

    def _upsert(self, table: Table) -> Ready:
        statement = self._insert(table)
        keys = [each.name for each in table.primary_key]
        rest = {
            each.name: statement.excluded[each.name]
            for each in table.columns
            if each.name not in keys
        }
        put = statement.on_conflict_do_update(index_elements=keys, set_=rest)
        return Ready(put, self._dialect)

    def run(self, connection: Connection, found: Written) -> None:
        """Put everything into its table."""
        for table, rows in (
            (schema.log, found.log),
            (schema.event, found.events),
            (schema.step, found.steps),
            (schema.poison, found.poison),
        ):
            if rows:
                self._add[table.name].run(connection, rows)
        gone = [
            {"account_id": account, "table_name": table, "row_id": row}
            for (account, table, row), cells in found.rows.items()
            if cells is None
        ]
        if gone:
            self._take.run(connection, gone)
        for table, rows in (
            (schema.account, list(found.accounts.values())),
            (schema.row, [each for each in found.rows.values() if each is not None]),
            (schema.action, list(found.actions.values())),
            (schema.ruleset, list(found.rulesets.values())),
            (schema.delivery, list(found.cursors.values())),
            (schema.book, found.book),
        ):
            if rows:
                self._put[table.name].run(connection, rows)
