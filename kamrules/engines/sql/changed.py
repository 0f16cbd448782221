"""Changed accounts: only they are decided; the others' decisions are taken over from those that were kept.

What is decided about an account is a function of its inputs: of the columns of the accounts' relation that
the stack reads, which are its own columns, sums over its rows, its place in the book, and what was decided
before. An account of which a decision was kept with the same inputs (a hash of them, 64 bits, compared with
those of the same account) and by the same function gets that decision again, whatever happened in between:
kept decisions never grow old. Accounts that are untouched (kamrules.engines.sql.untouched) need not even
have their inputs worked out.

The function is known by its SQL, in which the date of the run stands where rules read it. Tried: to count
every column that reads the date as an input, so that a run on another date takes over what the date makes no
difference to. With `kam`, which shows ages in days, that was 8 of 500 accounts, and working those columns out
for all accounts took most of the time that deciding takes.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from kamrules.engines.sql.ground import ground
from kamrules.engines.sql.output import CORE
from kamrules.engines.sql.staging import LINE
from kamrules.engines.sql.taken_over import TakenOver, other_function
from kamrules.engines.sql.tree import call, cast, column, is_null, named, sql, text
from kamrules.engines.sql.untouched import ALL, KEPT, ROWS_PRINT
from kamrules.expression.types import ACCOUNT_ID
from kamrules.memory.kept import KeptDecisions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from kamrules.engines.sql.stack import Stack
    from kamrules.engines.sql.tree import Sql
    from kamrules.engines.sql.untouched import Untouched

INPUTS, CHANGED, NEW = "inputs", "changed", "core_of_changed"
PRINT = "print"
"""The hash of an account's inputs."""
BESIDE = "_changed"
"""What the names of relations end in that have changed accounts only."""
EXACT_AS_TEXT = ("HUGEINT", "BIGNUM", "UNION", "VARIANT", "MAP", "BIT", "TIME")
"""Types that Parquet has not, or not exactly; they are kept as texts."""
MOST_WASTE, MOST_PARTS = 1.5, 30
"""When more rows than so many times the accounts, or in more parts, have been kept, they are written anew."""


