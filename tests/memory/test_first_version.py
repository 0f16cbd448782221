"""State files of version 1, a row a state and a proposal, are read as they are, and written as of today."""

from __future__ import annotations

import datetime
import sqlite3

import pytest

from kamrules.memory import EarlierFiles, Memory
from tests.memory.test_memory import files, known, read

NEW_YEAR, JANUARY, FEBRUARY, MARCH = (
    datetime.date(2026, *each) for each in ((1, 1), (1, 28), (2, 28), (3, 28))
)
FIRST = """
CREATE TABLE run (
    as_of TEXT PRIMARY KEY, ruleset TEXT NOT NULL, digest TEXT NOT NULL, accounts INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE state (
    account_id TEXT NOT NULL, as_of TEXT NOT NULL, class TEXT, tier TEXT, PRIMARY KEY (account_id, as_of)
) WITHOUT ROWID;
CREATE TABLE proposal (
    account_id TEXT NOT NULL, action TEXT NOT NULL, proposed_on TEXT NOT NULL,
    PRIMARY KEY (account_id, action, proposed_on)
) WITHOUT ROWID;
INSERT INTO run VALUES ('2026-01-28', 'kam', 'abc', 3), ('2026-02-28', 'kam', 'abd', 2);
INSERT INTO state VALUES ('A', '2026-01-28', 'key', 'vendor'), ('Bé,' || char(10) || '"x"', '2026-01-28', NULL, NULL),
    ('C', '2026-01-28', 'ordinary', NULL), ('A', '2026-02-28', 'ordinary', 'vendor');
INSERT INTO proposal VALUES ('A', 'call', '2025-12-01'), ('A', 'call', '2026-01-28'),
    ('C', 'visit', '2026-01-28'), ('A', 'visit', '2026-02-28');
PRAGMA application_id = 1801547122;
PRAGMA user_version = 1;
"""  # noqa: E501
STRANGE = 'Bé,\n"x"'


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "state.db"
    connection = sqlite3.connect(found)
    connection.executescript(FIRST)
    connection.close()
    return found


def everything(path, folder):
    """Return all that a memory tells of every date, and of every account on it."""
    told = []
    with Memory.open(path) as memory:
        for date in (NEW_YEAR, JANUARY, FEBRUARY, MARCH):
            told.append(known(memory, date, folder))
            told += [memory.earlier_of(each, date) for each in ("A", STRANGE, "C", "nobody")]
            ask = memory.every_earlier(date)
            assert told[-4:] == [ask(each) for each in ("A", STRANGE, "C", "nobody")]
        told.append(memory.runs())
    return told


def test_a_file_of_version_1_is_read_and_stays_as_it_is(path, tmp_path):
    before = path.read_bytes()
    told = everything(path, tmp_path)
    assert told[0] == (set(), {("A", "call", "2025-12-01")})
    assert told[10] == (
        {("A", "key", "vendor"), (STRANGE, "", ""), ("C", "ordinary", "")},
        {("A", "call", "2026-01-28"), ("C", "visit", "2026-01-28")},
    )
    assert [each.accounts for each in told[-1]] == [3, 2]
    assert path.read_bytes() == before


def test_the_first_run_that_writes_it_changes_its_form_and_nothing_that_it_tells(path, tmp_path):
    before = everything(path, tmp_path)
    with Memory.open(path) as memory, memory.transaction():
        pass
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
    database.close()
    assert everything(path, tmp_path) == before


def test_a_run_that_fails_leaves_it_in_its_old_form(path, tmp_path):
    before = path.read_bytes()
    with Memory.open(path) as memory, pytest.raises(KeyboardInterrupt), memory.transaction():  # noqa: PT012
        memory.record(MARCH, files(tmp_path, [("A", "key", "")]))
        raise KeyboardInterrupt
    assert path.read_bytes() == before


def test_further_runs_go_on_from_it(path, tmp_path):
    with Memory.open(path) as memory:
        memory.record(MARCH, files(tmp_path, [("C", "key", "")], [("C", "call", "2026-03-28")]))
        states, proposals = known(memory, datetime.date(2026, 4, 1), tmp_path)
    assert states == {("C", "key", ""), ("A", "ordinary", "vendor"), (STRANGE, "", "")}
    assert ("C", "call", "2026-03-28") in proposals
    assert ("A", "call", "2026-01-28") in proposals


IDS = ["a", "b,c", 'd"e', "f\ng", "h\r", " i ", "j;k", "NULL", "é", "中"]


@pytest.mark.parametrize(
    "order", [IDS, IDS[::-1], IDS[3:] + IDS[:3]], ids=["same", "reversed", "turned"]
)
def test_accounts_that_a_later_book_lacks_are_found_whatever_its_order(order, tmp_path):
    with Memory.open(tmp_path / "new.db") as memory:
        memory.record(JANUARY, files(tmp_path, [(each, "key", "") for each in IDS]))
        memory.record(FEBRUARY, files(tmp_path, [(each, "ordinary", "") for each in order[::2]]))
        states, _ = known(memory, MARCH, tmp_path)
        one = memory.earlier_of("f\ng", MARCH)
    expected = dict.fromkeys(IDS, "key") | dict.fromkeys(order[::2], "ordinary")
    assert {each: class_ for each, class_, _ in states} == expected
    assert len(states) == len(IDS)
    assert one.class_ == expected["f\ng"]


def test_a_run_in_which_nothing_moves_costs_hardly_any_room(tmp_path):
    states = [(f"A{number}", "key", "") for number in range(20_000)]
    path = tmp_path / "new.db"
    sizes = []
    for date in (JANUARY, FEBRUARY, MARCH):
        with Memory.open(path) as memory:
            memory.record(date, files(tmp_path, states))
        sizes.append(path.stat().st_size)
    assert sizes[2] - sizes[0] < sizes[0] / 10


def test_texts_longer_than_a_piece_come_back_row_by_row(tmp_path):
    states = [(f'A"{number:07},\n', "key", "vendor") for number in range(300_000)]
    with Memory.open(tmp_path / "new.db") as memory:
        memory.record(JANUARY, files(tmp_path, states))
        found = memory.earlier(FEBRUARY, tmp_path)
        one = memory.earlier_of('A"0250000,\n', FEBRUARY)
    assert isinstance(found, EarlierFiles)
    assert read(found.states) == states
    assert one.class_ == "key"


def test_accounts_are_found_wherever_a_piece_ends(tmp_path, monkeypatch):
    monkeypatch.setattr("kamrules.memory.lines._PIECE", 16)
    ids = [f'A\n"{number}\n' for number in range(40)]
    proposals = [(each, "call", "2026-01-28") for each in ids]
    with Memory.open(tmp_path / "new.db") as memory:
        memory.record(JANUARY, files(tmp_path, [(each, "key", "") for each in ids], proposals))
        for each in ids:
            found = memory.earlier_of(each, FEBRUARY)
            assert (found.class_, found.proposed) == ("key", {"call": JANUARY})


def test_what_a_later_run_tells_of_earlier_proposals_changes_none_of_them(tmp_path):
    with Memory.open(tmp_path / "new.db") as memory:
        memory.record(JANUARY, files(tmp_path, [], [("A", "call", "2026-01-28")]))
        memory.record(FEBRUARY, files(tmp_path, [], [("B", "visit", "2026-01-28")]))
        assert known(memory, MARCH, tmp_path)[1] == {("A", "call", "2026-01-28")}
