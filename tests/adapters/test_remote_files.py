"""Files by URL: from an S3 server on loopback, and from the file systems that fsspec brings along."""

from __future__ import annotations

import contextlib
import gzip
import re
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import fsspec
import pytest

from kamrules.diagnostics import DataError
from kamrules.engines.sql.connecting import told_as_data
from kamrules.plugins import Plugins
from tests.adapters.opening import data, fetched, opened
from tests.commands import run

HERE = Path()
SERVER = "from moto.server import main; main(['-H', '127.0.0.1', '-p', '{port}'])"
KEY, SECRET = "an-access-key", "a-very-secret-word"
DEADLINE = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Start an S3 server on a free port and return its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (tmp_path_factory.mktemp("moto") / "log").open("wb")
    command = [sys.executable, "-W", "ignore", "-c", SERVER.format(port=port)]
    process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        end = time.monotonic() + DEADLINE
        while True:
            assert process.poll() is None, Path(log.name).read_text()
            assert time.monotonic() < end
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(DEADLINE)
        log.close()


@pytest.fixture
def bucket(server, monkeypatch):
    """Return a bucket of the server as fsspec sees it, and the options that reach it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    system = fsspec.filesystem("s3", endpoint_url=server, skip_instance_cache=True)
    system.mkdir("crm")
    yield system, {"storage": {"endpoint_url": server}}
    system.rm("crm", recursive=True)


@pytest.fixture
def memory():
    """Return fsspec's file system in memory, empty again afterwards."""
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def packed_parquet(folder, query):
    path = folder / "made.parquet"
    duckdb.sql(query).write_parquet(str(path))
    return path.read_bytes()


def test_csv_json_lines_and_parquet_are_read_from_s3(bucket, tmp_path):
    system, options = bucket
    system.pipe("crm/orders/2025.csv", b"id,n\n1,x\n")
    system.pipe("crm/orders/2026.csv.gz", gzip.compress(b"n,id\ny,2\n"))
    system.pipe("crm/notes.jsonl", b'{"id": 1}\n{"id": 2}\n')
    system.pipe("crm/deals/year=2025/p.parquet", packed_parquet(tmp_path, "SELECT 1 AS id"))
    system.pipe("crm/deals/year=2026/p.parquet", packed_parquet(tmp_path, "SELECT 2 AS id"))
    for location in ("orders/*.csv*", "orders/", "orders"):
        found = fetched(HERE, f"csv:s3://crm/{location}", options=options)
        assert found == [("1", "x"), ("2", "y")]
    assert fetched(HERE, "csv:s3://crm/orders/2025.csv", options=options) == [("1", "x")]
    assert fetched(HERE, "jsonl:s3://crm/notes.jsonl", options=options) == [(1,), (2,)]
    for location in ("deals/**/*.parquet", "deals/"):
        rows = data(opened(HERE, f"parquet:s3://crm/{location}", options=options))
        assert rows.project("id, year").fetchall() == [(1, "2025"), (2, "2026")]


def test_of_a_parquet_file_on_s3_only_the_columns_wanted_are_fetched(bucket, tmp_path):
    system, options = bucket
    query = "SELECT range AS id, repeat(md5(range::VARCHAR), 20) AS bulk FROM range(60000)"
    content = packed_parquet(tmp_path, query)
    assert len(content) > 2_000_000
    system.pipe("crm/big.parquet", content)
    taken = []
    connection = duckdb.connect()
    rows = opened(HERE, "parquet:s3://crm/big.parquet", connection, options=options)
    from s3fs.core import S3File

    plain = S3File._fetch_range

    def counted(self, start, end):
        found = plain(self, start, end)
        taken.append(len(found))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(S3File, "_fetch_range", counted)
        assert data(rows).aggregate("sum(id)").fetchall() == [(1799970000,)]
    assert 0 < sum(taken) < len(content) / 2


def test_a_run_reads_its_book_from_s3(bucket, server, tmp_path, monkeypatch):
    system, _ = bucket
    system.pipe("crm/accounts.csv", b"account_id,name\nA,Acme\nB,Bolt\n")
    (tmp_path / "book.toml").write_text(
        '[book]\nas_of = 2026-06-30\n[table.accounts]\nfrom = "s3://crm/accounts.csv"\n'
        f'options.storage = {{ endpoint_url = "{server}", key = "${{env:THE_KEY}}",'
        ' secret = "${env:THE_SECRET}" }\n'
    )
    monkeypatch.setenv("THE_KEY", KEY)
    monkeypatch.setenv("THE_SECRET", SECRET)
    told = run("inspect", str(tmp_path / "book.toml"))
    assert "2 of 2 rows in use" in told.out, told.err
    assert SECRET not in told.out + told.err


@pytest.mark.parametrize(
    ("url", "code", "part"),
    [
        ("csv:s3://crm/orders.csv", "KR622", "there is no file `s3://crm/orders.csv`"),
        ("csv:s3://crm/*.csv", "KR622", "there is no file that `s3://crm/*.csv` fits"),
        ("csv:s3://nowhere/orders.csv", "KR622", "there is no file"),
        ("jsonl:s3://crm/", "KR622", "holds no file whose name ends as one of source `jsonl`"),
        ("parquet:s3://crm/", "KR623", "at end of file 'broken.parquet'"),
        ("csv:s3://crm/cut.csv.gz", "KR623", "`cut.csv.gz` ends too early"),
        ("csv:s4://crm/orders.csv", "KR657", "there is no file system `s4://`"),
        ("csv:gs://crm/orders.csv", "KR657", "needs the package gcsfs, which is not installed"),
    ],
)
def test_what_cannot_be_had_by_url_is_told(bucket, url, code, part):
    system, options = bucket
    system.pipe("crm/broken.parquet", b"no parquet" * 99)
    system.pipe("crm/cut.csv.gz", gzip.compress(b"a\n" * 999)[:20])
    with pytest.raises(DataError, match=re.escape(part)) as told:
        opened(HERE, url, options={} if "s3:" not in url else options)
    assert told.value.diagnostics[0].code == code
    assert SECRET not in str(told.value)


