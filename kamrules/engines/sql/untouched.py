"""Untouched accounts: those of which no row has changed are left aside before anything is summed up.

What is decided about an account follows from its rows, its place in the book, what was decided before, and
the date. Of all that a hash is worked out, which takes a small part of the time of summing up and deciding:
an account whose hash was kept with its decision needs neither. The tables go on with the others' rows.

Of related rows the hashes are added up, since no rule reads their order.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from kamrules.engines.sql.aggregates import ROWS
from kamrules.engines.sql.staging import LINE
from kamrules.engines.sql.taken_over import other_settings
from kamrules.engines.sql.tree import call, column, named, rows_of, sql, text, whole
from kamrules.expression.types import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kamrules.engines.sql.staging import Staged
    from kamrules.engines.sql.tree import Sql
    from kamrules.memory.kept import KeptDecisions

ALL, TOUCHED, KEPT = "all_accounts", "touched", "kept"
ROWS_PRINT = "rows_print"
"""The hash of an account's rows, and of what else its decision follows from."""
MOST = 0.5
"""If a greater share of the accounts is touched than this, none are left aside."""
FORM = "2"
"""The form in which decisions are kept: which columns stand beside them."""


class Untouched:
    """Tells which accounts of a run are as they were when their decisions were kept.

    `made_by` is what decisions depend on besides rows; DuckDB and kamrules are added. `why` says why none
    of the decisions kept can be taken over, if so. `accounts` counts those of the run, and `aside` those that
    are left aside.
    """

    def __init__(
        self,
        connection: Any,  # noqa: ANN401  DuckDB's
        made_by: Mapping[str, str],
        kept: KeptDecisions,
    ) -> None:
        from kamrules import __version__  # noqa: PLC0415  which imports nothing

        self.connection = connection
        versions = {"kamrules": __version__, "duckdb": duckdb.__version__, "form": FORM}
        self.made_by = dict(made_by) | versions
        self.why = other_settings(kept.made_by, self.made_by) if kept.files else kept.why
        self.accounts = self.aside = 0
        if kept.files:
            paths = ", ".join(sql(text(str(each))) for each in kept.files)
            self._execute(f'CREATE TEMP VIEW "{KEPT}" AS FROM read_parquet([{paths}])')

    @property
    def idle(self) -> bool:
        """Whether all accounts are left aside."""
        return 0 < self.accounts == self.aside

    def sum_up(self, staged: Staged, number: int) -> tuple[str, list[str]]:
        """Make a relation with the number and the hash of the rows that accounts have in a related table.

        Return its name, and the columns that tell whether rows are others.
        """
        items: list[Sql] = [column(own) for own, _, _ in staged.columns.values()]
        select = rows_of(staged.relation).select(
            column(ACCOUNT_ID),
            named(exp.Count(this=exp.Star()), ROWS),
            named(exp.Sum(this=call("hash", *(items or [whole(0)]))), f"sum_{number}"),
            copy=False,
        )
        select = select.where(staged.usable, copy=False).group_by(column(ACCOUNT_ID), copy=False)
        name = f"rows_{number}"
        self._execute(f'CREATE TEMP TABLE "{name}" AS {sql(select)}')
        return name, [f"sum_{number}"]

    def look(
        self,
        accounts: Staged,
        related: Mapping[str, Staged],
        people: exp.Select,
        beside: Sequence[tuple[str, list[str]]],
    ) -> None:
        """Make ALL: every account with its line and its hash; and TOUCHED: those that are not as they were.

        `people` has the accounts with what is `beside` them: relations with their columns.
        """
        forms = [self._form(each) for each in (accounts, *related.values())]
        told = json.dumps([self.made_by, forms, beside], sort_keys=True)
        own = [each for each, _, _ in accounts.columns.values()]
        found = call(
            "hash",
            text(told),
            *map(column, [*own, *(one for _, columns in beside for one in columns)]),
        )
        select = exp.Select(
            expressions=[column(ACCOUNT_ID), column(LINE), named(found, ROWS_PRINT)]
        )
        select = select.from_(people.subquery("s", copy=False), copy=False)
        self._execute(f'CREATE TEMP TABLE "{ALL}" AS {sql(select)}')
        self.accounts = self.count(ALL)
        if self.why is not None:
            return
        self._execute(
            f'CREATE TEMP TABLE "{TOUCHED}" AS SELECT "{ACCOUNT_ID}" FROM "{ALL}" '  # noqa: S608  our names
            f'ANTI JOIN (SELECT "{ACCOUNT_ID}", "{ROWS_PRINT}" FROM "{KEPT}") '
            f'USING ("{ACCOUNT_ID}", "{ROWS_PRINT}")'
        )
        touched = self.count(TOUCHED)
        self.aside = self.accounts - touched if touched <= self.accounts * MOST else 0

    def rest(self, relation: str) -> str:
        """Make a table of a relation's rows of touched accounts, and return its name."""
        name = f"{relation}_{TOUCHED}"
        some = "WHERE false" if self.idle else f'SEMI JOIN "{TOUCHED}" USING ("{ACCOUNT_ID}")'
        self._execute(f'CREATE TEMP TABLE "{name}" AS FROM "{relation}" {some}')
        return name

    def rest_of(self, staged: Staged) -> Staged:
        """Return a related table with the rows of touched accounts."""
        return replace(staged, relation=self.rest(staged.relation))

    def _form(self, staged: Staged) -> list[Any]:
        """Return what a table's values are: the vocabulary's columns that the book fills, and their types."""
        filled = [[name, own, form, str(of)] for name, (own, form, of) in staged.columns.items()]
        types = self._execute(f'DESCRIBE "{staged.relation}"').fetchall()
        return [staged.table.name, filled, [each[:2] for each in types]]

    def count(self, relation: str) -> int:
        """Return how many rows a relation of the run has."""
        found: int = self._execute(f'SELECT count(*) FROM "{relation}"').fetchall()[0][0]  # noqa: S608
        return found

    def _execute(self, query: str) -> Any:  # noqa: ANN401  DuckDB's
        return self.connection.execute(query)
