"""A small ruleset and books of any form, decided by the SQL engine."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from kamrules.book import Book
from kamrules.engines import DUCKDB
from kamrules.engines.sql import decide_book
from kamrules.plugins import Plugins
from tests.agreement.engines import compiled

if TYPE_CHECKING:
    from pathlib import Path

    from kamrules.book import Quality
    from kamrules.compiler.program import Program
    from kamrules.engines.sql import BookDecisions

OPEN = Plugins.load({"KAMRULES_LOAD_PLUGINS": ""}).open_source
DAY = datetime.date(2026, 6, 30)

ALL_KINDS = """
[ruleset]
name = "kinds"
version = "1"
[table.accounts.column]
name = { type = "text" }
money = { type = "money" }
share = { type = "share" }
number = { type = "number" }
whole = { type = "integer" }
day = { type = "date" }
yes = { type = "bool" }
level = { type = "choice", choices = ["gold", "silver"] }
[table.orders.column]
amount = { type = "money" }
day = { type = "date" }
[fact]
total = { type = "money", value = "sum(orders.amount)" }
rows = { type = "integer", value = "count(orders)" }
[role.seller]
"""


def program(*columns: str, more: str = "") -> Program:
    """Return a program whose one action says what columns or facts hold."""
    told = " ".join(f"{{{each}}}" for each in columns)
    action = f"""
[action.tell]
title = "{told}"
when = "true"
priority = 50
owner = "seller"
due_days = 7
because = "of that"
"""
    return compiled(ALL_KINDS + more + (action if columns else ""))


engine = DUCKDB
"""Which engine decides; tests that use `each_engine` are run by both."""


def decided(rules: Program, book: Book, **options: Any) -> BookDecisions:
    """Decide a book; close what comes back."""
    return decide_book(rules, book, as_of=DAY, open_source=OPEN, **{"engine": engine, **options})


def rows(relation: Any) -> list[dict[str, Any]]:
    """Return a relation's rows as dicts."""
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def told(book: Book, *columns: str, **options: Any) -> dict[str, str]:
    """Return for every account what its columns hold, as a reason would show them."""
    with decided(program(*columns), book, **options) as decisions:
        found = rows(decisions.tables["actions"])
    return {row["account_id"]: row["title"] for row in found}


def quality(book: Book, *columns: str) -> Quality:
    """Return the data quality of a book of which some columns are used."""
    with decided(program(*columns), book) as decisions:
        return decisions.quality


def problems(book: Book, *columns: str) -> list[tuple[str, str, str | None, int, tuple[str, ...]]]:
    """Return table, code, column, count and examples of every problem."""
    return [
        (table.table, each.code, each.column, each.count, each.examples)
        for table in quality(book, *columns).tables
        for each in table.problems
    ]


def csv_book(folder: Path, mapping: str = "", **tables: str) -> Book:
    """Write tables and a book file that maps them; return the book."""
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    written = "\n".join(f'[table.{name}]\nfrom = "csv:{name}.csv"' for name in tables)
    (folder / "book.toml").write_text(f"{written}\n{mapping}\n", encoding="utf-8")
    return Book.read(folder / "book.toml")