def test_a_server_that_is_gone_is_told_without_the_secret():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    storage = {"endpoint_url": f"http://127.0.0.1:{port}", "key": KEY, "secret": SECRET,
               "config_kwargs": {"retries": {"max_attempts": 1}}}  # fmt: skip
    from kamrules.adapters.delimited import open_csv
    from kamrules.book import BookTable

    table = BookTable("orders", "csv:s3://crm/orders.csv", options={"storage": storage})
    with pytest.raises(DataError, match="KR658") as told:
        open_csv(table, duckdb.connect())
    assert SECRET not in str(told.value)


def test_a_web_server_that_is_gone_is_no_missing_file():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(DataError, match="KR658") as told:
        opened(HERE, f"csv:http://127.0.0.1:{port}/orders.csv")
    assert "connect" in told.value.diagnostics[0].message


def test_a_file_is_read_from_a_web_server(tmp_path):
    (tmp_path / "orders.csv").write_text("a,b\n1,x\n")
    duckdb.sql("SELECT 1 AS id").write_parquet(str(tmp_path / "p.parquet"))
    serve = partial(QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{web.server_port}"
        assert fetched(HERE, f"csv:{url}/orders.csv") == [("1", "x")]
        with pytest.raises(DataError, match="gives whole files only, and parts are needed"):
            opened(HERE, f"parquet:{url}/p.parquet")
        with pytest.raises(DataError, match=r"there is no file `http"):
            opened(HERE, f"csv:{url}/nothing.csv")
        web.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves the files of a folder and says nothing."""

    def log_message(self, *_):
        """Say nothing."""


def test_a_secret_in_clear_is_refused(monkeypatch):
    storage = {"key": KEY, "secret": SECRET}
    with pytest.raises(DataError, match="KR707") as told:
        opened(HERE, "csv:s3://crm/orders.csv", options={"storage": storage})
    assert SECRET not in str(told.value)


def test_any_file_system_of_fsspec_will_do(memory, tmp_path):
    memory.pipe("/crm/[a] b.csv", "name;n\nMüller;1\n".encode("cp1252"))
    rows = opened(HERE, "csv:memory://crm/[a] b.csv")
    assert rows.rows.fetchall() == [("Müller", "1")]
    assert [each.code for each in rows.problems] == ["KR650"]
    memory.pipe("/crm/it's.parquet", packed_parquet(tmp_path, "SELECT 1 AS id"))
    assert fetched(HERE, "parquet:memory://crm/it's.parquet") == [(1,)]
    (tmp_path / "x.csv").write_text("a\n1\n")
    assert fetched(HERE, f"csv:file://{tmp_path}/x.csv") == [("1",)]


def test_a_workbook_is_read_by_url(memory):
    path = Path(__file__).parent / "workbooks" / "orders.xls"
    memory.pipe("/crm/orders.xls", path.read_bytes())
    assert fetched(HERE, "xlsx:memory://crm/orders.xls")[1][1] == "客户"


def test_two_tables_may_come_from_different_servers_on_one_connection(memory, bucket, tmp_path):
    system, options = bucket
    connection = duckdb.connect()
    system.pipe("crm/p.parquet", packed_parquet(tmp_path, "SELECT 1 AS id"))
    memory.pipe("/p.parquet", packed_parquet(tmp_path, "SELECT 2 AS id"))
    first = opened(HERE, "parquet:s3://crm/p.parquet", connection, options=options)
    second = opened(HERE, "parquet:memory://p.parquet", connection)
    assert (data(first).fetchall(), data(second).fetchall()) == ([(1,)], [(2,)])


def test_a_file_that_goes_away_while_it_is_read_is_told_by_the_run(memory, tmp_path):
    memory.pipe("/p.parquet", packed_parquet(tmp_path, "SELECT 1 AS id"))
    rows = opened(HERE, "parquet:memory://p.parquet")
    memory.store.clear()
    with (
        pytest.raises(
            DataError, match=r"the book cannot be read: FileNotFoundError: /p\.parquet\n?$"
        ) as told,
        told_as_data(),
    ):
        rows.rows.fetchall()
    assert told.value.diagnostics[0].code == "KR863"


def test_without_fsspec_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(DataError, match="needs the package fsspec") as told:
        opened(HERE, "csv:s3://crm/orders.csv")
    assert told.value.diagnostics[0].help == 'pip install "kamrules[remote]"'


def test_plug_ins_load_without_fsspec_and_the_packages_of_files():
    code = (
        "import sys; from kamrules.plugins import Plugins; Plugins.load();"
        "print([each for each in ('fsspec', 'python_calamine', 'chardet', 'xlsxwriter', 'backports.zstd')"
        " if each in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n", told.stdout
    assert Plugins.load({"KAMRULES_LOAD_PLUGINS": ""}).warnings == ()
