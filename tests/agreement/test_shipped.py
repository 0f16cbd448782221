"""Every shipped ruleset but `kam` over the sample book: all engines decide the same, in each language."""

from __future__ import annotations

import datetime

import pytest

from kamrules.book import Book
from kamrules.compiler import compile_ruleset
from kamrules.document import load_ruleset, names, shipped_folder
from kamrules.engines import DUCKDB, POLARS
from kamrules.engines.row import engine_of
from kamrules.engines.sql import decide_book
from kamrules.plugins import open_source
from kamrules.tables import rows
from kamrules.workbench.sample import sample_book
from tests.agreement.comparing import differences
from tests.agreement.engines import NAMES, fetched
from tests.rulesets.reading import read_facts

OTHERS = [each for each in names([shipped_folder()]) if each not in ("kam", "vocabulary")]
AS_OF = datetime.date(2026, 6, 30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("sample")
    sample_book(found, accounts=150)
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", OTHERS)
def test_row_and_sql_agree_and_every_account_has_a_class(name, language, folder):
    program = compile_ruleset(load_ruleset(name))
    engine = engine_of(program)
    facts = read_facts(folder, program)
    cutoffs = engine.cutoffs(facts, as_of=AS_OF, strict=False) if program.book_steps else None
    by_row = {table: [] for table in NAMES}
    for each in facts:
        decision = engine.decide(
            each, as_of=AS_OF, top=5, language=language, strict=False, cutoffs=cutoffs
        )
        assert decision.class_ is not None
        for table, some in rows(program, decision).items():
            by_row[table] += some
    for each in (POLARS, DUCKDB):
        with decide_book(
            program,
            Book.read(folder),
            as_of=AS_OF,
            open_source=open_source,
            top=5,
            language=language,
            engine=each,
        ) as decisions:
            by_sql = {table: fetched(decisions.tables[table]) for table in NAMES}
        assert differences(by_row, by_sql) == []
    assert len({row["class"] for row in by_sql["decisions"]}) > 1
