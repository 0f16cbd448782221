"""A run that takes decisions over gives what one gives that decides everything, and decides what changed.

Rulesets and books are made up at random, and the books edited from night to night as a CRM's are.
"""

from __future__ import annotations

import csv
import datetime
import random
import tempfile
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from kamrules.book import Book
from kamrules.engines.sql import decide_book
from kamrules.memory import Memory
from kamrules.plugins import open_source
from tests.agreement.engines import NAMES, arrow, compiled, fetched
from tests.strategies import cases, facts_of
from tests.strategies.books import ACCOUNT_IDS

NIGHTS = (0, 0, 1, 1, 31)
"""Days of a case's runs, counted from its day: some dates are run again."""


class Nights:
    """Two memories of one book: of runs that decide everything, and of runs that take decisions over."""

    def __init__(self, case, program, folder):
        self.case, self.program, self.folder = case, program, folder
        self.decided, self.known = [], {}

    def run(self, tables, as_of, threads):
        whole = self._run(tables, as_of, threads, since=False)
        taken, accounts = self._run(tables, as_of, threads, since=True), facts_of(tables)
        told = taken.pop("taken")
        assert taken == whole
        assert told.decided + told.taken_over == len(accounts)
        self._check(accounts, as_of, told, whole["before"])
        return told

    def _check(self, accounts, as_of, told, before):
        """What nothing has happened to since a run of the same date is not decided again."""
        now = {
            key: (repr(facts), as_of, [each for some in before for each in some if each[0] == key])
            for key, facts in accounts.items()
        }
        if not self.program.book_steps:
            new = [key for key, each in now.items() if each not in self.known.get(key, [])]
            assert told.decided <= len(new) or told.why
        for key, each in now.items():
            self.known.setdefault(key, []).append(each)

    def _run(self, tables, as_of, threads, *, since):
        name = "since" if since else "whole"
        with (
            tempfile.TemporaryDirectory(dir=self.folder) as inside,
            Memory.open(self.folder / f"{name}.db") as memory,
            memory.transaction(),
        ):
            scratch = Path(inside)
            earlier = memory.earlier(as_of, scratch)
            kept = None
            if since:
                kept = memory.kept(scratch)
            with decide_book(
                self.program,
                Book.of(tables={key: arrow(table) for key, table in tables.items()}),
                as_of=as_of,
                open_source=open_source,
                earlier=earlier,
                kept=kept,
                top=self.case.top,
                language=self.case.language,
                threads=threads,
            ) as decisions:
                found = {each: fetched(decisions.tables[each]) for each in NAMES}
                found["summary"] = decisions.summary()
                found["quality"] = decisions.quality.as_json()
                cutoffs = decisions.cutoffs()
                found["cutoffs"] = cutoffs and cutoffs.as_json()
                found["before"] = _rows(earlier)
                states = decisions.export_state(scratch)
                found["after"] = _rows(states)
                memory.record(as_of, states)
                if since:
                    found["taken"] = decisions.taken_over
                    memory.keep(decisions.export_kept(scratch))
                return {key: repr(each) if key in NAMES else each for key, each in found.items()}


def _rows(earlier):
    if earlier is None:
        return [[], []]
    found = []
    for path in (earlier.states, earlier.proposals):
        with path.open(newline="", encoding="utf-8") as file:
            found.append(sorted(map(tuple, list(csv.reader(file))[1:])))
    return found


def edited(tables, chance):
    """Return a book's tables after a day of work on them."""
    tables = deepcopy(tables)
    for _ in range(chance.randrange(4)):
        table = tables[chance.choice(sorted(tables))]
        if not table.rows:
            continue
        row = chance.choice(table.rows)
        match chance.randrange(6):
            case 0 | 1 | 2:
                column = chance.choice(sorted(table.forms))
                if column != "account_id":
                    row[column] = chance.choice([None, chance.choice(table.rows)[column]])
            case 3:
                if table is not tables["accounts"] or len(table.rows) > 1:
                    table.rows.remove(row)
            case 4:
                new = dict(row)
                if table is tables["accounts"]:
                    new["account_id"] = chance.choice(ACCOUNT_IDS)
                table.rows.insert(chance.randrange(len(table.rows) + 1), new)
            case 5:
                chance.shuffle(table.rows)
    return tables


def hold(case, start):
    chance = random.Random(start)
    with tempfile.TemporaryDirectory() as folder:
        nights = Nights(case, compiled(case.ruleset), Path(folder))
        tables = case.tables
        for number, after in enumerate(NIGHTS):
            as_of = case.as_of + datetime.timedelta(after)
            nights.run(tables, as_of, threads=1 + number % 2)
            tables = edited(tables, chance)
        nights.run(tables, as_of, threads=2)
        again = nights.run(tables, as_of, threads=1)
        assert (again.decided, again.why) == (0, None)


def examples(count, start):
    @seed(start)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(), st.integers(0, 10**9))
    def every(case, chance):
        hold(case, chance)

    every()


def test_taking_decisions_over_changes_nothing_but_what_is_decided():
    examples(6, 7)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(3))
def test_taking_decisions_over_changes_nothing_over_many_books(start):
    examples(12, start)