class Changed:
    """Finds the accounts of a run that have changed, and puts the others' kept decisions beside theirs.

    `wanted` are the columns of the core, `people` the relation of accounts, and `joins` those beside it;
    where untouched accounts are left aside, these have only the others. `untouched` tells who they are, and
    by what else decisions are made; the function is added. `kept` are the decisions of earlier runs.
    """

    def __init__(  # noqa: PLR0913, PLR0917  the parts of a run
        self,
        connection: Any,  # noqa: ANN401  DuckDB's
        stack: Stack,
        wanted: Iterable[str],
        people: str,
        joins: Sequence[tuple[str, list[str]]],
        untouched: Untouched,
        kept: KeptDecisions,
    ) -> None:
        """Work out the hash of the inputs of every account that is not left aside, and find the changed."""
        self.connection = connection
        self.stack = stack
        self.wanted = sorted(wanted)
        self.people = people
        self.joins = joins
        self.untouched = untouched
        self.kept = kept
        self.made_by = dict(untouched.made_by)
        self._prints()
        self.taken = self._find()

    # what has changed

    def _prints(self) -> None:
        """Make INPUTS: every account that is not left aside with its line and the hash of its inputs."""
        if self.untouched.idle:
            self.made_by["function"] = self.kept.made_by["function"]
            self._execute(
                f'CREATE TEMP TABLE "{INPUTS}" ("{ACCOUNT_ID}" VARCHAR, "{LINE}" BIGINT, "{PRINT}" UBIGINT)'
            )
            return
        made, read = self.stack.traced(self.wanted)
        inputs = [column(name) for name in sorted(read)]
        accounts = ground(self.people, self.joins)
        types = self._types(sql(self.stack.select(inputs, accounts.copy())))
        function = [[name, sql(item)] for name, item in made]
        told = json.dumps([self.wanted, function, types])
        self.made_by["function"] = hashlib.sha256(told.encode()).hexdigest()
        # whether an account has rows matters, not how many: their number is there for the data quality
        looked_at = {*self.wanted, *_looked_at(item for _, item in made)}
        parts = [each if each.name in looked_at else is_null(each) for each in inputs]
        items = [column(ACCOUNT_ID), column(LINE), named(call("hash", *parts), PRINT)]
        select = self.stack.select(items, accounts)
        self._execute(f'CREATE TEMP TABLE "{INPUTS}" AS {sql(select)}')

    def _find(self) -> TakenOver:
        """Make CHANGED: the accounts that have to be decided."""
        accounts, aside = self.untouched.accounts, self.untouched.aside
        why = self.untouched.why or other_function(self.kept.made_by, self.made_by)
        if why is not None and not aside:
            return TakenOver(accounts, 0, why)
        self._execute(
            f'CREATE TEMP TABLE "{CHANGED}" AS SELECT "{ACCOUNT_ID}" FROM "{INPUTS}" '  # noqa: S608  our names
            f'ANTI JOIN (SELECT "{ACCOUNT_ID}", "{PRINT}" FROM "{KEPT}") USING ("{ACCOUNT_ID}", "{PRINT}")'
        )
        decided = self.untouched.count(CHANGED)
        return TakenOver(decided, accounts - decided)

    # their decisions

    def core(self) -> str:
        """Return the query of all decisions, in the book's order."""
        types = json.loads(self.kept.made_by["types"])
        items = ", ".join(
            f'CAST({sql(column(name, KEPT))} AS {of}) AS "{name}"'
            for name, of in zip(self.wanted, types, strict=True)
        )
        parts = []
        if self.untouched.aside:
            parts.append(_kept_for(items, ALL, ROWS_PRINT))
        if not self.untouched.idle:
            parts.append(_kept_for(items, INPUTS, PRINT))
        if self.taken.decided:
            self._decide()
            parts.append(f'FROM "{NEW}"')
        some = " UNION ALL ".join(parts)
        return f'SELECT * EXCLUDE ("{LINE}") FROM ({some}) ORDER BY "{LINE}"'  # noqa: S608

    def _decide(self) -> None:
        """Make NEW: the decisions about the accounts that have changed."""
        for each in (self.people, *(name for name, _ in self.joins)):
            self._execute(
                f'CREATE TEMP VIEW "{each}{BESIDE}" AS '
                f'FROM "{each}" SEMI JOIN "{CHANGED}" USING ("{ACCOUNT_ID}")'
            )
        items = [*(column(name) for name in self.wanted), column(LINE)]
        select = self.stack.select(items, ground(self.people, self.joins, BESIDE))
        self._execute(f'CREATE TEMP TABLE "{NEW}" AS {sql(select)}')

    # what is kept for the next run

    def keep(self, folder: Path) -> KeptDecisions:
        """Write the decisions that are to be kept for the next run, with all or only with the new ones."""
        decided, accounts = self.taken.decided, self.untouched.accounts
        adds = (
            self.taken.taken_over > 0
            and self.kept.rows + decided <= accounts * MOST_WASTE
            and len(self.kept.files) < MOST_PARTS
        )
        wanted = exp.Select(expressions=[column(each) for each in self.wanted])
        types = self._types(sql(wanted.from_(exp.to_table(CORE, quoted=True))))
        self.made_by["types"] = json.dumps(types)
        if adds and not decided:
            return KeptDecisions(self.made_by, (), 0, adds=True)
        path = folder / "kept.parquet"
        items = ", ".join(
            f'{sql(_as_kept(column(name, "c"), of))} AS "{name}"'
            for name, of in zip(self.wanted, types, strict=True)
        )
        prints = f'i."{PRINT}"'
        rows = f'"{NEW if adds else CORE}" c JOIN "{ALL}" a USING ("{ACCOUNT_ID}") '
        rows += f'LEFT JOIN "{INPUTS}" i USING ("{ACCOUNT_ID}")'
        if self.untouched.aside and not adds:  # the inputs of those were not worked out
            prints = f'coalesce({prints}, k."{PRINT}")'
            rows += f' LEFT JOIN "{KEPT}" k USING ("{ACCOUNT_ID}", "{ROWS_PRINT}")'
        self._execute(
            f'COPY (SELECT a."{ROWS_PRINT}", {prints} AS "{PRINT}", {items} FROM {rows}) '  # noqa: S608
            f"TO {sql(text(str(path)))} (FORMAT parquet, COMPRESSION zstd)"
        )
        return KeptDecisions(self.made_by, (path,), decided if adds else accounts, adds=adds)

    def _types(self, query: str) -> list[str]:
        return [row[1] for row in self._execute(f"DESCRIBE {query}").fetchall()]

    def _execute(self, query: str) -> Any:  # noqa: ANN401  DuckDB's
        return self.connection.execute(query)


def _kept_for(items: str, accounts: str, of: str) -> str:
    """Return the query of what was kept for accounts, which are a relation with the hash of something."""
    return (
        f'SELECT {items}, "{accounts}"."{LINE}" FROM "{KEPT}" JOIN "{accounts}" '  # noqa: S608  our names
        f'ON "{KEPT}"."{ACCOUNT_ID}" = "{accounts}"."{ACCOUNT_ID}" '
        f'AND "{KEPT}"."{of}" = "{accounts}"."{of}"'
    )


def _looked_at(items: Iterable[Sql]) -> set[str]:
    """Return the columns of which more is read than whether they are known."""
    return {
        each.name
        for item in items
        for each in item.find_all(exp.Column)
        if not (isinstance(each.parent, exp.Is) and isinstance(each.parent.expression, exp.Null))
    }


def _as_kept(item: Sql, of: str) -> Sql:
    """Return a value of one of DuckDB's types as Parquet holds it exactly."""
    return cast(item, "varchar") if any(each in of for each in EXACT_AS_TEXT) else item
