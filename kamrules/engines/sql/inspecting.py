"""Looking into a book without deciding it: one account's facts, and what the tables hold."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from kamrules.book import Quality
from kamrules.decision import Origin
from kamrules.diagnostics import DataError, Diagnostic, nearest
from kamrules.engines.sql.columns import Form
from kamrules.engines.sql.connecting import connect, told_as_data
from kamrules.engines.sql.quality import account_quality, counted_quality
from kamrules.engines.sql.staging import LINE, ROWID, stage
from kamrules.engines.sql.tree import binary, column, named, rows_of, sql, text
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS, Kind
from kamrules.show import EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kamrules.book import Book, OpenSource
    from kamrules.book.quality import TableQuality
    from kamrules.compiler.program import Program
    from kamrules.engines.sql.staging import Staged
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.types import Column, Table

NEARBY = 100_000
"""So many ids are looked through for one that is nearly the one asked for."""


@dataclass(frozen=True, slots=True)
class TableFound:
    """A table of a book beside the vocabulary: the source's columns with their types, those that fill
    nothing (`unused`), and the vocabulary's columns that it does not fill (`lacking`).
    """

    table: str
    source: str
    columns: dict[str, str]
    unused: tuple[str, ...]
    lacking: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a book holds. `lacking` are the vocabulary's tables that it does not have."""

    quality: Quality
    tables: tuple[TableFound, ...]
    lacking: tuple[str, ...]


def inspect_book(program: Program, book: Book, *, open_source: OpenSource) -> Inspection:
    """Return the quality of every table that the program's vocabulary has, all columns looked at.

    Raises DataError when a source cannot be read.
    """
    connection, folder = connect(None, None, None)
    try:
        with told_as_data():
            return _inspect(connection, program, book, open_source)
    finally:
        connection.close()
        folder.cleanup()


def _inspect(connection: Any, program: Program, book: Book, open_source: OpenSource) -> Inspection:  # noqa: ANN401
    people = "people"
    staged = {
        name: stage(connection, table, words, list(words.columns), open_source, number, whole=True)
        for number, (name, table) in enumerate(book.tables.items())
        if (words := program.tables.get(name)) is not None
    }
    first = account_quality(connection, staged[ACCOUNTS], program.tables[ACCOUNTS], people)
    qualities: dict[str, TableQuality] = {ACCOUNTS: first}
    for name, one in staged.items():
        if name != ACCOUNTS:
            qualities[name] = counted_quality(connection, one, program.tables[name], people)
    found = tuple(_found(one, program.tables[name]) for name, one in staged.items())
    lacking = tuple(name for name in program.tables if name not in book.tables)
    return Inspection(Quality(tuple(qualities[name] for name in staged)), found, lacking)


def _found(staged: Staged, words: Table) -> TableFound:
    table = staged.table
    used = {how.column for name in words.columns if (how := table.mapped(name)) is not None}
    used |= {table.account, *table.only}
    return TableFound(
        table.name,
        table.source,
        staged.found,
        tuple(each for each in staged.found if each not in used),
        tuple(each for each in words.columns if each not in staged.columns and each != ACCOUNT_ID),
    )


def read_account(
    program: Program, book: Book, account_id: str, *, open_source: OpenSource
) -> dict[str, Any]:
    """Return what a book says of one account, as facts for the row engine.

    Raises DataError when there is no such account, or a source cannot be read.
    """
    return read_with_origins(program, book, account_id, open_source=open_source)[0]


def read_with_origins(
    program: Program, book: Book, account_id: str, *, open_source: OpenSource
) -> tuple[dict[str, Any], dict[str, Origin]]:
    """Return what a book says of one account, and by table where its rows stand in their source.

    Raises as `read_account` does.
    """
    connection, folder = connect(None, None, None)
    try:
        with told_as_data():
            return _read(connection, program, book, account_id, open_source)
    finally:
        connection.close()
        folder.cleanup()


