"""The installed command with the plug-in: a run from a dlt source into a dlt destination."""

from __future__ import annotations

import json
import sys

import dlt_scene
import duckdb
import pytest

BOOK = """
[book]
name = "From dlt"
as_of = 2026-06-30

[table.accounts]
from = "dlt:{module}:crm:companies"
account = "id"
options = {{ path = ".", arguments = {{ key = "${{env:CRM_KEY}}" }} }}
[table.accounts.column]
name = "name"
revenue = "annual_revenue"

[table.orders]
from = "dlt:{module}:crm"
options = {{ path = "." }}

[sink.warehouse]
to = "dlt:duckdb"
mode = "upsert"
tables = ["decisions", "actions"]
options = {{ dataset = "kam", arguments = {{ credentials = {{ database = "warehouse.duckdb" }} }} }}
"""
SOURCE = """
    import os
    import dlt

    @dlt.source
    def crm(key="none"):
        @dlt.resource
        def companies():
            if os.environ.get("BREAK"):
                raise ConnectionError(f"no answer to {key}")
            yield {"id": "A", "name": "Ada", "AnnualRevenue": 500}
            yield {"id": "B", "name": "Bo", "AnnualRevenue": os.environ.get("WRONG", 5)}

        @dlt.resource
        def orders():
            yield {"account_id": "A", "date": "2026-05-01T10:00:00Z", "amount": 12}

        return companies, orders
"""
PIPELINE = """
    def make_pipeline():
        return dlt.pipeline("mine", destination=dlt.destinations.duckdb("mine.duckdb"), dataset_name="kam")
"""
# Records, from the first import on, what goes to any address, and the file by which telemetry knows a user.
GUARD = """
import os, sys

def heard(event, arguments):
    network = event in {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}
    if network or (event == "open" and str(arguments[0]).endswith(".anonymous_id")):
        with open(os.environ["HEARD"], "a") as file:
            file.write(f"{event} {arguments[-1] if network else arguments[0]}\\n")
        if network:
            raise OSError("no network in this test")

sys.addaudithook(heard)
"""


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a book that is filled by dlt, and a project of dlt's that wants telemetry."""
    work = tmp_path / "work"
    (work / ".dlt").mkdir(parents=True)
    (work / ".dlt" / "config.toml").write_text("[runtime]\ndlthub_telemetry = true\n")
    module = dlt_scene.write_module(work, SOURCE)
    (work / "book.toml").write_text(BOOK.format(module=module))
    (work / "rules.toml").write_text(dlt_scene.RULES)
    return work


def run(folder, *words, **environ):
    words = ("run", "book.toml", "--ruleset", "rules.toml", "--to", "warehouse", *words)
    return dlt_scene.start(folder, *words, **{"CRM_KEY": "hunter2-hunter2", **environ})


def loaded(folder, table="decisions"):
    columns = '"class"' if table == "decisions" else "title"
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as found:
        return found.sql(f"SELECT account_id, {columns} FROM kam.{table} ORDER BY 1").fetchall()


def test_a_run_goes_from_a_dlt_source_to_a_dlt_destination(folder):
    done = run(folder)
    assert done.returncode == 0, done.stderr
    assert loaded(folder) == [("A", "key"), ("B", "ordinary")]
    assert loaded(folder, "actions") == [("A", "Visit Ada")]
    found = {each.name for each in folder.iterdir()} - {
        "book.toml",
        "rules.toml",
        "kamrules-out",
        ".dlt",
    }
    assert {each for each in found if not each.startswith("sources_")} == {"warehouse.duckdb"}
    assert list((folder.parent / "home").iterdir()) == []


def test_a_run_tells_nobody_of_itself_although_a_project_of_dlt_s_wants_telemetry(folder):
    heard = folder.parent / "heard"
    path = dlt_scene.environment(folder.parent)["PYTHONPATH"]
    (folder.parent / "site" / "sitecustomize.py").write_text(GUARD)
    guarded = {"PYTHONPATH": path, "HEARD": str(heard)}
    done = run(folder, **guarded)
    assert done.returncode == 0, done.stderr
    assert not heard.exists(), heard.read_text()
    # a pipeline of the user's is theirs, but neither does it tell anybody anything
    module = dlt_scene.write_module(folder, SOURCE + PIPELINE)
    (folder / "book.toml").write_text(
        BOOK.format(module=module)
        .replace("dlt:duckdb", f"dlt:{module}:make_pipeline")
        .replace(
            'dataset = "kam", arguments = { credentials = { database = "warehouse.duckdb" } }',
            'path = "."',
        )
    )
    done = run(folder, **guarded)
    assert done.returncode == 0, done.stderr
    assert "socket" not in (heard.read_text() if heard.exists() else "")
    # dlt alone would have told of itself: the guard hears it
    alone = "import dlt; dlt.pipeline('p', destination='dummy').run([{'a': 1}], table_name='t')"
    dlt_scene.start(folder, "-c", alone, command=sys.executable, **guarded)
    assert "socket" in heard.read_text()


def test_a_source_that_breaks_leaves_what_was_delivered_before_and_shows_the_line(folder):
    assert run(folder).returncode == 0
    done = run(folder, BREAK="1")
    assert done.returncode == 4
    assert "ConnectionError: no answer to ***" in done.stderr
    assert "book.toml:7:8" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert loaded(folder) == [("A", "key"), ("B", "ordinary")]


def test_a_value_that_is_none_is_named_by_the_data_quality_and_can_be_left_out(folder):
    done = run(folder, WRONG="n/a")
    assert done.returncode == 4
    assert "n/a" in done.stderr
    assert not (folder / "warehouse.duckdb").exists()
    assert run(folder, "--leave-out", WRONG="n/a").returncode == 0
    assert loaded(folder) == [("A", "key"), ("B", None)]


def test_a_run_that_cannot_load_says_so_in_one_sentence(folder):
    (folder / "warehouse.duckdb").write_text(
        "this is no database, though it is long enough for one" * 99
    )
    done = run(folder)
    assert done.returncode == 4
    assert "KR648" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "kamrules-out").exists()


def test_the_plug_in_is_listed_with_its_source_and_sink_and_does_not_load_dlt_for_it(folder):
    done = dlt_scene.start(folder, "plugins", "--json")
    assert done.returncode == 0, done.stderr
    (listed,) = (each for each in json.loads(done.stdout) if each["name"] == "dlt")
    assert "dlt" in listed["sources"]
    assert "dlt" in listed["sinks"]
    code = "import sys; from kamrules.plugins import Plugins; Plugins.load(); sys.exit('dlt' in sys.modules)"
    assert dlt_scene.start(folder, "-c", code, command=sys.executable).returncode == 0


def test_the_data_quality_of_a_dlt_source_can_be_inspected(folder):
    done = dlt_scene.start(
        folder, "inspect", "book.toml", "--ruleset", "rules.toml", CRM_KEY="hunter2-hunter2"
    )
    assert done.returncode in (0, 1), done.stderr
    assert "accounts" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
