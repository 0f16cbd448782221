"""Coverage over a book: counted in one pass, as the row engine would count account by account."""

from __future__ import annotations

import datetime
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from kamrules import compile_ruleset, load_ruleset
from kamrules.book import Book
from kamrules.diagnostics import DataError
from kamrules.engines.row import engine_of
from kamrules.plugins import open_source
from kamrules.workbench.coverage import Part, coverage_by_book
from kamrules.workbench.coverage.counting import _count, _items
from tests.agreement.engines import arrow, compiled, cutoffs_by_row, memory_files
from tests.commands import run
from tests.strategies import Case, cases, facts_of

DAY = datetime.date(2026, 6, 30)
RULES = """
[ruleset]
name = "example"
version = "1"
hit = "first"
[parameter.large]
type = "money"
value = 1_000
[table.accounts.column]
revenue = { type = "money" }
size = { type = "choice", choices = ["small", "large"] }
growth = { type = "share" }
[score.worth]
band = { low = "[0..50)", high = "[50..100]" }
[criterion.revenue]
score = "worth"
weight = 50
value = "revenue"
curve = [[0, 0], ["large", 80], [5_000, 100]]
[criterion.size]
score = "worth"
weight = 50
value = "size"
scale = [{ in = ["large"], points = 100 }, { points = 20 }]
[class.key]
level = 2
when = { any = ["revenue >= large and growth > 10%", { not = "size != 'large'" }] }
[class.other]
level = 1
[path.up]
from = "other"
to = "key"
gate = { grows = { when = "growth > 12%" } }
[role.seller]
[action.call]
title = "Call"
when = ["class == 'key'", "if(growth is unknown, 0, growth) < 5%"]
priority = 10
owner = "seller"
due_days = 5
because = "Now."
[action.wait]
title = "Wait"
when = "revenue < 0"
priority = 10
owner = "seller"
due_days = 5
because = "Later."
"""
ACCOUNTS = (
    "account_id,revenue,size,growth\nA,2000,small,0.15\nB,6000,large,\nC,100,,0.3\nD,,small,0.01\n"
)


@pytest.fixture
def written(tmp_path):
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    (tmp_path / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    return tmp_path


def found(folder, **more):
    program = compile_ruleset(load_ruleset(folder / "rules.toml"))
    book = Book.read(folder / "accounts.csv")
    return coverage_by_book(program, book, as_of=DAY, open_source=open_source, **more)


def test_each_rule_tells_for_how_many_accounts_it_holds(written):
    counted = {each.address: each.true for each in found(written).of(Part.RULES)}
    assert counted == {
        "class.key": 2, "class.other": 2, "path.up.gate.grows": 2, "criterion.revenue": 3,
        "criterion.size": 3, "action.call": 1, "action.wait": 0,
    }  # fmt: skip


def test_the_smallest_conditions_are_counted_wherever_rules_ask_them(written):
    atoms = {
        (each.address, each.text): (each.true, each.false, each.unknown)
        for each in found(written).of(Part.ATOMS)
    }
    assert atoms == {
        ("class.key.when.any[0]", "revenue >= large"): (2, 1, 1),
        ("class.key.when.any[0]", "growth > 10%"): (2, 1, 1),
        ("class.key.when.any[1].not", "size != 'large'"): (2, 1, 1),
        ("path.up.gate.grows.when", "growth > 12%"): (2, 1, 1),
        ("action.call.when[0]", "class == 'key'"): (2, 2, 0),
        ("action.call.when[1]", "if(growth is unknown, 0%, growth) < 5%"): (2, 2, 0),
        ("action.call.when[1]", "growth is unknown"): (1, 3, 0),
        ("action.wait.when", "revenue < 0"): (0, 3, 1),
    }


def test_every_account_falls_into_one_line_stretch_and_band(written):
    steps = {each.address: (each.text, each.true) for each in found(written).of(Part.STEPS)}
    assert steps == {
        "criterion.revenue.curve[0]": ("revenue <= 1000: 0 to 80 points", 1),
        "criterion.revenue.curve[1]": ("revenue > 1000: 80 to 100 points", 2),
        "criterion.size.scale[0]": ("size in ['large']: 100 points", 1),
        "criterion.size.scale[1]": ("anything else: 20 points", 2),
        "score.worth.band.low": ("worth in [0..50)", 2),
        "score.worth.band.high": ("worth in [50..100]", 2),
    }


def test_the_command_tells_what_never_fired_and_what_is_always_so(written):
    words = ("coverage", written / "rules.toml", "--book", written / "accounts.csv")
    told = run(*words, "--as-of", "2026-06-30")
    assert (told.status, told.err) == (0, "")
    never = told.out.partition("Never fired on this book")[2].partition("Conditions")[0]
    assert never.split()[0] == "action.wait"
    assert len(never.split()) == 2
    assert "true 0  false 3  unknown 1   <- never true on this book" in told.out
    assert "no path is taken" in told.out
    assert "clauses" not in told.out
    whole = run(*words, "--as-of", "2026-06-30", "--rules").out
    assert "action.call  1" in whole
    assert run(*words, "--as-of", "2026-06-30", "--min", "90").status == 1
    data = json.loads(run(*words, "--as-of", "2026-06-30", "--steps", "--json").out)
    assert list(data) == ["book"]
    assert [each["accounts"] for each in data["book"]["steps"]["all"]] == [1, 2, 1, 2, 2, 2]


def test_with_a_state_a_path_may_be_taken(written):
    (written / "b.toml").write_text(
        '[table.accounts]\nfrom = "csv:accounts.csv"\n', encoding="utf-8"
    )
    state = written / "state.db"
    rules = ("--ruleset", written / "rules.toml", "--set", "large=3000")
    run(
        "run",
        written / "b.toml",
        *rules,
        "--as-of",
        "2026-05-31",
        "--state",
        state,
        "--out",
        written / "o",
    )
    more = (
        "coverage",
        written / "rules.toml",
        "--book",
        written / "b.toml",
        "--as-of",
        "2026-06-30",
        "--json",
    )
    rows = json.loads(run(*more, "--state", state).out)["book"]["rules"]["all"]
    assert {each["address"]: each["accounts"] for each in rows}["path.up"] == 1
    assert "path.up" not in {
        each["address"] for each in json.loads(run(*more).out)["book"]["rules"]["all"]
    }


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--tests", "--as-of", "2026-06-30"], 2, "go with --book"),
        (["--book", "nowhere.csv", "--as-of", "2026-06-30"], 2, "nowhere.csv"),
        (["--book", "accounts.csv"], 2, "--as-of"),
        (["--book", "accounts.csv", "--as-of", "2026-06-30", "--state", "none.db"], 2, "none.db"),
        (["--book", "accounts.csv", "--as-of", "2026-06-30", "--set", "large=much"], 2, "large"),
    ],
)
def test_what_cannot_be_is_told(written, monkeypatch, words, status, message):
    monkeypatch.chdir(written)
    told = run("coverage", "rules.toml", *words)
    assert told.status == status, told.err
    assert message in told.err


