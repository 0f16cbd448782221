"""`kamrules decide`: one account in, one decision out, as JSON."""

from __future__ import annotations

import json

import pytest

from kamrules.decision import Decision
from tests.commands import run

ACME = json.dumps(
    {"account_id": "A1", "name": "Ācme", "orders": [{"date": "2026-05-01", "amount": 2e6}]}
)


def test_a_decision_is_json_on_stdout_that_reads_back():
    told = run("decide", "-", "--as-of", "2026-06-30", stdin=ACME)
    assert (told.status, told.err) == (0, "")
    decision = Decision.model_validate_json(told.out)
    assert (decision.account_id, decision.name, decision.class_) == ("A1", "Ācme", "key")
    assert decision.actions


def test_top_keeps_the_best_actions_and_still_counts_all(tmp_path):
    path = tmp_path / "acme.json"
    path.write_text("\ufeff" + ACME, encoding="utf-8")
    everything = json.loads(run("decide", path, "--as-of", "2026-06-30").out)
    best = json.loads(run("decide", path, "--as-of", "2026-06-30", "--top", "2").out)
    assert best["actions"] == everything["actions"][:2]
    assert best["proposed"] == everything["proposed"] > 2


def test_a_parameter_can_be_set():
    told = run("decide", "-", "--as-of", "2026-06-30", "--set", "key_revenue=5_000_000", stdin=ACME)
    assert json.loads(told.out)["class"] == "ordinary"


@pytest.mark.parametrize(
    ("facts", "status", "message"),
    [
        ('{"account_id": 1', 4, "error[KR805]: no JSON: expecting `,` delimiter\n --> standard input:1:17"),
        ("", 4, "error[KR805]: no JSON: expecting value"),
        ("[1, 2]", 4, "error[KR805]: `standard input` holds a list"),
        ("null", 4, "error[KR805]: `standard input` holds `null`"),
        (b"\xff\xfe{}", 4, "error[KR805]: `standard input` is no UTF-8 text: byte 1 is not"),
        ("[" * 100_000, 4, "error[KR805]: `standard input` is no JSON: nested too deep"),
        ('{"account_id": "A1", "nam": "Acme"}', 4, "error[KR601]: the ruleset's vocabulary has no `nam`"),
    ],
    ids=["unclosed", "empty", "list", "null", "not-utf8", "deep", "misspelt"],
)  # fmt: skip
def test_facts_that_are_none_are_told_with_a_status(facts, status, message):
    told = run("decide", "-", "--as-of", "2026-06-30", stdin=facts)
    assert (told.status, told.out) == (status, "")
    assert told.err.startswith(message)


def test_without_a_date_nothing_is_decided():
    told = run("decide", "-", stdin=ACME)
    assert told.status == 2
    assert "error[KR800]: no date to decide on" in told.err
    assert "--as-of 2026-06-30" in told.err
