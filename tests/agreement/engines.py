"""Runs one case through the row engine, the SQL engine and the oracle, each to the same output tables."""

from __future__ import annotations

import csv
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kamrules.book import Book
from kamrules.compiler import compile_ruleset
from kamrules.compiler.in_force import in_force
from kamrules.document import load_ruleset
from kamrules.engines.cutoffs import Cutoffs
from kamrules.engines.row import decide
from kamrules.engines.sql import book_cutoffs, decide_book
from kamrules.memory import EarlierFiles
from kamrules.plugins import open_source
from kamrules.tables import rows
from tests.oracle.tables import decide_slowly
from tests.strategies import facts_of
from tests.strategies.functions import plugged

if TYPE_CHECKING:
    from kamrules.compiler.program import Program
    from tests.strategies import Case
    from tests.strategies.books import Past, TableData

Tables = dict[str, list[dict[str, Any]]]
NAMES = ("decisions", "actions", "scores", "gates", "gaps")
ARROW = {
    "text": pa.string(),
    "double": pa.float64(),
    "bigint": pa.int64(),
    "decimal": pa.decimal128(38, 8),
    "date": pa.date32(),
    "bool": pa.bool_(),
}


def compiled(text: str) -> Program:
    """Return the program of a ruleset's text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ruleset.toml"
        path.write_bytes(text.encode())
        return compile_ruleset(load_ruleset(path, functions=plugged()))


def by_row(program: Program, case: Case) -> Tables:
    """Decide account after account with the row engine."""
    found: Tables = {name: [] for name in NAMES}
    standing = in_force(program, case.as_of)
    cutoffs = cutoffs_by_row(program, case) if program.book_steps else None
    for account_id, facts in facts_of(case.tables).items():
        earlier = case.past.of(account_id) if case.past is not None else None
        decision = decide(
            program,
            facts,
            as_of=case.as_of,
            earlier=earlier,
            top=case.top,
            language=case.language,
            strict=False,
            cutoffs=cutoffs,
        )
        for name, some in rows(standing, decision).items():
            found[name] += some
    return found


def cutoffs_by_row(program: Program, case: Case) -> Cutoffs:
    """Return the book's cut-offs as the row engine finds them."""
    return Cutoffs.of(program, facts_of(case.tables).values(), case.as_of, strict=False)


def cutoffs_by_sql(program: Program, case: Case) -> Cutoffs:
    """Return the book's cut-offs as the SQL engine finds them when it decides nothing."""
    book = Book.of(tables={name: arrow(table) for name, table in case.tables.items()})
    return book_cutoffs(program, book, as_of=case.as_of, open_source=open_source)


def by_oracle(program: Program, case: Case) -> Tables:
    """Decide account after account, slowly."""
    found: Tables = {name: [] for name in NAMES}
    book = list(facts_of(case.tables).values())
    signals = tomllib.loads(case.ruleset).get("signal", {})
    for account_id, facts in facts_of(case.tables).items():
        earlier = case.past.of(account_id) if case.past is not None else None
        tables = decide_slowly(
            program,
            facts,
            case.as_of,
            earlier,
            case.top,
            language=case.language,
            book=book,
            signals=signals,
        )
        for name, some in tables.items():
            found[name] += some
    return found


def by_polars(program: Program, case: Case) -> Tables:
    """Decide the whole book at once, by Polars."""
    return by_sql(program, case, engine="polars")


def by_sql(program: Program, case: Case, *, threads: int = 1, engine: str = "duckdb") -> Tables:
    """Decide the whole book at once."""
    with tempfile.TemporaryDirectory() as folder:
        earlier = None if case.past is None else memory_files(case.past, Path(folder))
        with decide_book(
            program,
            Book.of(tables={name: arrow(table) for name, table in case.tables.items()}),
            as_of=case.as_of,
            open_source=open_source,
            earlier=earlier,
            top=case.top,
            language=case.language,
            threads=threads,
            engine=engine,
        ) as decisions:
            return {name: fetched(decisions.tables[name]) for name in NAMES}


def fetched(relation: Any) -> list[dict[str, Any]]:
    """Return a DuckDB relation's rows."""
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def arrow(table: TableData) -> pa.Table:
    """Return a table in its physical forms."""
    schema = pa.schema([(name, ARROW[form]) for name, form in table.forms.items()])
    return pa.Table.from_pylist(table.rows, schema=schema)


def memory_files(past: Past, folder: Path) -> EarlierFiles:
    """Write an earlier run's states and proposals as the files that the SQL engine reads."""
    states, proposals = folder / "states.csv", folder / "proposals.csv"
    with states.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["account_id", "class", "tier"])
        writer.writerows(past.states)
    with proposals.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["account_id", "action", "proposed_on"])
        writer.writerows((key, action, day.isoformat()) for key, action, day in past.proposals)
    return EarlierFiles(states, proposals)