def test_a_ruleset_without_rules_has_nothing_to_count(written):
    (written / "rules.toml").write_text(RULES.partition("[score.worth]")[0], encoding="utf-8")
    told = run("coverage", written / "rules.toml", "--book", written / "accounts.csv",
               "--as-of", "2026-06-30", "--min", "100")  # fmt: skip
    assert (told.status, told.err) == (0, "")
    assert told.out.startswith("4 accounts decided by example 1\n")


def test_data_that_cannot_be_used_stops_it_when_told_to(written):
    (written / "accounts.csv").write_text(ACCOUNTS + "E,much,,\n", encoding="utf-8")
    assert found(written).number == 5
    with pytest.raises(DataError):
        found(written, strict=True)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(2))
def test_a_book_is_counted_as_account_by_account(start):
    @seed(start)
    @settings(
        max_examples=12, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(cases())
    def every(case: Case) -> None:
        program = compiled(case.ruleset)
        assert by_sql(program, case) == by_row(program, case)

    every()


def by_sql(program, case):
    """Return the counts of every item that is in force, by its key."""
    with tempfile.TemporaryDirectory() as folder:
        earlier = None if case.past is None else memory_files(case.past, Path(folder))
        book = Book.of(tables={name: arrow(table) for name, table in case.tables.items()})
        counted = coverage_by_book(
            program, book, as_of=case.as_of, open_source=open_source, earlier=earlier
        )
    return [
        (each.address, each.text, each.true, each.false, each.unknown) for each in counted.items
    ]


def by_row(program, case):
    """Count account after account with the row engine's plain walk over the same conditions."""
    cutoffs = cutoffs_by_row(program, case) if program.book_steps else None
    counts, wanted = {}, []
    for account_id, facts in facts_of(case.tables).items():
        earlier = case.past.of(account_id) if case.past is not None else None
        standing, account, _ = engine_of(program).account(
            facts, as_of=case.as_of, earlier=earlier, cutoffs=cutoffs, strict=False
        )
        if not wanted:
            wanted = list(_items(standing, memory=case.past is not None))
            counts = {each.key: [0, 0, 0] for each in wanted}
        _count(wanted, account, counts)
    return [(each.address, each.text, *counts[each.key]) for each in wanted]
