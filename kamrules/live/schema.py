"""The tables of a store, all named `kamrules_...`; portable SQL, dates and JSON as text."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

VERSION = 1
"""Of the tables below; a store of a later version is refused."""

tables = MetaData()
_DAY, _HASH, _ID = String(10), String(64), String(200)

book = Table(
    "kamrules_book",
    tables,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
"""What is true of the whole book: `version`, `head` (the log's last entry), `as_of`, `tables`."""

log = Table(
    "kamrules_log",
    tables,
    # numbers are given by the writer, without holes; a sequence would leave some
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(20), nullable=False),
    Column("account_id", _ID),
    Column("as_of", _DAY),
    Column("key", _ID),
    Column("content", _HASH),
    Column("ruleset", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("digest", _HASH, nullable=False),
    Column("kamrules", String(40), nullable=False),
    Column("inputs", _HASH),
    Column("outcome", _HASH),
    Column("engine", String(20)),
    Column("trouble", String(20)),
    Column("changes", Text, nullable=False),
    Column("previous", _HASH, nullable=False),
    Column("hash", _HASH, nullable=False),
)
Index("kamrules_log_account", log.c.account_id, log.c.number)
Index("kamrules_log_kind", log.c.kind, log.c.number)

event = Table(
    "kamrules_event",
    tables,
    Column("entry", BigInteger, primary_key=True, autoincrement=False),
    Column("key", _ID, unique=True),
    Column("body", Text, nullable=False),
)
"""What was posted: the body of an event or settlement as canonical JSON, by the entry of the log."""

account = Table(
    "kamrules_account",
    tables,
    Column("account_id", _ID, primary_key=True),
    Column("present", Boolean, nullable=False),
    Column("as_of", _DAY, nullable=False),
    Column("columns", Text, nullable=False),
    Column("seen", Text, nullable=False),
    Column("next_row", BigInteger, nullable=False),
    Column("earlier", Text),
    Column("outcome", Text),
    Column("ruleset", _HASH),
)
"""Accounts, those that left included: what holds, and what held at the end of the day decided before."""
Index("kamrules_account_present", account.c.present, account.c.account_id)

row = Table(
    "kamrules_row",
    tables,
    Column("account_id", _ID, primary_key=True),
    Column("table_name", _ID, primary_key=True),
    Column("row_id", _ID, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("cells", Text, nullable=False),
)

action = Table(
    "kamrules_action",
    tables,
    Column("id", String(40), primary_key=True),
    Column("account_id", _ID, nullable=False),
    Column("action", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("priority", Float(53), nullable=False),
    Column("reason", Text, nullable=False),
    Column("effort_hours", Float(53), nullable=False),
    Column("opened_on", _DAY, nullable=False),
    Column("due_on", _DAY, nullable=False),
    Column("changed_on", _DAY, nullable=False),
    Column("why", Text),
    Column("note", Text, nullable=False),
    Column("outcome", Text, nullable=False),
)
Index("kamrules_action_account", action.c.account_id)
Index("kamrules_action_status", action.c.status, action.c.owner, action.c.priority)

step = Table(
    "kamrules_action_step",
    tables,
    Column("entry", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("item", String(40), nullable=False),
    Column("status", String(20), nullable=False),
    Column("on_day", _DAY, nullable=False),
)
"""The history of an item: each status it took, in which entry of the log and on which day."""
Index("kamrules_action_step_item", step.c.item)

ruleset = Table(
    "kamrules_ruleset",
    tables,
    Column("digest", _HASH, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("files", Text, nullable=False),
)
"""The rulesets that decided, with the text of their files, so that they can decide again."""

delivery = Table(
    "kamrules_delivery",
    tables,
    Column("name", Text, primary_key=True),
    Column("entry", BigInteger, nullable=False),
)
"""How far each receiver has been told."""

poison = Table(
    "kamrules_poison",
    tables,
    Column("entry", BigInteger, primary_key=True, autoincrement=False),
    Column("account_id", _ID, nullable=False),
    Column("ruleset", _HASH, nullable=False),
    Column("question", Text, nullable=False),
    Column("engine", String(20), nullable=False),
    Column("trouble", String(20), nullable=False),
)
"""Questions on which the live engine failed, kept for study."""
