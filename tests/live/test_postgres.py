"""The store in PostgreSQL: the same log as in SQLite, one owner, and back after the server was gone."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from kamrules import DataError
from kamrules.live.refusals import StoreFailed
from tests.commands import run
from tests.engines.sql import postgres as servers
from tests.live.living import day, event, hashes, live, order, visit

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the server is on a Unix socket")


def url_of(server, schema="public"):
    options = f"-csearch_path={schema}"
    return f"postgresql://tester@/postgres?host={server.folder}&options={options}"


@pytest.fixture(scope="module")
def server():
    """Return a server that tests may stop and start."""
    found = []

    class Server(servers._Server):
        def start(self):
            super().start()
            found.append(self)

    original = servers._Server
    servers._Server = Server
    try:
        with servers.postgres():
            yield found[0]
    finally:
        servers._Server = original


@pytest.fixture
def url(server, request):
    """Return the URL of a store in a schema of the test's own."""
    import psycopg

    name = f"s{abs(hash(request.node.name)) % 10**9}"
    with psycopg.connect(
        f"host={server.folder} dbname=postgres user=tester", autocommit=True
    ) as there:
        there.execute(f'CREATE SCHEMA "{name}"')
    return url_of(server, name)


@contextmanager
def stopped(server):
    """Keep the server away for a while."""
    server.stop()
    try:
        yield
    finally:
        server._run(
            server.binaries / "pg_ctl",
            "start",
            "-w",
            "-D",
            server.data,
            "-l",
            server.folder / "log",
        )


def history(book):
    book.post_many([event("A"), event("Bé"), order("A", 600, row_id="o"), visit("A", key="v")])
    book.post(event("A", "orders", {"amount": 1_200.5}, op="update", row_id="o"))
    book.settle(book.actions(account_id="Bé")[0].id, "done", note="很好")
    book.tick(day(20))
    book.post(event("A", "visits", {}, op="delete", row_id="v"))
    book.post(event("Bé", op="delete", row={}))


def test_the_same_events_give_the_same_log_as_in_sqlite(url):
    start = event("A")["key"]
    logs = []
    for store in (url, "memory"):
        from tests.live import living

        living._numbers = iter(range(int(start[5:]) + 1_000, 10**9))
        with live(store) as book:
            history(book)
            logs.append(hashes(book))
            assert book.verify() == []
            assert book.replay() == []
    assert logs[0] == logs[1]
    with live(url, as_of=None, tables=()) as book:
        assert hashes(book) == logs[0]
        assert book.decision("A").as_of == day(20)
        assert book.count() == 1
    assert run("log", "verify", url).status == 0
    assert run("replay", url).status == 0


def test_a_store_in_postgresql_has_one_owner(url):
    with live(url) as book:
        with pytest.raises(DataError, match=r"KR823.*is in use by another process"):
            live(url)
        book.post(event("A"))
    with live(url) as book:
        assert book.count() == 1


def test_a_killed_owner_leaves_no_lock(url):
    code = "import sys, os; from tests.live.living import *\n"
    code += f"book = live({url!r}); book.post(event('A')); os.kill(os.getpid(), 9)\n"
    subprocess.run([sys.executable, "-c", code], check=False)
    with live(url) as book:
        assert book.count() == 1
        assert book.replay() == []


def test_a_database_without_a_store_is_told_to_who_only_reads(url):
    told = run("log", "verify", url)
    assert told.status == 4
    assert "error[KR822]" in told.err
    assert run("log", "verify", "postgresql://tester@/nowhere?host=/nowhere").status == 4


def test_a_password_is_not_told(server):
    with pytest.raises(StoreFailed) as caught:
        live(f"postgresql://me:secret@/nowhere?host={server.folder}")
    assert "secret" not in str(caught.value)
    assert "KR816" in str(caught.value)


def test_a_book_goes_on_when_its_database_is_back(server, url):
    with live(url) as book:
        book.post_many([event(each) for each in "ABCD"])
        log = hashes(book)
        with stopped(server):
            for _ in range(2):
                with pytest.raises(StoreFailed, match="KR816"):
                    book.post(order("A", 1, key="once"))
            with pytest.raises(StoreFailed, match="KR816"):
                book.tick(day(4))
        assert not book.post(order("A", 1, key="once")).repeated
        assert hashes(book)[: len(log)] == log
        assert len(book.question("A").facts["orders"]) == 1
        book.tick(day(4))
        assert book.verify() == []
        assert book.replay() == []


def test_a_database_that_comes_and_goes_under_load_loses_and_doubles_nothing(server, url):
    with live(url) as book:
        book.post_many([event(each) for each in "ABCD"])
        done = threading.Event()
        posted = dict.fromkeys("ABCD", 0)

        def work(account):
            while not done.is_set() or posted[account] < 20:
                sent = order(account, posted[account], key=f"{account}{posted[account]}")
                try:
                    book.post(sent)
                except StoreFailed:
                    done.wait(0.02)
                else:
                    posted[account] += 1

        threads = [threading.Thread(target=work, args=(each,)) for each in "ABCD"]
        for each in threads:
            each.start()
        for _ in range(2):
            before = sum(posted.values())
            while sum(posted.values()) < before + 20:
                done.wait(0.01)
            with stopped(server):
                pass
        done.set()
        for each in threads:
            each.join()
        for account, number in posted.items():
            amounts = [row["amount"] for row in book.question(account).facts["orders"]]
            assert amounts == list(range(number))
        assert book.verify() == []
        assert book.replay() == []
