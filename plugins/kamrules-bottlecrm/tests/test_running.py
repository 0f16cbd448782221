"""The installed command on a running BottleCRM: its book file, a run, and what it delivers."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib

import pytest
from bottle_commands import DATE, PLACE, kamrules, variables
from meddling import CUT, Told


@pytest.fixture
def scene(crm, meddler, tmp_path):
    """Give a folder with the book file in it, and the environment of commands."""
    environ = variables(tmp_path, meddler.url, crm.token)
    made = subprocess.run(
        [sys.executable, "-m", "kamrules_bottlecrm"],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    (tmp_path / "book.toml").write_text(made.stdout, encoding="utf-8")
    return tmp_path, environ


def run(scene, *words, status=0, as_of=DATE, **more):
    folder, environ = scene
    done = kamrules(folder, environ | more, "run", "book.toml", "--as-of", as_of, *words)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done


def report(scene):
    return json.loads((scene[0] / "kamrules-out/run.json").read_text())


def test_the_book_file_is_run_and_delivered_back_and_a_second_run_changes_nothing(
    scene, crm, meddler
):
    done = run(scene, "--to", "bottlecrm:")
    assert "10 accounts of BottleCRM" in done.stderr
    told = report(scene)["delivered"]
    assert told[0]["to"] == "bottlecrm:"
    assert told[0]["rows"]["accounts changed"] == 10
    assert told[0]["rows"]["tasks made"] == len(crm.tasks()) > 0
    assert {each["custom_fields"]["kam_class"] for each in crm.accounts().values()} <= {
        "key", "ordinary", "prospect", "unattractive",
    }  # fmt: skip
    before, written = crm.tasks(), len(meddler.writes())
    run(scene, "--to", "bottlecrm:")
    assert report(scene)["delivered"][0]["rows"] == {
        "accounts changed": 0, "tasks made": 0, "tasks closed": 0,
    }  # fmt: skip
    assert len(meddler.writes()) == written
    assert crm.tasks() == before


def test_the_plug_in_is_listed_with_all_that_it_brings(scene):
    folder, environ = scene
    done = kamrules(folder, environ, "plugins", "--json")
    (found,) = [each for each in json.loads(done.stdout) if each["name"] == "bottlecrm"]
    assert (found["sources"], found["sinks"], found["webhooks"]) == (["bottlecrm"],) * 3
    assert found["failure"] is None
    assert "propose_mapping" in found["hooks"]


def test_the_amounts_of_a_run_are_those_of_the_invoices_that_were_sent(scene, crm):
    run(scene, "--format", "csv")
    sent = [
        each
        for each in crm.get("/api/invoices/?limit=500")["results"]
        if each["status"] in ("Sent", "Viewed", "Paid", "Partially_Paid", "Overdue")
    ]
    kept = {each["table"]: each["rows_kept"] for each in report(scene)["quality"]["tables"]}
    assert kept["orders"] == len(sent) > 0
    assert kept["accounts"] == 10


def test_a_field_that_is_gone_is_told_at_its_line_and_nothing_is_written(scene, meddler):
    def changed(asked, data):
        for each in data.get("opportunities", []):
            del each["amount"]
        return data

    meddler.changed = changed
    done = run(scene, "--to", "bottlecrm:", status=4)
    assert 'amount = "amount"' in done.stderr
    assert "`amount`" in done.stderr
    assert meddler.writes() == []


def test_a_type_that_changed_is_told_by_the_data_quality(scene, meddler):
    def changed(_, data):
        for each in data.get("opportunities", []):
            each["created_at"] = "last week"
        return data

    meddler.changed = changed
    run(scene)
    (deals,) = [
        each for each in report(scene)["quality"]["tables"] if each["table"] == "opportunities"
    ]
    (problem,) = deals["problems"]
    assert problem["column"] == "opened"
    assert problem["count"] == deals["rows_kept"]
    assert any("last week" in each for each in problem["examples"])


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [("bcrm_pat_nobody", 4, "KR720"), ("", 4, "KR708"), ("two words", 4, "KR728")],
)
def test_a_wrong_token_ends_a_run_with_its_own_code(scene, token, status, code):
    done = run(scene, status=status, BOTTLECRM_TOKEN=token)
    assert code in done.stderr
    assert "bcrm_pat_nobody" not in done.stderr


def test_a_token_that_may_only_read_delivers_nothing(scene, crm, meddler):
    token = crm.bottle.reading
    before = crm.accounts()
    done = run(scene, "--to", "bottlecrm:", status=4, BOTTLECRM_TOKEN=token)
    assert "KR720" in done.stderr
    assert token not in done.stderr
    assert crm.accounts() == before
    assert not (scene[0] / "kamrules-out").exists()


def test_a_token_in_clear_is_refused_before_anything_is_asked(scene, crm, meddler):
    path = scene[0] / "book.toml"
    text = path.read_text()
    first = 'from = "bottlecrm:accounts"\n'
    path.write_text(text.replace(first, f'{first}options = {{ token = "{crm.token}" }}\n'))
    done = run(scene, status=4)
    assert "KR707" in done.stderr
    assert crm.token not in done.stderr
    assert meddler.seen == []


def test_a_server_that_goes_while_it_is_written_leaves_what_the_next_run_completes(
    scene, crm, meddler
):
    count = iter(range(1000))

    def instead(asked):
        written = asked.method != "GET" and asked.body
        return (
            Told(502)
            if written and asked.path.startswith("/api/tasks") and next(count) > 4
            else None
        )

    meddler.instead = instead
    path = scene[0] / "book.toml"
    path.write_text(path.read_text() + '\n[sink.crm]\nto = "bottlecrm:"\noptions = { tries = 1 }\n')
    done = run(scene, "--to", "crm", status=4)
    assert "KR721" in done.stderr
    assert "KR727" in done.stderr
    assert not (scene[0] / "kamrules-out").exists()
    assert len(crm.tasks()) == 5
    meddler.instead = lambda _: None
    run(scene, "--to", "crm")
    keys = [(each["account"]["id"], each["custom_fields"]["kam_action"]) for each in crm.tasks()]
    assert len(keys) == len(set(keys)) == report(scene)["delivered"][0]["rows"]["tasks made"] + 5
    run(scene, "--to", "crm")
    assert len(crm.tasks()) == len(keys)


def test_a_run_that_breaks_off_while_it_reads_writes_nothing(scene, meddler):
    meddler.instead = lambda asked: CUT if "/invoices/" in asked.path else None
    path = scene[0] / "book.toml"
    text = path.read_text()
    orders = 'from = "bottlecrm:invoices"\n'
    path.write_text(text.replace(orders, f"{orders}options = {{ tries = 1 }}\n"))
    done = run(scene, "--to", "bottlecrm:", status=4)
    assert "KR721" in done.stderr
    assert 'from = "bottlecrm:invoices"' in done.stderr
    assert meddler.writes() == []


def test_the_book_file_is_what_is_proposed_for_its_tables():
    from kamrules.contracts import SeenColumn, SeenTable

    from kamrules_bottlecrm import propose_mapping
    from kamrules_bottlecrm.tables import TABLES

    seen = [
        SeenTable(
            name, f"bottlecrm:{name}", tuple(SeenColumn(each, "VARCHAR") for each in table.columns)
        )
        for name, table in TABLES.items()
    ]
    found = propose_mapping(seen)
    told = {(each.table, each.column): each.seen_column for each in found}
    book = tomllib.loads((PLACE / "kamrules_bottlecrm/book.toml").read_text())
    for table, written in book["table"].items():
        for column, source in written["column"].items():
            name = source if isinstance(source, str) else source["column"]
            assert told.pop((table, column)) == name
        assert told.pop((table, "account_id")) == "account_id"
    assert told == {}
    assert propose_mapping([SeenTable("x", "csv:deals.csv", seen[0].columns)]) is None
