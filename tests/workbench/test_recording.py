"""Recording a test from a real account: it passes as it stands, and holds no more than rules read."""

from __future__ import annotations

import datetime
import subprocess
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
import tomli
from hypothesis import HealthCheck, Phase, given, seed, settings

from kamrules import load_ruleset
from kamrules.book import Book
from kamrules.compiler import compile_ruleset
from kamrules.decision import Earlier
from kamrules.diagnostics import DataError, UsageError
from kamrules.engines.sql import book_cutoffs, read_account
from kamrules.plugins import open_source
from kamrules.workbench.formatting import formatted
from kamrules.workbench.sample import sample_book
from kamrules.workbench.testing import Outcome, run_tests
from kamrules.workbench.testing.recording import appended, recorded
from tests.agreement.engines import compiled, cutoffs_by_row
from tests.commands import COMMAND, environment, run, start
from tests.strategies import Case, cases, facts_of
from tests.strategies.functions import plugged

DAY = datetime.date(2026, 6, 30)
RULES = """
[ruleset]
name = "example"
version = "1"
hit = "first"
[parameter.large]
type = "money"
value = 1_000
low = 1
high = 1e9
[table.accounts.column]
name = { type = "text" }
town = { type = "text" }
revenue = { type = "money" }
silent = { type = "days" }
[table.orders.column]
amount = { type = "money" }
note = { type = "text" }
date = { type = "date" }
[table.contacts.column]
who = { type = "text" }
[score.worth]
band = { low = "[0..50)", high = "[50..100]" }
[criterion.orders]
score = "worth"
weight = 1
value = "sum(orders.amount)"
curve = [[0, 0], [10_000, 100]]
[class.key]
level = 2
when = "revenue >= large"
stay = "revenue >= 10"
[class.other]
level = 1
[path.up]
from = "other"
to = "key"
[role.seller]
[action.call]
title = "Call"
when = "count(contacts) < 5"
priority = 10
owner = "seller"
due_days = 5
cooldown_days = 30
because = "Now."
[action.write]
title = "Write to {name}"
when = "town == 'Ulm'"
priority = 20
owner = "seller"
due_days = 5
because = "Now."
"""
ACCOUNT = {
    "account_id": "A-1", "name": 'Öl & "Söhne"\nGmbH \\ 1', "town": "Ulm", "revenue": Decimal("1234.5601"),
    "silent": 3, "orders": [
        {"amount": Decimal("0.3"), "note": "a secret", "date": DAY}, {"amount": 70_000}, {"note": "x"},
    ],
    "contacts": [{"who": "M. Ray"}, {}],
}  # fmt: skip


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "ours" / "rules.toml"
    path.parent.mkdir()
    path.write_text(RULES, encoding="utf-8")
    return path


def record(path, facts=ACCOUNT, **more):
    ruleset = load_ruleset(path)
    return recorded(ruleset, compile_ruleset(ruleset), facts, as_of=DAY, **more)


def passes(folder, text, **more):
    """Whether a recorded test passes in a file of its own, which `fmt` leaves as it is."""
    path = Path(folder) / "recorded.toml"
    path.write_bytes(text.encode())
    ruleset = load_ruleset(folder, functions=plugged())
    report = run_tests(ruleset, **more)
    assert [each.outcome for each in report.results] == [Outcome.PASSED], report
    (own,) = [each for each in formatted(ruleset) if each.file == path.as_posix()]
    return own.after == text


def test_the_test_holds_what_rules_and_texts_read_and_what_is_decided(rules):
    found = record(rules)
    assert found.name == "a_1"
    assert tomli.loads(found.text) == {
        "persona": {
            "a_1": {
                "as_of": DAY,
                "facts": {
                    "name": ACCOUNT["name"],
                    "town": "Ulm",
                    "revenue": 1234.5601,
                    "orders": [{"amount": 0.3}, {"amount": 70_000}, {}],
                    "contacts": [{}, {}],
                },
            }
        },
        "test": {
            "a_1": {
                "given": "a_1",
                "expect": {
                    "class": "key",
                    "top_action": "write",
                    "actions": ["write", "call"],
                    "scores": {"worth": "high"},
                },
            }
        },
    }
    assert passes(rules.parent, found.text)


def test_what_is_unknown_is_left_out_and_a_table_without_rows_is_no_lacking_one(rules):
    bare = {"account_id": "1", "revenue": None, "orders": []}
    found = record(rules, bare)
    content = tomli.loads(found.text)
    assert found.name == "account_1"
    assert content["persona"]["account_1"]["facts"] == {"orders": []}
    assert content["test"]["account_1"]["expect"] == {
        "class": "other", "top_action": "none", "scores": {"worth": "low"},
    }  # fmt: skip
    assert passes(rules.parent, found.text)


