"""The ruleset `kam` over the sample book, run after run: row engine, Polars and SQL decide the same."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import pytest

from kamrules.book import Book
from kamrules.compiler import compile_ruleset
from kamrules.compiler.in_force import in_force
from kamrules.document import load_ruleset
from kamrules.engines import DUCKDB, POLARS
from kamrules.engines.row import decide
from kamrules.engines.sql import decide_book, read_account
from kamrules.memory import Memory
from kamrules.plugins import open_source
from kamrules.tables import rows
from kamrules.workbench.sample import sample_book
from tests.agreement.comparing import differences
from tests.agreement.engines import NAMES, fetched
from tests.rulesets.reading import read_facts

if TYPE_CHECKING:
    from pathlib import Path

    from kamrules.decision import Earlier
    from tests.agreement.engines import Tables

DAYS = tuple(datetime.date(2026, month, day) for month, day in ((3, 31), (5, 15), (6, 30), (7, 1)))
ACCOUNTS = 160
TOP = 5


@pytest.fixture(scope="module")
def program():
    return compile_ruleset(load_ruleset("kam"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("sample")
    sample_book(found, accounts=ACCOUNTS)
    return found


@pytest.mark.parametrize("engine", [POLARS, DUCKDB])
def test_row_and_sql_agree_on_every_account_from_run_to_run(engine, program, folder, tmp_path):
    facts = read_facts(folder, program)
    book = Book.read(folder)
    moved = 0
    with Memory.open(tmp_path / "state.db") as memory:
        for day in DAYS:
            scratch = tmp_path / day.isoformat()
            scratch.mkdir()
            earlier = {
                each["account_id"]: memory.earlier_of(each["account_id"], day) for each in facts
            }
            by_row = _by_row(program, facts, day, earlier)
            with memory.transaction():
                with decide_book(
                    program,
                    book,
                    as_of=day,
                    open_source=open_source,
                    earlier=memory.earlier(day, scratch),
                    top=TOP,
                    engine=engine,
                ) as decisions:
                    by_sql = {name: fetched(decisions.tables[name]) for name in NAMES}
                    kept = decisions.export_state(scratch)
                memory.record(day, kept, ruleset=program.name, digest=program.digest)
            assert differences(by_row, by_sql) == []
            moved += sum(
                row["class_move"] not in {None, "placed", "stayed"} for row in by_sql["decisions"]
            )
    assert len(by_sql["decisions"]) == ACCOUNTS
    assert {row["status"] for row in by_sql["actions"]} >= {"proposed", "cooldown"}
    assert {row["class"] for row in by_sql["decisions"]} >= {each.id for each in program.classes}
    assert moved


def _by_row(
    program, facts: list[dict], day: datetime.date, earlier: dict[str, Earlier | None]
) -> Tables:
    found: Tables = {name: [] for name in NAMES}
    standing = in_force(program, day)
    for each in facts:
        decision = decide(
            program, each, as_of=day, earlier=earlier[each["account_id"]], top=TOP, strict=False
        )
        for name, some in rows(standing, decision).items():
            found[name] += some
    return found


def test_facts_read_from_the_book_are_those_that_a_plain_reader_finds(program, folder):
    book: Book = Book.read(folder)
    known = {each["account_id"]: each for each in read_facts(folder, program)}
    for key in list(known)[::40]:
        by_sql = decide(
            program, read_account(program, book, key, open_source=open_source), as_of=DAYS[-1]
        )
        by_row = decide(program, known[key], as_of=DAYS[-1], strict=False)
        assert by_sql.model_dump(exclude={"quality"}) == by_row.model_dump(exclude={"quality"})


def test_the_sample_book_is_the_same_bytes_every_time(tmp_path):
    def written(name: str) -> dict[str, bytes]:
        folder: Path = tmp_path / name
        sample_book(folder, accounts=30)
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    assert written("one") == written("two")
