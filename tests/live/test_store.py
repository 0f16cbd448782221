"""The store: durable, owned by one process, back after failures, and left alone where it is none."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy

import kamrules
from kamrules import DataError, KamrulesError, UsageError
from kamrules.live.refusals import NotStored, StoreFailed
from tests.commands import run
from tests.live.living import day, event, hashes, live, order, visit


def test_what_was_answered_is_there_when_the_book_is_opened_again(tmp_path):
    path = tmp_path / "book.db"
    with live(path) as book:
        book.post_many([event("A"), order("A", 600, row_id="o")])
        book.tick(day(3))
        item = book.actions()[0]
        decision, log = book.decision("A"), hashes(book)
    with live(path, as_of=None, tables=()) as book:
        assert book.as_of == day(3)
        assert book.decision("A") == decision
        assert book.actions() == [item]
        assert hashes(book) == log
        book.post(event("A", "orders", {}, op="delete", row_id="o"))
        assert book.outcome("A").tier is None


def test_rows_that_changed_or_went_are_so_when_the_book_is_opened_again(tmp_path):
    path = tmp_path / "book.db"
    with live(path) as book:
        book.post_many([event("A"), event("B")])
        book.post_many([order("A", number, row_id=f"{number}") for number in range(4)])
        book.post_many([order("B", 1), visit("B")])
        book.post(event("A", "orders", {"amount": 10}, op="update", row_id="0"))
        book.post(event("A", "orders", {}, op="delete", row_id="2"))
        book.post(event("B", op="delete", row={}))
        facts = book.question("A").facts
        assert [each["amount"] for each in facts["orders"]] == [10, 1, 3]
    with live(path) as book:
        assert book.question("A").facts == facts
        book.post(event("B"))
        assert book.question("B").facts == {
            "account_id": "B",
            "name": "B",
            "orders": [],
            "visits": [],
        }
        assert book.replay() == []


def test_few_accounts_in_memory_are_enough(tmp_path):
    with live(tmp_path / "book.db", kept=2) as book:
        names = [f"A{number}" for number in range(10)]
        book.post_many([event(each) for each in names])
        for each in names * 2:
            book.post(order(each, 1))
        assert {len(book.question(each).facts["orders"]) for each in names} == {2}
        assert book.replay() == []


@pytest.mark.parametrize("name", ["book.db", "with space?#%.db"])
def test_a_store_is_named_by_path_or_url(tmp_path, name):
    path = tmp_path / name
    with live(path) as book:
        book.post(event("A"))
    if name == "book.db":
        with live(f"sqlite:///{path}") as book:
            assert book.count() == 1
    assert sorted(each.name for each in tmp_path.iterdir()) == [name, f"{name}-owner"]


@pytest.mark.parametrize(
    ("store", "code", "words"),
    [
        ("mysql://u@h/d", "KR821", "not in `mysql`"),
        ("no such scheme://x", "KR821", "neither a path nor a URL"),
        ("nowhere/book.db", "KR821", "there is no folder `nowhere`"),
        (".", "KR821", "cannot be opened"),
    ],
)
def test_a_place_that_cannot_hold_a_store_is_told(tmp_path, monkeypatch, store, code, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        live(store)
    assert caught.value.diagnostics[0].code == code
    assert words in str(caught.value)


def test_a_file_that_is_no_store_is_refused_and_stays_as_it_is(tmp_path):
    text, foreign, memory = (tmp_path / name for name in ("notes.txt", "other.db", "state.db"))
    text.write_text("important notes, longer than the name of a database format")
    with closing(sqlite3.connect(foreign)) as connection, connection:
        connection.execute("CREATE TABLE theirs (x)")
    with closing(sqlite3.connect(memory)) as connection, connection:
        connection.execute("PRAGMA application_id = 1802333554")
    for path in (text, foreign, memory):
        before = path.read_bytes()
        with pytest.raises(DataError, match="KR822"):
            live(path)
        assert path.read_bytes() == before
        assert run("log", "verify", path).status == 4
        assert path.read_bytes() == before


def test_a_store_of_a_later_version_is_refused(tmp_path):
    path = tmp_path / "book.db"
    live(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE kamrules_book SET value = '99' WHERE name = 'version'")
    with pytest.raises(DataError, match=r"KR866.*is of version 99, and this kamrules knows 1"):
        live(path)


def test_a_store_has_one_owner_at_a_time(tmp_path):
    path = tmp_path / "book.db"
    with live(path) as book:
        with pytest.raises(DataError, match=r"KR823.*is in use by process \d+"):
            live(path)
        book.post(event("A"))
    with live(path) as book:
        assert book.count() == 1


def test_a_closed_book_takes_no_events_and_says_so():
    book = live()
    book.close()
    book.close()
    for work in (lambda: book.post(event("A")), lambda: book.decision("A"), book.entries):
        with pytest.raises(StoreFailed, match="the book is closed"):
            work()


def limited(book, pages):
    """Let the database of a book grow no further than so many pages, as on a full disk; None: freely."""
    sqlalchemy.event.listen(
        book._desk.store.engine,
        "connect",
        lambda connection, _: (
            pages[0] and connection.execute(f"PRAGMA max_page_count = {pages[0]}")
        ),
    )
    book._desk.store.engine.dispose()
    book._desk.writer.healthy = False


def test_a_full_disk_is_told_and_nothing_is_half_there_when_there_is_room_again(tmp_path):
    path = tmp_path / "book.db"
    with live(path) as book:
        book.post(event("A"))
        book.post(order("A", 5, row_id="before"))
        log, facts = hashes(book), book.question("A").facts
        with closing(sqlite3.connect(path)) as connection:
            pages = list(connection.execute("PRAGMA page_count").fetchone())
        limited(book, pages)
        many = [order("A", number, key=f"{number}") for number in range(200)]
        for _ in range(2):
            with pytest.raises(NotStored, match=r"KR816.*database or disk is full"):
                book.post_many(many)
        assert not book.described["healthy"]
        assert (hashes(book), book.question("A").facts) == (log, facts)
        pages[0] = None
        book._desk.store.engine.dispose()
        assert [each.repeated for each in book.post_many(many)] == [False] * 200
        assert book.described["healthy"]
        assert len(book.question("A").facts["orders"]) == 201
        assert book.verify() == []
        assert book.replay() == []


def test_every_posting_of_a_failed_commit_is_told_and_posting_again_counts_once(
    tmp_path, monkeypatch
):
    with live(tmp_path / "book.db") as book:
        book.post_many([event(each) for each in "ABCDEF"])
        writer = book._desk.writer
        original = type(writer._statements).run
        broken = threading.Event()
        broken.set()

        def failing(self, connection, found):
            original(self, connection, found)
            if broken.is_set():
                raise sqlite3.OperationalError("disk I/O error")

        monkeypatch.setattr(type(writer._statements), "run", failing)
        told = []

        def post(account):
            try:
                told.append(book.post(order(account, 5, key=f"{account}1")))
            except StoreFailed as error:
                told.append(error)

        for state in (True, False):
            told.clear()
            broken.set() if state else broken.clear()
            threads = [threading.Thread(target=post, args=(each,)) for each in "ABCDEF"]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            assert [isinstance(each, StoreFailed) for each in told] == [state] * 6
        assert {len(book.question(each).facts["orders"]) for each in "ABCDEF"} == {1}
        assert book.verify() == []


def test_a_process_that_is_killed_loses_nothing_that_was_answered(tmp_path):
    path = tmp_path / "book.db"
    answered = []
    for round_ in range(3):
        first = len([each for each in answered if each.startswith("A/")])
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.live.posting_process", str(path), str(max(first - 5, 0))],
            stdout=subprocess.PIPE, text=True, cwd=Path(kamrules.__file__).parent.parent,
        )  # fmt: skip
        with process:
            answered += [process.stdout.readline().strip() for _ in range(30 + round_ * 7)]
            process.send_signal(signal.SIGKILL)
            answered += [each.strip() for each in process.stdout if each.endswith("\n")]
    with live(path) as book:
        posted = {row["amount"] for row in book.question("A").facts["orders"]}
        assert {int(each[2:]) for each in answered if each.startswith("A/")} <= posted
        last = max(posted)
        again = [book.post(order("A", number, key=f"A/{number}")) for number in range(last + 2)]
        assert [each.repeated for each in again] == [True] * (last + 1) + [False]
        amounts = [row["amount"] for row in book.question("A").facts["orders"]]
        assert sorted(amounts) == list(range(last + 2))
        assert book.verify() == []
        assert book.replay() == []


def test_a_receivers_place_in_the_log_is_kept(tmp_path):
    path = tmp_path / "book.db"
    with live(path) as book:
        assert book.cursor("crm") is None
        book.move_cursor("crm", 7)
        book.move_cursor("crm", 9)
    with live(path) as book:
        assert book.cursor("crm") == 9


def test_what_is_missing_is_told_with_how_to_get_it(tmp_path):
    code = "import sys; sys.modules['sqlalchemy'] = None; import kamrules\n"
    code += "try: kamrules.LiveBook\nexcept kamrules.KamrulesError as e: print(e)\n"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == (
        "error[KR824]: a live book needs SQLAlchemy, which is not installed\n"
        '  = help: pip install "kamrules[live]"\n'
    )
    code = "import sys; sys.modules['psycopg'] = None; import kamrules\n"
    code += "try: kamrules.LiveBook('kam', 'postgresql://h/d')\n"
    code += "except kamrules.KamrulesError as e: print(e)\n"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "KR824" in told.stdout
    assert 'pip install "kamrules[postgresql]"' in told.stdout


def test_a_copy_of_a_store_goes_on_where_the_original_was(tmp_path):
    one, two = tmp_path / "one.db", tmp_path / "two.db"
    with live(one) as book:
        book.post(event("A"))
    shutil.copy(one, two)
    logs = []
    for path in (one, two):
        with live(path) as book:
            book.post(visit("A", key="same"))
            logs.append(hashes(book))
    assert logs[0] == logs[1]


def test_a_failing_store_is_a_kamrules_error_with_status_4():
    assert issubclass(NotStored, KamrulesError)
    assert NotStored.exit_status == 4


def test_a_store_that_fails_over_and_over_is_told_as_such(monkeypatch):
    with live() as book:
        book.post(event("A"))
        writer = book._desk.writer
        monkeypatch.setattr(writer, "_generation", lambda: -1)
        with pytest.raises(NotStored, match=r"KR816.*fails again and again"):
            book.post(order("A", 5))
