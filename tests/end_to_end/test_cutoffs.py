"""Rules that compare accounts, from a run over the book to one account decided with what the run left."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.commands import run
from tests.end_to_end.scene import scene

RULES = """
[fact.standing]
type = "integer"
value = "rank(revenue)"
[fact.part]
type = "share"
value = "share_of_total(revenue)"
[phase.leading]
when = "standing == 1 and part > 50%"
[phase.following]
when = "standing > 1"
"""
RUN = (
    "run",
    "book.toml",
    "--ruleset",
    "rules.toml",
    "--out",
    "results",
    "--format",
    "csv",
    "--quiet",
)
ALONE = ("decide", "acme.json", "--ruleset", "rules.toml", "--as-of", "2026-06-30")
ACME = {
    "account_id": "A1",
    "orders": [{"date": "2026-05-01", "amount": 600}, {"date": "2026-06-01", "amount": 700.5}],
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Give a scene whose rules compare accounts."""
    monkeypatch.chdir(tmp_path)
    found = scene(tmp_path)
    path = tmp_path / "rules.toml"
    path.write_text(path.read_text(encoding="utf-8") + RULES, encoding="utf-8")
    (tmp_path / "acme.json").write_text(json.dumps(ACME), encoding="utf-8")
    return found


def phases():
    with Path("results/decisions.csv").open(encoding="utf-8", newline="") as file:
        return {row["account_id"]: row["phase"] for row in csv.DictReader(file)}


def test_a_run_leaves_cutoffs_with_which_one_account_is_decided_as_the_run_decided_it(place):
    assert run(*RUN).status == 0
    report = json.loads(Path("results/run.json").read_text(encoding="utf-8"))
    assert report["files"][-1] == "cutoffs.json"
    assert phases() == {"A1": "leading", "B2": "following", "C3": "following"}
    told = run(*ALONE, "--cutoffs", "results/cutoffs.json")
    decision = json.loads(told.out)
    assert (decision["phase"], decision["facts"]["standing"]) == ("leading", 1)
    assert json.loads(run(*ALONE).out)["phase"] is None
    # the folder is a run's as before, and the next run replaces it
    assert run(*RUN).status == 0


def test_an_explanation_compares_the_account_with_its_book_or_with_cutoffs(place):
    command = ("explain", "book.toml", "A1", "--ruleset", "rules.toml", "--json")
    assert run(*RUN).status == 0
    by_book, by_file = run(*command), run(*command, "--cutoffs", "results/cutoffs.json")
    assert by_book == by_file
    assert json.loads(by_book.out)["decision"]["phase"] == "leading"
    assert "standing 1 = rank(revenue) (revenue 1,301)" in run(*command[:-1]).out


def test_cutoffs_of_other_settings_are_refused(place):
    rules = Path("rules.toml")
    assert run(*RUN).status == 0
    rules.write_text(rules.read_text(encoding="utf-8").replace("> 50%", "> 60%"), encoding="utf-8")
    told = run(*ALONE, "--cutoffs", "results/cutoffs.json")
    assert (told.status, told.out) == (4, "")
    assert told.err.startswith("error[KR606]: the cut-offs are of ruleset `small` with other rules")
    assert run("explain", "book.toml", "A1", "--ruleset", "rules.toml",
               "--cutoffs", "results/cutoffs.json").status == 4  # fmt: skip


def test_a_run_without_such_rules_leaves_no_cutoffs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene(tmp_path)
    assert run(*RUN).status == 0
    assert not Path("results/cutoffs.json").exists()