def test_facts_as_json_gives_them_are_recorded_as_what_they_mean(rules):
    rules.write_text(RULES.replace("town == 'Ulm'", "max(orders.date) == as_of"), encoding="utf-8")
    orders = [{"amount": 1e300, "date": "2026-06-30"}, {"amount": "much", "date": None}]
    found = record(rules, {"account_id": "A", "revenue": float("nan"), "orders": orders})
    facts = tomli.loads(found.text)["persona"]["a"]["facts"]
    assert facts == {"orders": [{"date": DAY}, {}]}
    assert passes(rules.parent, found.text)


def test_a_test_fails_when_the_account_is_decided_otherwise(rules):
    text = record(rules).text.replace('class = "key"', 'class = "other"')
    rules.with_name("recorded.toml").write_text(text, encoding="utf-8")
    report = run_tests(load_ruleset(rules.parent))
    assert [each.key for each in report.results[0].failures] == ["class"]


def test_what_was_decided_before_is_recorded_as_far_as_rules_still_know_it(rules):
    earlier = Earlier.model_validate(
        {
            "class": "key",
            "tier": "gone",
            "proposed": {"call": DAY - datetime.timedelta(9), "ghost": DAY},
        }
    )
    facts = {**ACCOUNT, "revenue": 500}
    found = record(rules, facts, earlier=earlier)
    test = tomli.loads(found.text)["test"]["a_1"]
    assert test["before"] == {"class": "key", "proposed": {"call": datetime.date(2026, 6, 21)}}
    assert (test["expect"]["class"], test["expect"]["class_move"]) == ("key", "held")
    assert test["expect"]["actions"] == ["write"]
    assert passes(rules.parent, found.text)


def test_parameters_that_were_set_are_set_by_the_test(rules):
    ruleset = load_ruleset(rules, set={"large": "5_000"})
    found = recorded(ruleset, compile_ruleset(ruleset), ACCOUNT, as_of=DAY, settings=("large",))
    assert tomli.loads(found.text)["test"]["a_1"]["set"] == {"large": 5000}
    assert passes(rules.parent, found.text)


def test_names_do_not_clash(rules):
    rules.with_name("recorded.toml").write_text(record(rules).text, encoding="utf-8")
    assert record(rules.parent).name == "a_1_2"
    for name in ("a_1", "A", "1a", "", "a" * 61):
        with pytest.raises(UsageError) as raised:
            record(rules.parent, name=name)
        assert raised.value.diagnostics[0].code == "KR876"


def test_a_value_that_tests_do_not_take_is_told(rules):
    rules.write_text(RULES.replace("town == 'Ulm'", "silent > 3d"), encoding="utf-8")
    with pytest.raises(DataError) as raised:
        record(rules, {**ACCOUNT, "silent": 99_999})
    (problem,) = raised.value.diagnostics
    assert problem.code == "KR877"
    assert "`silent`" in problem.message


def test_an_account_that_is_decided_by_others_is_refused_and_one_that_is_not_is_recorded(rules):
    rules.write_text(RULES.replace("town == 'Ulm'", "rank(revenue) == 2"), encoding="utf-8")
    ruleset = load_ruleset(rules)
    program = compile_ruleset(ruleset)
    book = Book.of({"accounts": [
        {"account_id": "A", "revenue": 5.0}, {"account_id": "B", "revenue": 4.0},
        {"account_id": "C", "revenue": 3.0},
    ]})  # fmt: skip
    cutoffs = book_cutoffs(program, book, as_of=DAY, open_source=open_source)
    with pytest.raises(UsageError) as raised:
        recorded(ruleset, program, {"account_id": "B", "revenue": 4}, as_of=DAY, cutoffs=cutoffs)
    assert raised.value.diagnostics[0].code == "KR875"
    assert "`revenue`" in raised.value.diagnostics[0].message
    alone = recorded(
        ruleset, program, {"account_id": "C", "revenue": 3}, as_of=DAY, cutoffs=cutoffs
    )
    assert passes(rules.parent, alone.text)


