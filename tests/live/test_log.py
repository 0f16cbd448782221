"""The decision log: every entry can be decided again, and none can be changed without being found."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from kamrules.live.entries import COLUMNS
from kamrules.live.refusals import NotInBook
from tests.commands import run
from tests.live.living import RULES, day, event, live, order, visit


@pytest.fixture
def path(tmp_path):
    """Return a store with some history: entries 1 and 2 are about the book, the others about accounts."""
    found = tmp_path / "book.db"
    with live(found) as book:
        book.post_many([event("A"), event("B"), order("A", 600), visit("A"), order("B", 1_200)])
        book.settle(book.actions(account_id="B")[0].id, "done")
        book.tick(day(20))
        book.post(order("A", 5))
    return found


def tamper(path, *statements):
    with closing(sqlite3.connect(path)) as connection, connection:
        for each in statements:
            connection.execute(each)


def verified(path, *more):
    told = run("log", "verify", path, "--json", *more)
    assert told.status in {0, 1}, told.err
    found = json.loads(told.out)
    assert told.status == (1 if found["findings"] else 0)
    return [(each["kind"], each["entry"]) for each in found["findings"]]


def replayed(path, *more):
    told = run("replay", path, "--json", *more)
    assert told.status in {0, 1}, told.err
    return [(each["kind"], each["entry"]) for each in json.loads(told.out)["findings"]]


def test_a_log_that_nobody_touched_is_right_and_replays_the_same(path):
    assert verified(path) == []
    assert replayed(path) == []
    told = run("log", "verify", path)
    assert told.status == 0
    assert told.out.startswith("12 entries, nothing wrong; head ")
    told = run("replay", path)
    assert (told.status, told.out) == (0, "10 entries decided again: all the same\n")


@pytest.mark.parametrize("column", [each for each in COLUMNS if each not in {"number", "hash"}])
def test_a_changed_entry_is_found(path, column):
    tamper(path, f"UPDATE kamrules_log SET {column} = '2020-01-01' WHERE number = 5")
    assert ("changed", 5) in verified(path)


def test_a_removed_entry_is_found(path):
    tamper(path, "DELETE FROM kamrules_log WHERE number IN (5, 6)")
    assert verified(path)[0] == ("missing", 5)
    assert "error[KR819]: entries 5 to 6 are missing" in run("log", "verify", path).err


def test_a_removed_entry_whose_gap_was_closed_is_found(path):
    moves = [f"UPDATE kamrules_log SET number = {n - 1} WHERE number = {n}" for n in range(6, 13)]
    tamper(path, "DELETE FROM kamrules_log WHERE number = 5", *moves)
    found = verified(path)
    assert ("reordered", 5) in found
    assert ("cut_off", 12) in found


def test_entries_that_were_swapped_are_found(path):
    tamper(path, "UPDATE kamrules_log SET number = 100 WHERE number = 5",
           "UPDATE kamrules_log SET number = 5 WHERE number = 6",
           "UPDATE kamrules_log SET number = 6 WHERE number = 100")  # fmt: skip
    found = verified(path)
    assert {("reordered", 5), ("reordered", 6)} <= set(found)
    assert "entry 5 was written as entry 6" in run("log", "verify", path).err


def test_an_entry_that_stands_twice_is_found(path):
    names = ", ".join(COLUMNS[1:])
    tamper(path, f"INSERT INTO kamrules_log (number, {names}) "
                 f"SELECT 13, {names} FROM kamrules_log WHERE number = 5")  # fmt: skip
    assert ("doubled", 13) in verified(path)


def test_a_log_that_was_cut_off_is_found(path):
    tamper(path, "DELETE FROM kamrules_log WHERE number > 9")
    assert ("cut_off", 10) in verified(path)


def test_a_log_that_was_cut_off_with_its_head_is_found_by_a_head_noted_elsewhere(path):
    with live(path) as book:
        number, noted = book.head
    tamper(path, "DELETE FROM kamrules_log WHERE number > 9",
           "UPDATE kamrules_book SET value = '9 ' || (SELECT hash FROM kamrules_log WHERE number = 9) "
           "WHERE name = 'head'")  # fmt: skip
    assert verified(path) == []
    assert verified(path, "--head", noted) == [("head", 9)]
    assert number == 12


def test_a_head_noted_earlier_is_found_in_a_log_that_went_on(path):
    with live(path) as book:
        _, noted = book.head
        book.post(visit("A"))
        assert book.verify(noted) == []
    assert verified(path, "--head", noted) == []


@pytest.mark.parametrize(
    ("column", "value"), [("outcome", "0" * 64), ("inputs", "0" * 64), ("changes", "{}")]
)
def test_an_entry_that_was_written_anew_with_its_hash_does_not_fit_the_next(path, column, value):
    from kamrules.live.entries import hash_of_row
    from kamrules.live.store import Store

    store = Store.open(path, read_only=True)
    (row,) = store.entries(4, 1)
    store.close()
    row[column] = value
    tamper(path, f"UPDATE kamrules_log SET {column} = '{value}', hash = '{hash_of_row(row)}' "
                 "WHERE number = 5")  # fmt: skip
    assert verified(path) == [("unlinked", 6)]
    assert (column, 5) in replayed(path)


def test_what_was_posted_cannot_be_changed_or_removed_unseen(path):
    tamper(path, "UPDATE kamrules_event SET body = replace(body, '600', '601') WHERE entry = 5",
           "DELETE FROM kamrules_event WHERE entry = 6")  # fmt: skip
    assert verified(path) == [("event", 5), ("event", 6)]
    found = replayed(path)
    assert ("inputs", 5) in found
    assert ("undecided", 6) in found
    told = run("replay", path)
    assert told.status == 1
    assert "error[KR820]: entry 5 is decided otherwise now: other inputs" in told.err


def test_a_ruleset_that_was_changed_in_the_store_is_found(path):
    tamper(path, "UPDATE kamrules_ruleset SET files = replace(files, '1_000', '2_000')")
    assert ("undecided", 3) in replayed(path)
    assert "its files were changed" in run("replay", path).err


def test_single_entries_and_accounts_are_replayed(path):
    assert run("replay", path, "5", "7").out == "2 entries decided again: all the same\n"
    assert run("replay", path, "--account", "B").out.startswith("4 entries")
    assert run("replay", path, "9").out.startswith("1 entry")
    told = run("replay", path, "99")
    assert (told.status, "error[KR817]: the log has no entry 99" in told.err) == (4, True)
    with live(path) as book:
        assert book.replay(5) == []
        with pytest.raises(NotInBook):
            book.replay(99)


def test_a_replay_needs_no_ruleset_files(tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES.read_text(encoding="utf-8"), encoding="utf-8")
    base = tmp_path / "own.toml"
    base.write_text(
        '[ruleset]\nname = "own"\nversion = "2"\nextends = ["rules.toml"]\n', encoding="utf-8"
    )
    from kamrules import LiveBook, load_ruleset

    own = load_ruleset(base, set={"key_revenue": "100"})
    path = tmp_path / "own.db"
    with LiveBook(own, path, as_of=day(0), tables="all") as book:
        book.post_many([event("A"), order("A", 150)])
        assert book.outcome("A").class_ == "key"
    rules.unlink()
    base.unlink()
    assert replayed(path) == []


def test_the_log_is_shown_in_lines_and_in_json(path):
    lines = run("log", "show", path).out.splitlines()
    assert len(lines) == 12
    assert "ruleset living 1.0.0" in lines[0]
    assert "event   A  class none -> ordinary" in lines[2]
    entries = [json.loads(line) for line in run("log", "show", path, "--json").out.splitlines()]
    assert [each["number"] for each in entries] == list(range(1, 13))
    assert entries[2]["changes"]["class"] == {"from": None, "to": "ordinary"}
    mine = run("log", "show", path, "--account", "B", "--after", "4").out.splitlines()
    assert mine
    assert all("  B  " in line for line in mine)


def test_a_log_can_be_read_while_its_book_is_open(path):
    with live(path) as book:
        book.post(visit("A"))
        assert verified(path) == []
        assert replayed(path) == []
