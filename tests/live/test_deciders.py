"""Deciders: whichever decides, the log tells which; what one failed on is kept for study."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from kamrules.live.deciding import CRASHED, TOO_LARGE, Answer, Outcome, RowDecider
from tests.live.living import event, live, order


class Troubled(RowDecider):
    """A decider whose live engine fails."""

    def __init__(self, trouble):
        self.trouble = trouble
        self.closed = False

    def decide(self, question):
        return replace(super().decide(question), trouble=self.trouble)

    def close(self):
        self.closed = True


@pytest.mark.parametrize(("trouble", "kept"), [(CRASHED, 1), (TOO_LARGE, 0)])
def test_what_the_live_engine_failed_on_is_logged_and_its_input_kept(tmp_path, trouble, kept):
    path = tmp_path / "book.db"
    decider = Troubled(trouble)
    with live(path, decider=decider) as book:
        posted = book.post(event("A", row={"employees": 7}))
        entry = book.entries()[-1]
        assert (entry.number, entry.engine, entry.trouble) == (posted.entry, "row", trouble)
        assert book.replay() == []
    assert decider.closed
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT entry, trouble, question FROM kamrules_poison"
        ).fetchall()
    assert len(found) == kept
    if found:
        assert found[0][:2] == (posted.entry, trouble)
        assert json.loads(found[0][2])["facts"]["employees"] == 7


def test_a_decider_that_decides_otherwise_is_found_by_a_replay():
    class Wrong(RowDecider):
        def decide(self, question):
            right = super().decide(question)
            return Answer(replace(right.outcome, class_="key"), right.inputs)

    with live(decider=Wrong()) as book:
        book.post(event("A"))
        book.post(order("A", 5))
        assert {each.kind for each in book.replay()} == {"outcome"}


def test_an_outcome_reads_back_from_its_bytes():
    with live() as book:
        book.post(event("A"))
        outcome = book.outcome("A")
        assert Outcome.of(json.loads(outcome.bytes)) == outcome
        assert Outcome.of(json.loads(outcome.bytes)).digest == outcome.digest
        assert len(outcome.bytes) < 4_000