@pytest.mark.slow
@pytest.mark.parametrize("start_", range(2))
def test_whatever_account_is_recorded_passes(start_):
    done, refused = [], []

    @seed(start_)
    @settings(
        max_examples=12, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(cases())
    def every(case: Case) -> None:
        program = compiled(case.ruleset)
        cutoffs = cutoffs_by_row(program, case) if program.book_steps else None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "ruleset.toml"
            path.write_bytes(case.ruleset.encode())
            ruleset = load_ruleset(folder, functions=plugged())
            for account_id, facts in list(facts_of(case.tables).items())[:2]:
                earlier = case.past.of(account_id) if case.past is not None else None
                try:
                    found = recorded(
                        ruleset, program, facts, as_of=case.as_of, earlier=earlier, cutoffs=cutoffs
                    )
                except (UsageError, DataError) as error:
                    ours = isinstance(error, UsageError)
                    odd = _extreme(facts) or _foreign(program, facts)
                    refused.append((error, program.book_steps if ours else odd))
                else:
                    done.append(account_id)
                    assert passes(folder, found.text)

    every()
    assert [error for error, excused in refused if not excused] == []
    assert len(done) > len(refused), refused


def _extreme(facts):
    """Whether an account holds a number with more digits, or longer, than rulesets take."""
    rows = [facts, *(row for table in facts.values() if isinstance(table, list) for row in table)]
    numbers = [
        each for row in rows for each in row.values() if isinstance(each, int | float | Decimal)
    ]
    return any(not -36_500 <= each <= 36_500 or each != round(each, 2) for each in numbers)


def _foreign(program, facts):
    """Whether an account holds a text that is none of its column's choices."""
    own = {name: rows for name, rows in facts.items() if name in program.tables and rows}
    tables = [("accounts", [facts]), *own.items()]
    return any(
        column.type.choices and row.get(column.name) not in (None, *column.type.choices)
        for name, rows in tables
        for row in rows
        for column in program.tables[name].columns.values()
    )


@pytest.mark.slow
def test_accounts_of_the_sample_book_pass_as_recorded_in_a_ruleset_that_extends_kam(tmp_path):
    sample_book(tmp_path / "book", accounts=60)
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "ruleset.toml").write_text(
        '[ruleset]\nname = "ours"\nversion = "1"\nextends = ["kam"]\n', encoding="utf-8"
    )
    ruleset = load_ruleset(ours)
    program = compile_ruleset(ruleset)
    book = Book.read(tmp_path / "book")
    text = ""
    ids = [f"C-{number:05}" for number in (3, 17, 44)]
    for each in ids:
        facts = read_account(program, book, each, open_source=open_source)
        text = appended(text, recorded(ruleset, program, facts, as_of=DAY).text)
    (ours / "recorded.toml").write_text(text, encoding="utf-8")
    ruleset = load_ruleset(ours)
    report = run_tests(ruleset)
    assert [each.outcome for each in report.results] == [Outcome.PASSED] * len(ids), report
    assert [each.file for each in formatted(ruleset) if each.changed] == []


@pytest.fixture
def book(tmp_path):
    (tmp_path / "accounts.csv").write_text(
        "account_id,name,town,revenue\nA-1,Acme,Ulm,1234.5601\nB,Bolt,Bonn,5\n", encoding="utf-8"
    )
    return tmp_path / "accounts.csv"


def test_the_command_prints_a_test_that_can_be_appended(rules, book):
    words = ("test", rules.parent, "--record", book, "B", "--as-of", "2026-06-30")
    told = run(*words)
    assert (told.status, told.err) == (0, "")
    assert told.out.startswith("[persona.b]\nas_of = 2026-06-30\n[persona.b.facts]\n")
    assert passes(rules.parent, told.out)


def test_out_adds_to_what_a_file_holds(rules, book):
    words = ("test", rules.parent, "--as-of", "2026-06-30", "--out", rules.with_name("t.toml"))
    assert run(*words, "--record", book, "A-1").err.startswith("test `a_1` is in `")
    assert run(*words, "--record", book, "A-1", "--name", "again").status == 0
    told = run("test", rules.parent, "-v")
    assert (told.status, told.out) == (0, "example 1\n  ok      a_1\n  ok      again\n\n2 passed\n")
    (own,) = [
        each for each in formatted(load_ruleset(rules.parent)) if each.file.endswith("/t.toml")
    ]
    assert not own.changed


def test_the_shell_appends_what_is_printed(rules, book):
    target = rules.with_name("t.toml")
    for name in ("one", "two"):
        with target.open("a") as file:
            more = ("--as-of", "2026-06-30", "--name", name)
            subprocess.run(
                [COMMAND, "test", rules.parent, "--record", book, "B", *more],
                stdout=file, check=True, env=environment(),
            )  # fmt: skip
    (own,) = [
        each for each in formatted(load_ruleset(rules.parent)) if each.file.endswith("/t.toml")
    ]
    assert not own.changed
    assert start("test", rules.parent, cwd=rules.parent).status == 0


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--record", "accounts.csv", "C", "--as-of", "2026-06-30"], 4, "has no account `C`"),
        (["--record", "accounts.csv", "B"], 2, "--as-of"),
        (["--record", "nowhere.csv", "B", "--as-of", "2026-06-30"], 2, "nowhere.csv"),
        (["--record", "accounts.csv"], 2, "--record"),
        (["--record", "accounts.csv", "B", "--watch"], 2, "--record runs no tests"),
        (
            ["--record", "accounts.csv", "B", "--as-of", "2026-06-30", "--state", "no.db"],
            2,
            "no.db",
        ),
        (["--record", "accounts.csv", "B", "--as-of", "2026-06-30", "--out", "ours"], 2, "ours"),
        (["--name", "x"], 2, "go with --record"),
    ],
)
def test_what_cannot_be_is_told(rules, book, monkeypatch, words, status, message):
    monkeypatch.chdir(book.parent)
    told = run("test", rules, *words)
    assert told.status == status, told.err
    assert message in told.err
