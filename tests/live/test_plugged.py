"""A live book whose rules call functions of plug-ins: in worker processes, after a restart, and replayed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kamrules import DataError, LiveBook, load_ruleset
from kamrules.live.replaying import replay
from kamrules.live.rulesets import Programs
from kamrules.live.store import Store
from kamrules.live.workers import WorkerPool
from kamrules.plugins.language import functions_of
from tests.live.living import RULES, START, event, order, visit
from tests.strategies.functions import plugged

CALLING = """
[fact.net]
type = "money"
value = "after_discount(revenue, 50%)"
[action.praise]
title = "Praise {name}"
when = ["net >= 300", "initial(name) == 'A'"]
priority = 10
owner = "manager"
due_days = 1
effort_hours = 1
because = "{net} after discount"
"""


@pytest.fixture
def ruleset(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(RULES.read_text(encoding="utf-8") + CALLING, encoding="utf-8")
    return load_ruleset(path, functions=plugged())


def opened(ruleset, store, **more):
    return LiveBook(ruleset, store, as_of=START, tables="all", **more)


def posted(book):
    book.post_many([event("Acme"), order("Acme", 700), event("Bert"), order("Bert", 700)])
    book.post(visit("Acme"))


def praised(book):
    return [each.account_id for each in book.actions() if each.action == "praise"]


def test_workers_decide_by_functions_as_the_row_engine_does(ruleset):
    with WorkerPool(2) as pool, opened(ruleset, "memory", decider=pool) as book:
        posted(book)
        assert praised(book) == ["Acme"]
        assert [each.reason for each in book.actions() if each.action == "praise"] == [
            "350 after discount"
        ]
        assert book.replay() == []


def test_a_book_that_is_opened_again_knows_what_was_decided_by_functions(ruleset, tmp_path):
    store = tmp_path / "book.db"
    with opened(ruleset, store) as book:
        posted(book)
        digest = book.program.digest
    with opened(ruleset, store) as book:
        assert book.program.digest == digest
        assert praised(book) == ["Acme"]
        assert (book.verify(), book.replay()) == ([], [])


def test_a_book_that_is_opened_with_plain_rules_replays_what_functions_decided(ruleset, tmp_path):
    store = tmp_path / "book.db"
    with opened(ruleset, store) as book:
        posted(book)
    with opened(load_ruleset(RULES, functions=plugged()), store) as book:
        assert book.program.functions == ()
        assert book.replay() == []


def test_a_reload_brings_the_functions_that_its_ruleset_was_loaded_with(ruleset, tmp_path):
    store = tmp_path / "book.db"
    with opened(ruleset, store) as book:
        posted(book)
    with opened(load_ruleset(RULES), store) as book:
        assert book.replay() != []
        book.reload(load_ruleset(RULES, functions=plugged()))
        assert book.replay() == []


def test_a_log_is_replayed_with_the_functions_that_decided_then_and_no_others(ruleset, tmp_path):
    path = tmp_path / "book.db"
    with opened(ruleset, path) as book:
        posted(book)
    found = plugged().found
    other = functions_of(found | {"initial": replace(found["initial"], version="2")})
    store = Store.open(path, read_only=True)
    try:
        assert replay(store, programs=Programs(store, plugged())) == []
        for functions, why in (
            (other, "functions of plug-ins (`after_discount`, `initial`) were changed"),
            (None, "there is no function `after_discount`"),
        ):
            differing = replay(store, programs=Programs(store, functions))
            assert {each.kind for each in differing} == {"undecided"}
            assert any(why in each.message for each in differing), differing
    finally:
        store.close()


def test_a_ruleset_in_use_may_begin_to_call_functions(ruleset, tmp_path):
    with LiveBook(load_ruleset(RULES), tmp_path / "book.db", as_of=START, tables="all") as book:
        posted(book)
        book.reload(ruleset, redecide=True)
        assert praised(book) == ["Acme"]
        assert book.replay() == []


def test_a_digest_whose_functions_changed_is_told_to_be_another(ruleset, tmp_path):
    path = tmp_path / "book.db"
    with opened(ruleset, path) as book:
        digest = book.program.digest
    found = plugged().found
    other = functions_of(found | {"initial": replace(found["initial"], version="2")})
    store = Store.open(path, read_only=True)
    try:
        with pytest.raises(DataError) as error:
            Programs(store, other).get(digest)
        assert error.value.diagnostics[0].code == "KR820"
    finally:
        store.close()
