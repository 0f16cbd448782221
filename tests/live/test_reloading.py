"""Another ruleset while the book is open: checked first, taken between events, and noted in the log."""

from __future__ import annotations

import pytest

from kamrules import RulesetError
from tests.live.living import RULES, day, event, live, order, visit

TEXT = RULES.read_text(encoding="utf-8")


@pytest.fixture
def rules(tmp_path):
    """Return what writes another version of the rules and gives its path."""

    def write(old, new):
        assert old in TEXT
        path = tmp_path / "rules.toml"
        path.write_text(TEXT.replace(old, new), encoding="utf-8")
        return path

    return write


def test_a_changed_ruleset_decides_from_the_next_event_on(rules):
    with live() as book:
        book.post_many([event("A"), order("A", 600), event("B"), order("B", 600)])
        before = book.program.digest
        found = book.reload(rules("value = 1_000", "value = 500"))
        assert book.program.digest == found.digest != before
        entry = book.entries(after=found.entry - 1)[0]
        assert (entry.kind, entry.digest, entry.changed) == (
            "ruleset",
            found.digest,
            {"before": before},
        )
        # a decision is that of the ruleset that made it, until the next event or tick
        assert book.decision("A").digest == before
        assert book.post(visit("A")).changes.gates_met == ("path.up.gate.visited",)
        assert (book.outcome("A").class_, book.decision("A").digest) == ("key", found.digest)
        book.tick(day(1))
        assert book.decision("B").digest == found.digest
        assert book.verify() == []
        assert book.replay() == []


def test_all_accounts_are_decided_again_at_once_when_wanted(rules):
    with live() as book:
        book.post_many([event("A"), order("A", 600), event("B")])
        found = book.reload(rules("value = 1_000", "value = 500"), redecide=True)
        assert [each.account_id for each in found.changes] == ["A"]
        assert found.changes[0].class_.after == "key"
        assert book.decision("B").digest == found.digest
        assert book.replay() == []


def test_a_broken_ruleset_is_refused_with_its_errors_and_the_old_one_stays(rules):
    with live() as book:
        book.post(event("A"))
        before, head = book.program, book.head
        with pytest.raises(RulesetError, match="revenu") as caught:
            book.reload(rules('"revenue >= key_revenue"', '"revenu >= key_revenue"'))
        assert caught.value.diagnostics[0].help == "did you mean `revenue`?"
        assert (book.program, book.head) == (before, head)
        book.post(order("A", 5))


def test_columns_that_a_new_ruleset_does_not_know_are_left_aside(rules):
    with live() as book:
        book.post(event("A", row={"name": "Acme", "industry": "food"}))
        new = rules('industry = { type = "choice", choices = ["food", "steel"] }\n', "")
        book.reload(new)
        assert book.post(order("A", 5)).changes.tier.after == "vendor"
        assert book.replay() == []


def test_a_book_that_is_opened_with_another_ruleset_notes_it(rules, tmp_path):
    path = tmp_path / "book.db"
    with live(path) as book:
        book.post(event("A"))
    from kamrules import LiveBook

    with LiveBook(rules("value = 1_000", "value = 500"), path) as book:
        assert book.entries()[-1].kind == "ruleset"
        head = book.head
        book.post(order("A", 600))
        assert book.replay() == []
    with LiveBook(rules("value = 1_000", "value = 500"), path) as book:
        assert book.head[0] == head[0] + 1


def test_the_same_ruleset_again_changes_nothing(rules):
    with live() as book:
        book.post(event("A"))
        outcome = book.outcome("A")
        assert book.reload(RULES, redecide=True).changes == ()
        assert book.outcome("A") == outcome
        assert book.replay() == []
