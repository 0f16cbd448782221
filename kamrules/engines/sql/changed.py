"""Changed accounts: only they are decided; the others' decisions are taken over from those that were kept.

What is decided about an account is a function of its inputs: of the columns of the accounts' relation that
the stack reads, which are its own columns, sums over its rows, its place in the book, and what was decided
before. An account of which a decision was kept with the same inputs (a hash of them, 64 bits, compared with
those of the same account) and by the same function gets that decision again, whatever happened in between:
kept decisions never grow old.

The function is known by its SQL, in which the date of the run stands where rules read it. Tried: to count
every column that reads the date as an input, so that a run on another date takes over what the date makes no
difference to. With `kam`, which shows ages in days, that was 8 of 500 accounts, and working those columns out
for all accounts took most of the time that deciding takes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from kamrules.engines.sql.ground import ground
from kamrules.engines.sql.output import CORE
from kamrules.engines.sql.staging import LINE
from kamrules.engines.sql.tree import call, cast, column, is_null, named, sql, text
from kamrules.expression.types import ACCOUNT_ID
from kamrules.memory.kept import KeptDecisions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from kamrules.engines.sql.stack import Stack
    from kamrules.engines.sql.tree import Sql

INPUTS, KEPT, CHANGED, NEW = "inputs", "kept", "changed", "core_of_changed"
PRINT = "print"
"""The hash of an account's inputs."""
BESIDE = "_changed"
"""What the names of relations end in that have changed accounts only."""
EXACT_AS_TEXT = ("HUGEINT", "BIGNUM", "UNION", "VARIANT", "MAP", "BIT", "TIME")
"""Types that Parquet has not, or not exactly; they are kept as texts."""
MOST_WASTE, MOST_PARTS = 1.5, 30
"""When more rows than so many times the accounts, or in more parts, have been kept, they are written anew."""
KEPT_BY = "the decisions that the state keeps were made "
WHY = {
    "kamrules": KEPT_BY + "by kamrules {}",
    "duckdb": KEPT_BY + "with DuckDB {}",
    "digest": KEPT_BY + "by other rules or settings",
    "top": KEPT_BY + "with --top {}",
    "language": KEPT_BY + "in language {}",
    "tables": KEPT_BY + "for other tables",
}
"""Why nothing can be taken over, by what of how decisions were made is another than now."""
WHY_OTHER = {
    "as_of": KEPT_BY + "as of {}, and rules read the date",
    "compared": "what rules compare accounts with is another over the whole book than when "
    + KEPT_BY,
}
"""The same where the function is another, and what may be to blame."""
COLUMNS = "other columns of the book are filled than when " + KEPT_BY


@dataclass(frozen=True, slots=True)
class TakenOver:
    """How many accounts of a run were decided, how many decisions taken over, and why none were, if so."""

    decided: int
    taken_over: int
    why: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as it stands in run.json."""
        why = {} if self.why is None else {"why": self.why}
        return {"decided": self.decided, "taken_over": self.taken_over, **why}


class Changed:
    """Finds the accounts of a run that have changed, and puts the others' kept decisions beside theirs.

    `wanted` are the columns of the core, `people` the relation of accounts, and `joins` those beside it.
    `made_by` is what decisions depend on besides their inputs; DuckDB, kamrules and the function are added.
    """

    def __init__(  # noqa: PLR0913, PLR0917  the parts of a run
        self,
        connection: Any,  # noqa: ANN401  DuckDB's
        stack: Stack,
        wanted: Iterable[str],
        people: str,
        joins: Sequence[tuple[str, list[str]]],
        made_by: Mapping[str, str],
        kept: KeptDecisions,
    ) -> None:
        """Work out the hash of every account's inputs, and find the accounts that have changed."""
        from kamrules import __version__  # noqa: PLC0415  which imports nothing

        self.connection = connection
        self.stack = stack
        self.wanted = sorted(wanted)
        self.people = people
        self.joins = joins
        self.kept = kept
        self.made_by = dict(made_by) | {"kamrules": __version__, "duckdb": duckdb.__version__}
        self._prints()
        self.taken = self._find()

    # what has changed

    def _prints(self) -> None:
        """Make INPUTS: every account with its line and the hash of its inputs."""
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
        accounts = self._count(INPUTS)
        why = self._why_not()
        if why is not None:
            return TakenOver(accounts, 0, why)
        files = ", ".join(sql(text(str(each))) for each in self.kept.files)
        self._execute(f'CREATE TEMP VIEW "{KEPT}" AS FROM read_parquet([{files}])')
        self._execute(
            f'CREATE TEMP TABLE "{CHANGED}" AS SELECT "{ACCOUNT_ID}" FROM "{INPUTS}" '  # noqa: S608  our names
            f'ANTI JOIN (SELECT "{ACCOUNT_ID}", "{PRINT}" FROM "{KEPT}") USING ("{ACCOUNT_ID}", "{PRINT}")'
        )
        decided = self._count(CHANGED)
        return TakenOver(decided, accounts - decided)

    def _why_not(self) -> str | None:
        """Return why nothing can be taken over."""
        if not self.kept.files:
            return self.kept.why
        old = self.kept.made_by
        for key, why in WHY.items():
            if old.get(key) != self.made_by[key]:
                return why.format(old.get(key))
        if old.get("function") == self.made_by["function"]:
            return None
        for key, why in WHY_OTHER.items():
            if old.get(key) != self.made_by[key]:
                return why.format(old.get(key)).strip()
        return COLUMNS.strip()

    # their decisions

    def core(self) -> str:
        """Return the query of all decisions, in the book's order."""
        types = json.loads(self.kept.made_by["types"])
        items = ", ".join(
            f'CAST({sql(column(name, KEPT))} AS {of}) AS "{name}"'
            for name, of in zip(self.wanted, types, strict=True)
        )
        some = (
            f'SELECT {items}, "{INPUTS}"."{LINE}" FROM "{KEPT}" JOIN "{INPUTS}" '  # noqa: S608  our names
            f'ON "{KEPT}"."{ACCOUNT_ID}" = "{INPUTS}"."{ACCOUNT_ID}" '
            f'AND "{KEPT}"."{PRINT}" = "{INPUTS}"."{PRINT}"'
        )
        if self.taken.decided:
            self._decide()
            some = f'FROM "{NEW}" UNION ALL {some}'
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
        decided, accounts = self.taken.decided, self._count(INPUTS)
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
        self._execute(
            f'COPY (SELECT i."{PRINT}", {items} FROM "{NEW if adds else CORE}" c JOIN "{INPUTS}" i '  # noqa: S608
            f'ON c."{ACCOUNT_ID}" = i."{ACCOUNT_ID}") TO {sql(text(str(path)))} (FORMAT parquet)'
        )
        return KeptDecisions(self.made_by, (path,), decided if adds else accounts, adds=adds)

    def _types(self, query: str) -> list[str]:
        return [row[1] for row in self._execute(f"DESCRIBE {query}").fetchall()]

    def _count(self, relation: str) -> int:
        found: int = self._execute(f'SELECT count(*) FROM "{relation}"').fetchall()[0][0]  # noqa: S608
        return found

    def _execute(self, query: str) -> Any:  # noqa: ANN401  DuckDB's
        return self.connection.execute(query)


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
