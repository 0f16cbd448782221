"""Data quality: what each table held, what was left out, and what could not be read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kamrules.book.quality import EXAMPLES, Problem, TableQuality
from kamrules.diagnostics import DataError
from kamrules.engines.sql.aggregates import ROWS
from kamrules.engines.sql.columns import NOT_A_CHOICE, NOT_A_DATE, NOT_A_VALUE, TOO_LONG
from kamrules.engines.sql.staging import LINE
from kamrules.engines.sql.tree import column, named, rows_of, sql
from kamrules.expression.types import ACCOUNT_ID, DIGITS, PLACES, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.book import Book, Quality
    from kamrules.engines.sql.staging import Staged
    from kamrules.expression.types import Column, Table

CODES = {NOT_A_VALUE: "KR643", NOT_A_CHOICE: "KR644", NOT_A_DATE: "KR645", TOO_LONG: "KR646"}
WANTED = {Kind.BOOL: "neither true nor false"}
IDS = "ids"
"""The relation with the number of rows of every id, while it is needed."""


def account_quality(
    connection: Any,  # noqa: ANN401
    staged: Staged,
    table: Table,
    people: str,
    *,
    distinct: bool = False,
) -> TableQuality:
    """Make the relation of accounts, the first row of each, and tell what their table held.

    Its column LINE rises in the book's order. `distinct` says that no id is there twice.
    """
    usable = rows_of(staged.relation).select("*").where(staged.usable, copy=False)
    if staged.line != LINE:
        usable = usable.select(named(column(staged.line), LINE), copy=False)
    connection.execute(f'CREATE TEMP VIEW "{people}_rows" AS {sql(usable)}')
    nobody = "WHERE false" if distinct else ""
    connection.execute(
        f'CREATE TEMP TABLE "{people}_twice" AS SELECT "{ACCOUNT_ID}", count(*) AS n '  # noqa: S608  our names
        f'FROM "{people}_rows" {nobody} GROUP BY 1 HAVING count(*) > 1'
    )
    rows, ids = connection.execute(
        f'SELECT coalesce(sum(n - 1), 0)::BIGINT, min("{ACCOUNT_ID}", {EXAMPLES}) FROM "{people}_twice"'  # noqa: S608
    ).fetchall()[0]
    if rows:
        connection.execute(
            f'CREATE TEMP TABLE "{people}" AS SELECT * FROM "{people}_rows" QUALIFY row_number() '  # noqa: S608
            f'OVER (PARTITION BY "{ACCOUNT_ID}" ORDER BY "{LINE}") = 1 ORDER BY "{LINE}"'
        )
    else:
        connection.execute(f'CREATE TEMP VIEW "{people}" AS SELECT * FROM "{people}_rows"')  # noqa: S608
    extra = []
    if rows:
        message = "the account is there already; the first row is kept"
        extra.append(_left_out("KR642", rows, message, ids))
    return _quality(connection, staged, table, extra)


def related_quality(
    connection: Any,  # noqa: ANN401
    staged: Staged,
    table: Table,
    sums: str,
    people: str,
) -> TableQuality:
    """Tell what a related table held; `sums` has the number of rows of every id in it."""
    rows, ids = connection.execute(
        f'SELECT coalesce(sum("{ROWS}"), 0)::BIGINT, min("{ACCOUNT_ID}", {EXAMPLES}) FROM "{sums}" '  # noqa: S608
        f'ANTI JOIN "{people}" USING ("{ACCOUNT_ID}")'
    ).fetchall()[0]
    extra = []
    if rows:
        extra.append(_left_out("KR641", rows, "no account has this id", ids))
    return _quality(connection, staged, table, extra)


def counted_quality(connection: Any, staged: Staged, table: Table, people: str) -> TableQuality:  # noqa: ANN401
    """Tell what a related table held that nothing has summed up."""
    ids = rows_of(staged.relation).select(column(ACCOUNT_ID), copy=False)
    ids = ids.where(staged.usable, copy=False)
    connection.execute(
        f'CREATE TEMP TABLE "{IDS}" AS SELECT "{ACCOUNT_ID}", count(*) AS "{ROWS}" '  # noqa: S608  our names
        f"FROM ({sql(ids)}) GROUP BY 1"
    )
    try:
        return related_quality(connection, staged, table, IDS, people)
    finally:
        connection.execute(f'DROP TABLE "{IDS}"')


def refuse_bad_data(book: Book, quality: Quality) -> None:
    """Raise DataError with a diagnostic for each problem of the book's tables, if there is any.

    Remarks are none.
    """
    found = [
        book.tables[table.table].fault(
            problem.code,
            f"table `{table.table}`, {problem.count:,} of {table.rows_read:,} rows: {problem.message}"
            + (
                f" ({', '.join(f'`{each}`' for each in problem.examples)})"
                if problem.examples
                else ""
            ),
        )
        for table in quality.tables
        for problem in table.problems
        if not problem.is_remark
    ]
    if found:
        mend = 'to go on without them, say bad_data = "leave_out" under [book], or --leave-out'
        raise DataError(*found[:-1], replace(found[-1], help=mend))


def refuse_no_accounts(book: Book, accounts: TableQuality) -> None:
    """Raise DataError when a book has no account to decide."""
    if accounts.rows_kept:
        return
    if not accounts.rows_read:
        raise DataError(book.accounts.fault("KR855", f"`{accounts.source}` has no rows", "from"))
    reasons = [f"{each.count:,}: {each.message}" for each in accounts.problems if each.leaves_out]
    if accounts.rows_filtered:
        reasons.append(f"{accounts.rows_filtered:,}: `only` leaves them out")
    what = f"none of the {accounts.rows_read:,} rows of `{accounts.source}` is an account"
    raise DataError(
        book.accounts.fault("KR855", f"{what} of the run", "from", help="; ".join(reasons) or None)
    )


def _left_out(code: str, count: int, message: str, examples: list[str] | None) -> Problem:
    return Problem(code, ACCOUNT_ID, count, message, tuple(examples or ()), leaves_out=True)


def _quality(connection: Any, staged: Staged, table: Table, extra: list[Problem]) -> TableQuality:  # noqa: ANN401
    kept = "kept" if staged.table.only else "true"
    read, filtered, nameless = connection.execute(
        f"SELECT count(*), count(*) FILTER (NOT {kept}), "  # noqa: S608
        f'count(*) FILTER ({kept} AND "{ACCOUNT_ID}" IS NULL) FROM "{staged.relation}"'
    ).fetchall()[0]
    problems = list(staged.problems)
    if nameless:
        message = f"`{staged.table.account}` is empty, so they belong to no account"
        problems.append(Problem("KR640", ACCOUNT_ID, nameless, message, (), leaves_out=True))
    problems += extra
    problems += _unreadable(connection, staged, table)
    lost = sum(each.count for each in problems if each.leaves_out)
    earlier = sum(each.count for each in staged.problems if each.leaves_out)
    read += earlier
    return TableQuality(
        staged.table.name,
        staged.table.source,
        read,
        read - filtered - lost,
        tuple(problems),
        filtered,
    )


def _unreadable(connection: Any, staged: Staged, table: Table) -> Iterator[Problem]:  # noqa: ANN401
    if not staged.has_problems:
        return
    usable = rows_of(staged.relation).select("bad").where(staged.usable, copy=False)
    found = connection.execute(
        "SELECT one.place, one.code, count(*), "  # noqa: S608
        f"min(one.raw, {EXAMPLES}) FROM (SELECT unnest(bad) AS one FROM ({sql(usable)})) "
        "WHERE one IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    columns = list(table.columns.values())
    for place, code, count, raw in found:
        of = columns[place]
        yield Problem(CODES[code], of.name, count, message_of(code, of), tuple(raw or ()))


def message_of(code: int, column: Column) -> str:
    """Return what is told of values that have a problem (a code of kamrules.engines.sql.columns)."""
    kind = column.type.kind
    if code == NOT_A_CHOICE:
        return f"not a choice of `{column.name}`, so unknown"
    if code == NOT_A_DATE:
        return f"`{column.name}` is no date, so unknown"
    if code == TOO_LONG:
        digits = DIGITS - PLACES[kind]
        return f"`{column.name}` is not finite or has more than {digits} digits before the point, so unknown"
    return f"`{column.name}` is {WANTED.get(kind, 'no number')}, so unknown"