def _read(
    connection: Any,  # noqa: ANN401  DuckDB's
    program: Program,
    book: Book,
    account_id: str,
    open_source: OpenSource,
) -> tuple[dict[str, Any], dict[str, Origin]]:
    facts: dict[str, Any] = {}
    origins = {}
    for number, (name, table) in enumerate(book.tables.items()):
        if name not in program.tables:
            continue
        words = program.tables[name]
        staged = stage(connection, table, words, list(words.columns), open_source, number)
        rows, lines = _rows(connection, staged, words, account_id)
        if name != ACCOUNTS:
            facts[name] = rows
        elif rows:
            facts |= {ACCOUNT_ID: account_id, **rows[0]}
        else:
            raise DataError(_no_account(connection, staged, book, account_id))
        origins[name] = Origin(source=table.source, rows=_numbers(connection, staged, lines))
    return facts, origins


def _rows(
    connection: Any,  # noqa: ANN401  DuckDB's
    staged: Staged,
    words: Table,
    account_id: str,
) -> tuple[list[dict[str, Any]], list[int]]:
    """Return an account's rows in the source's order, and what tells that order."""
    items, as_facts = facts_read(staged, words)
    here = binary(exp.EQ, column(ACCOUNT_ID), text(account_id))
    line = column(staged.line)
    select = rows_of(staged.relation).select(*items, named(line, LINE), copy=False)
    select = select.where(staged.usable, copy=False).where(here, copy=False)
    found = connection.execute(sql(select.order_by(line.copy(), copy=False))).fetchall()
    return [as_facts(row[:-1]) for row in found], [row[-1] for row in found]


def facts_read(
    staged: Staged, words: Table
) -> tuple[list[Sql], Callable[[Sequence[Any]], dict[str, Any]]]:
    """Return what to select of a table, and what makes facts for the row engine of a row of that."""
    items = [named(column(own), name) for name, (own, _, _) in staged.columns.items()]
    columns = [(words.columns[name], form) for name, (_, form, _) in staged.columns.items()]

    def as_facts(values: Sequence[Any]) -> dict[str, Any]:
        return {
            of.name: _plain(value, of, form)
            for value, (of, form) in zip(values, columns, strict=True)
            if value is not None
        }

    return items, as_facts


def _numbers(connection: Any, staged: Staged, lines: list[int]) -> tuple[int, ...]:  # noqa: ANN401
    """Return the numbers of rows in their source, counted from 1."""
    if staged.line == ROWID or not lines:
        return tuple(each + 1 for each in lines)
    # lines of what is read anew each time rise, but need not count: files may follow one another
    found = connection.execute(
        f'SELECT n FROM (SELECT "{LINE}", row_number() OVER (ORDER BY "{LINE}") AS n '  # noqa: S608  our names
        f'FROM "{staged.relation}") WHERE "{LINE}" IN (SELECT unnest($lines)) ORDER BY n',
        {"lines": lines},
    ).fetchall()
    return tuple(row[0] for row in found)


def _plain(value: Any, of: Column, form: Form) -> Any:  # noqa: ANN401  a stored value
    """Return a stored value as the row engine takes it, exact."""
    if form is Form.DAYS:
        return datetime.date.fromordinal(int(value) + EPOCH)
    if form is Form.UNITS:
        from kamrules.expression.types import PLACES  # noqa: PLC0415

        places = PLACES[of.type.kind]
        return int(value) if not places else Decimal(int(value)).scaleb(-places)
    if form in {Form.DECIMAL, Form.NARROW} and of.type.kind in {Kind.INTEGER, Kind.DAYS}:
        return int(value)
    return value


def _no_account(connection: Any, staged: Staged, book: Book, account_id: str) -> Diagnostic:  # noqa: ANN401
    select = rows_of(staged.relation).select(column(ACCOUNT_ID), copy=False)
    select = select.where(staged.usable, copy=False).limit(NEARBY, copy=False)
    ids = [row[0] for row in connection.execute(sql(select)).fetchall()]
    near = nearest(account_id, ids)
    mend = f"did you mean `{near}`?" if near else None
    if near is None and ids:
        mend = f"the first ones are {', '.join(f'`{each}`' for each in ids[:3])}"
    return Diagnostic("KR854", f"the book {book.name} has no account `{account_id}`", help=mend)
