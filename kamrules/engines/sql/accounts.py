"""Accounts: every account of a book as facts for the row engine, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.engines.sql.connecting import connect, told_as_data
from kamrules.engines.sql.inspecting import facts_read
from kamrules.engines.sql.staging import stage
from kamrules.engines.sql.tree import column, rows_of, sql
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.book import Book, OpenSource
    from kamrules.compiler.program import Program
    from kamrules.engines.sql.staging import Staged
    from kamrules.expression.types import Table


def read_accounts(
    program: Program, book: Book, *, open_source: OpenSource
) -> Iterator[dict[str, Any]]:
    """Yield what a book says of each account, in its order; its rows are held in memory.

    Rows and values that cannot be used are left out, as a run leaves them out. Raises DataError when a source
    cannot be read.
    """
    connection, folder = connect(None, None, None)
    try:
        with told_as_data():
            accounts, related = _tables(connection, program, book, open_source)
    finally:
        connection.close()
        folder.cleanup()
    for account_id, facts in accounts.items():
        tables = {name: rows.get(account_id, []) for name, rows in related.items()}
        yield {ACCOUNT_ID: account_id, **facts, **tables}


def _tables(
    connection: Any,  # noqa: ANN401  DuckDB's
    program: Program,
    book: Book,
    open_source: OpenSource,
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, list[dict[str, Any]]]]]:
    """Return the accounts by id, and by table and account the related rows."""
    accounts: dict[str, dict[str, Any]] = {}
    related: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for number, (name, table) in enumerate(book.tables.items()):
        if name not in program.tables:
            continue
        words = program.tables[name]
        staged = stage(connection, table, words, list(words.columns), open_source, number)
        for account_id, row in _rows(connection, staged, words):
            if name == ACCOUNTS:
                accounts.setdefault(account_id, row)
            else:
                related.setdefault(name, {}).setdefault(account_id, []).append(row)
        if name != ACCOUNTS:
            related.setdefault(name, {})
    return accounts, related


def _rows(
    connection: Any,  # noqa: ANN401  DuckDB's
    staged: Staged,
    words: Table,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of a table with their accounts, in the source's order."""
    items, as_facts = facts_read(staged, words)
    select = rows_of(staged.relation).select(column(ACCOUNT_ID), *items, copy=False)
    select = select.where(staged.usable, copy=False).order_by(column(staged.line), copy=False)
    for account_id, *values in connection.execute(sql(select)).fetchall():
        yield account_id, as_facts(values)
