"""What a run gives: files, a summary, a report, and a memory for the next one."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from tests.commands import run
from tests.end_to_end.scene import RUN, scene

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Give a scene, with its folder as the current one."""
    monkeypatch.chdir(tmp_path)
    return scene(tmp_path)


def rows(table, folder="results"):
    with Path(folder, f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_summary_goes_to_stderr_and_tells_pyramid_actions_data_and_files(place):
    told = run(*RUN)
    assert (told.status, told.out) == (0, "")
    printed = "\n".join(line.rstrip() for line in told.err.splitlines()) + "\n"
    assert printed == (GOLDEN / "summary.txt").read_text(encoding="utf-8")


def test_json_gives_on_stdout_what_stands_in_run_json(place):
    told = run(*RUN, "--json")
    assert (told.status, told.err) == (0, "")
    report = json.loads(told.out)
    assert report == json.loads(Path("results/run.json").read_text(encoding="utf-8"))
    assert report["counts"]["accounts"] == report["accounts"] == 3
    assert report["ruleset"]["name"] == "small"
    assert len(report["ruleset"]["digest"]) == 64
    assert report["as_of"] == "2026-06-30"
    assert set(report["durations"]) >= {"ruleset", "decide", "count", "hash"}
    assert sorted(report["files"]) == sorted(
        f"{name}.parquet" for name in ("decisions", "actions", "scores", "gates", "gaps")
    )


def test_quiet_says_nothing(place):
    assert run(*RUN, "--quiet") == type(run("--version"))(0, "", "")


def test_two_equal_runs_give_the_same_bytes_but_for_durations(place):
    def files():
        report = json.loads(Path("results/run.json").read_text(encoding="utf-8"))
        del report["durations"]
        tables = [path for path in Path("results").iterdir() if path.name != "run.json"]
        return report, {path.name: path.read_bytes() for path in tables}

    assert run(*RUN).status == 0
    before = files()
    assert run(*RUN).status == 0
    assert files() == before


def test_the_state_holds_an_action_back_until_its_cooldown_is_over(place):
    assert run(*RUN, "--format", "csv").status == 0
    assert {each["status"] for each in rows("actions")} == {"proposed"}
    assert run(*RUN, "--format", "csv", "--as-of", "2026-07-10").status == 0
    assert {(each["status"], each["free_on"]) for each in rows("actions")} == {
        ("cooldown", "2026-07-30")
    }
    assert run(*RUN, "--format", "csv", "--as-of", "2026-07-30").status == 0
    assert {each["status"] for each in rows("actions")} == {"proposed"}


def test_explain_with_the_state_tells_what_the_run_would_decide(place):
    assert run(*RUN).status == 0
    words = ("explain", "book.toml", "A1", "--ruleset", "rules.toml", "--as-of", "2026-07-10")
    alone = json.loads(run(*words, "--json").out)["decision"]
    assert (alone["class_move"], alone["held_back"]) == ("placed", [])
    remembered = json.loads(run(*words, "--json", "--state", "state.db").out)["decision"]
    assert (remembered["class_move"], remembered["class_before"]) == ("stayed", "key")
    assert [each["id"] for each in remembered["held_back"]] == ["call"]
    assert "in cooldown until 2026-07-30" in run(*words, "--state", "state.db").out


def test_a_run_without_a_date_is_refused_and_says_how_to_give_one(place):
    place.replace("book.toml", "as_of = 2026-06-30\n", "")
    told = run(*RUN)
    assert told.status == 2
    assert told.err == (
        "error[KR800]: no date to decide on: neither the command nor the book says one\n"
        "  = help: give one, such as --as-of 2026-06-30\n"
    )


def test_a_folder_of_tables_is_a_book(place, tmp_path):
    Path("book.toml").unlink()
    told = run("run", ".", "--ruleset", "rules.toml", "--as-of", "2026-06-30", "--format", "csv")
    assert told.status == 0, told.err
    assert [each["class"] for each in rows("decisions", "kamrules-out")] == [
        "key",
        "ordinary",
        "ordinary",
    ]


@pytest.mark.parametrize("evil", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1+1"])
def test_text_that_a_spreadsheet_would_run_is_neutralised(evil, place):
    place.replace("accounts.csv", "A1,Acme", f'A1,"{evil}"')
    assert run(*RUN, "--format", "csv").status == 0
    (named,) = (each["name"] for each in rows("decisions") if each["account_id"] == "A1")
    assert named == "'" + evil
    (reason,) = {each["reason"] for each in rows("actions") if each["account_id"] == "A1"}
    assert not re.match(r"[=+\-@\t]", reason)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "xlsx"])
def test_every_format_holds_all_tables(form, place):
    told = run(*RUN, "--format", form)
    assert told.status == 0, told.err
    report = json.loads(Path("results/run.json").read_text(encoding="utf-8"))
    assert set(report["files"]) == {path.name for path in Path("results").iterdir()} - {"run.json"}
    assert len(report["files"]) == (1 if form == "xlsx" else 5)


def test_inspect_tells_what_is_there_and_what_is_wanted(place):
    place.replace("accounts.csv", "account_id,name,rating", "account_id,name,note")
    told = run("inspect", "book.toml", "--ruleset", "rules.toml")
    assert told.status == 0, told.err
    assert "orders from csv:orders.csv: 3 of 3 rows in use" in told.out
    assert "unused: note" in told.out
    assert "information level 1: accounts.rating" in told.out


def test_inspect_gives_json_and_status_1_when_something_is_wrong(place):
    place.replace("orders.csv", "B2,", "Z9,")
    told = run("inspect", "book.toml", "--ruleset", "rules.toml", "--json")
    assert told.status == 1
    found = json.loads(told.out)
    assert found["quality"]["rows_left_out"] == 1
    assert [each["table"] for each in found["tables"]] == ["accounts", "orders"]
