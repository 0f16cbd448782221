"""Three edits of kam on the sample book: what a difference tells is what deciding by account shows."""

from __future__ import annotations

import datetime

import pytest

from kamrules import compare, compile_ruleset, decide, load_ruleset
from kamrules.book import Book
from kamrules.plugins import open_source
from kamrules.workbench.sample import sample_book
from tests.rulesets.reading import read_facts

AS_OF = datetime.date(2026, 6, 30)
OURS = """[ruleset]
name = "kam"
version = "2.1"
extends = ["kam"]
[parameter.key_revenue]
value = 1_500_000
[tier.preferred_supplier.gate.key_people]
when = "executive_supporters >= 1"
stay = "executive_supporters >= 1"
[action.value_workshop]
enabled = false
"""


def outcomes(program, accounts):
    found = {}
    for facts in accounts:
        one = decide(program, facts, as_of=AS_OF, top=None, strict=False)
        found[one.account_id] = (one.class_, one.tier, frozenset(each.id for each in one.actions))
    return found


@pytest.mark.slow
def test_every_account_of_the_sample_book_changes_as_the_row_engine_has_it(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text(OURS, encoding="utf-8")
    old, new = load_ruleset("kam"), load_ruleset(path)
    book = sample_book(tmp_path / "book").parent
    found = compare(old, new, Book.read(book), as_of=AS_OF, open_source=open_source, show=10_000)
    accounts = read_facts(book, compile_ruleset(old))
    was, now = (outcomes(compile_ruleset(each), accounts) for each in (old, new))
    changed = {each for each in was if was[each] != now[each]}
    assert found.effect.changed == len(changed) > 20
    for one in found.effect.listed:
        told = {each.what for each in one.changes} - {"best"}
        before, after = was[one.account_id], now[one.account_id]
        kept = {"class": before[0] == after[0], "tier": before[1] == after[1]}
        wanted = {name for name, same in kept.items() if not same}
        assert told == wanted | {f"action.{each}" for each in before[2] ^ after[2]}
        assert all(str(each.cause) for each in one.changes)
    causes = {
        name
        for one in found.effect.listed
        for each in one.changes
        for name in (*each.cause.enough, *each.cause.needed)
    }
    assert causes >= {"parameter.key_revenue", "action.value_workshop"}
