"""Refusing: what of a ruleset or a book file cannot be told in a warehouse's SQL, by rule and place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.in_force import validities
from kamrules.compiler.validity import ALWAYS
from kamrules.diagnostics import DataError, Diagnostic, UsageError
from kamrules.engines.sql.plugged import untranslated

if TYPE_CHECKING:
    import datetime

    from kamrules.compiler.program import Program
    from kamrules.engines.sql.deploying.dialects import Dialect
    from kamrules.engines.sql.deploying.options import Deployment

COMPLETE = ("spark", "duckdb")


def refuse_untold(program: Program, asked: Deployment) -> None:
    """Raise for rules, functions and mappings that a view cannot tell; of the latter all at once."""
    if asked.as_of is None and any(each != ALWAYS for each in validities(program)):
        what = "rules of this ruleset hold between dates, and a view without a date cannot leave them out"
        raise UsageError(Diagnostic("KR871", what, help="give --as-of a date"))
    problems = []
    for function in program.functions:
        if (why := untranslated(function, asked.dialect)) is not None:
            name = f"`{function.name}` of {function.owner}"
            what = f"{name} cannot be said in the SQL of {asked.dialect}: {why}"
            mend = "deploy to duckdb, or say its SQL form in plainer functions"
            problems.append(Diagnostic("KR222", what, help=mend))
    for table in () if asked.book is None else asked.book.tables.values():
        for name, how in table.columns.items():
            if how.format is not None:
                what = f"the format `{how.format}` of a date cannot be told in the SQL of every warehouse"
                mend = "hold dates in the warehouse as dates, and leave `format` out"
                problems.append(table.fault("KR870", what, "column", name, "format", help=mend))
    if problems:
        raise DataError(*problems)


def refuse_incomplete(asked: Deployment) -> datetime.date:
    """Return the date of a run whose tables are all told in SQL. Raises UsageError for what has none.

    Only Spark and DuckDB have the lists that the tables are made of.
    """
    if asked.dialect not in COMPLETE:
        where = " and ".join(COMPLETE)
        what = (
            f"all output tables are told in the SQL of {where}, and not in that of {asked.dialect}"
        )
        raise UsageError(Diagnostic("KR885", what, help="deploy views: `kamrules sql`"))
    if asked.as_of is None:
        what = "a run needs the date on which it decides"
        raise UsageError(Diagnostic("KR886", what, help="give it `as_of`"))
    return asked.as_of


def refuse_too_wide(dialect: Dialect, columns: int) -> None:
    """Raise UsageError when a view would have more columns than the warehouse takes."""
    if dialect.widest and columns > dialect.widest:
        what = (
            f"the ruleset needs {columns:,} columns in one view, and {dialect.name} takes"
            f" {dialect.widest:,} at most"
        )
        raise UsageError(Diagnostic("KR873", what, help="deploy it to another dialect"))
