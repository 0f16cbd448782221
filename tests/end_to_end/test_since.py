"""`kamrules run --since`: the same files as a full run, only the changed accounts decided, and why if all."""

from __future__ import annotations

import json
import sqlite3

import duckdb
import pytest

from tests.commands import run
from tests.end_to_end.scene import scene

SINCE = ("run", "book.toml", "--ruleset", "rules.toml", "--out", "results", "--since", "state.db")
WHOLE = ("run", "book.toml", "--ruleset", "rules.toml", "--engine", "duckdb",
         "--out", "whole", "--state", "whole.db")  # fmt: skip
OWN = {"durations", "run", "state", "since"}
"""What of run.json is of the run itself."""


@pytest.fixture
def small(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return scene(tmp_path)


def report(folder):
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))


def decided(small, *more):
    """Run both ways, hold the files against each other, and return what the run tells of itself."""
    for command in (SINCE, WHOLE):
        told = run(*command, *more)
        assert told.status == 0, told.err
    found, whole = small.folder / "results", small.folder / "whole"
    names = {each.name for each in whole.iterdir()}
    assert {each.name for each in found.iterdir()} == names
    for name in names - {"run.json"}:
        assert (found / name).read_bytes() == (whole / name).read_bytes(), name
    ours, theirs = report(found), report(whole)
    assert {key: ours[key] for key in ours if key not in OWN} == {
        key: theirs[key] for key in theirs if key not in OWN
    }
    assert "since" not in theirs
    return ours["since"]


def numbers(since):
    return since["decided"], since["taken_over"]


def test_only_accounts_whose_rows_changed_are_decided(small):
    first = decided(small)
    assert numbers(first) == (3, 0)
    assert "keeps no decisions" in first["why"]
    assert decided(small) == {"decided": 0, "taken_over": 3}
    small.replace("orders.csv", "B2,2026-06-15,20", "B2,2026-06-15,20000")
    assert decided(small) == {"decided": 1, "taken_over": 2}
    small.replace("accounts.csv", "A1,Acme,gold", "A1,Acme,silver")
    small.replace("accounts.csv", "C3,Gamma,", "C3,Gamma & Co,")
    assert decided(small) == {"decided": 2, "taken_over": 1}
    assert decided(small) == {"decided": 0, "taken_over": 3}


def test_any_row_of_several_counts_and_one_may_not_make_up_for_another(small):
    decided(small)
    for number in range(600, 608):
        small.replace("orders.csv", f"A1,2026-05-01,{number}", f"A1,2026-05-01,{number + 1}")
        assert decided(small) == {"decided": 1, "taken_over": 2}
    small.replace("orders.csv", "A1,2026-06-01,700.50", "C3,2026-06-01,700.50")
    assert decided(small) == {"decided": 2, "taken_over": 1}


def test_the_same_digits_of_another_type_are_another_value(small):
    small.replace("book.toml", "csv:orders.csv", "parquet:orders.parquet")
    for value in ("1000::DECIMAL(18, 4)", "10_000_000::BIGINT"):
        orders = f"SELECT 'A1' AS account_id, DATE '2026-06-01' AS date, {value} AS amount"
        duckdb.sql(orders).write_parquet(str(small.folder / "orders.parquet"), overwrite=True)
        decided(small)


def test_what_was_decided_before_counts_on_the_same_date_too(small):
    decided(small, "--as-of", "2026-06-30")
    decided(small, "--as-of", "2026-06-29")
    # every account has a class before now, and A1's call is in cooldown
    assert numbers(decided(small, "--as-of", "2026-06-30")) == (3, 0)
    assert decided(small, "--as-of", "2026-06-30") == {"decided": 0, "taken_over": 3}


def test_rows_that_no_rule_reads_count_for_nothing(small):
    decided(small)
    # an order of the future, one that no account has, and one of nobody
    with (small.folder / "orders.csv").open("a", encoding="utf-8") as file:
        file.write("A1,2027-01-01,5000\nZ9,2026-05-01,1\n,2026-05-01,1\n")
    assert decided(small, "--leave-out") == {"decided": 0, "taken_over": 3}


def test_a_table_that_rules_read_only_beside_one_that_the_book_lacks_is_told_of_as_in_a_full_run(
    small,
):
    rules = """
[table.complaints.column]
date = { type = "date" }
[table.visits.column]
date = { type = "date" }
[signal.left_alone]
title = "Left alone"
after = "complaints"
without = "visits"
within_days = 30
[action.visit]
title = "Visit"
when = "left_alone"
priority = "90"
owner = "seller"
due_days = 3
effort_hours = 1
because = "It was left alone."
"""
    with (small.folder / "rules.toml").open("a", encoding="utf-8") as file:
        file.write(rules)
    with (small.folder / "book.toml").open("a", encoding="utf-8") as file:
        file.write('[table.complaints]\nfrom = "csv:complaints.csv"\n')
    complaints = "account_id,date\nA1,2026-05-01\nZ9,2026-05-01\n"
    (small.folder / "complaints.csv").write_text(complaints, encoding="utf-8")
    decided(small, "--leave-out")
    assert decided(small, "--leave-out") == {"decided": 0, "taken_over": 3}


def test_new_accounts_are_decided_and_those_that_are_gone_are_gone(small):
    decided(small, "--leave-out")
    accounts = "account_id,name,rating\nD4,Delta,gold\nC3,Gamma,\nA1,Acme,gold\n"
    (small.folder / "accounts.csv").write_text(accounts, encoding="utf-8")
    assert decided(small, "--leave-out") == {"decided": 1, "taken_over": 2}
    small.replace("accounts.csv", "D4,Delta,gold\n", "B2,Béta,silver\n")
    assert decided(small, "--leave-out") == {"decided": 0, "taken_over": 3}


def test_on_another_date_all_are_decided_where_rules_read_the_date(small):
    decided(small, "--as-of", "2026-06-28")
    # the sums up to the date are the same, and no rule reads the date beside them
    assert decided(small, "--as-of", "2026-06-28") == {"decided": 0, "taken_over": 3}
    # every account has a class before
    assert numbers(decided(small, "--as-of", "2026-06-29")) == (3, 0)
    assert decided(small, "--as-of", "2026-06-30") == {"decided": 0, "taken_over": 3}
    # A1's call is free again
    assert decided(small, "--as-of", "2026-07-28") == {"decided": 1, "taken_over": 2}
    small.replace("rules.toml", "or rating == 'gold'", "or rating == 'gold' and as_of > 2026-01-01")
    decided(small, "--as-of", "2026-08-28")
    found = decided(small, "--as-of", "2026-08-29")
    assert numbers(found) == (3, 0)
    assert "as of 2026-08-28, and rules read the date" in found["why"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        pytest.param(("--top", "1"), "were made with --top 3", id="top"),
        pytest.param(("--set", "large=5"), "by other rules or settings", id="setting"),
    ],
)
def test_another_question_is_answered_anew_and_the_run_says_why(small, more, why):
    rules = '\n[parameter.large]\ntype = "money"\nvalue = 1\n'
    with (small.folder / "rules.toml").open("a", encoding="utf-8") as file:
        file.write(rules)
    decided(small)
    found = decided(small, *more)
    assert numbers(found) == (3, 0)
    assert why in found["why"]
    assert decided(small, *more) == {"decided": 0, "taken_over": 3}


def test_another_language_is_told_anew(small):
    small.replace("rules.toml", 'version = "1"', 'version = "1"\nlanguages = ["en", "zh"]')
    decided(small)
    assert "in language en" in decided(small, "--lang", "zh")["why"]


def test_decisions_of_another_kamrules_are_not_taken_over(small, monkeypatch):
    decided(small)
    monkeypatch.setattr("kamrules.__version__", "99.0")
    assert "made by kamrules 0" in decided(small)["why"]


def test_a_column_that_was_not_filled_before_changes_how_all_are_decided(small):
    accounts = "account_id,name\nA1,Acme\nB2,Béta\nC3,Gamma\n"
    (small.folder / "accounts.csv").write_text(accounts, encoding="utf-8")
    decided(small)
    accounts = "account_id,name,rating\nA1,Acme,\nB2,Béta,\nC3,Gamma,\n"
    (small.folder / "accounts.csv").write_text(accounts, encoding="utf-8")
    found = decided(small)
    assert numbers(found) == (3, 0)
    assert "other columns of the book are filled" in found["why"]


def test_decisions_that_are_damaged_are_made_again(small):
    decided(small)
    connection = sqlite3.connect(small.folder / "state.db")
    ((kept,),) = connection.execute("SELECT bytes FROM kept_piece")
    connection.execute("UPDATE kept_piece SET bytes = ?", (kept[:-9] + b"x" + kept[-8:],))
    connection.commit()
    connection.close()
    found = decided(small)
    assert numbers(found) == (3, 0)
    assert "damaged" in found["why"]
    assert decided(small) == {"decided": 0, "taken_over": 3}


def test_runs_without_since_in_between_keep_nothing_and_harm_nothing(small):
    decided(small)
    assert run(*WHOLE[:-1], "state.db").status == 0
    assert decided(small) == {"decided": 0, "taken_over": 3}


def test_decisions_that_no_account_has_any_more_do_not_pile_up(small):
    sizes = []
    for number in range(12):
        small.replace("accounts.csv", f"Acme{'x' * number},", f"Acme{'x' * (number + 1)},")
        decided(small)
        sizes.append((small.folder / "state.db").stat().st_size)
    assert max(sizes) <= sizes[0] * 1.5


def test_decisions_that_were_written_anew_go_on_to_be_taken_over_on_other_dates(small):
    decided(small, "--as-of", "2026-06-28")
    for number in range(3):  # the third time there are too many, and all are written anew
        small.replace("accounts.csv", f"Acme{'x' * number},", f"Acme{'x' * (number + 1)},")
        decided(small, "--as-of", "2026-06-29")
    # every account has the class before that it had, and no rule reads the date
    assert decided(small, "--as-of", "2026-06-30") == {"decided": 0, "taken_over": 3}


def test_decisions_that_an_earlier_kamrules_kept_in_its_own_form_are_made_again(small):
    decided(small)
    connection = sqlite3.connect(small.folder / "state.db")
    connection.execute(
        """UPDATE kept SET made_by = replace(made_by, '"form": "2"', '"form": "1"')"""
    )
    connection.commit()
    connection.close()
    found = decided(small)
    assert numbers(found) == (3, 0)
    assert "by an earlier kamrules" in found["why"]
    assert decided(small) == {"decided": 0, "taken_over": 3}


def test_an_account_that_others_are_compared_with_makes_them_change(small):
    rules = """
[fact.standing]
type = "share"
value = "rank_share(revenue)"
[action.praise]
title = "Praise"
when = "standing <= 34%"
priority = "50"
owner = "seller"
due_days = 3
effort_hours = 1
because = "{standing} is the best third."
"""
    with (small.folder / "rules.toml").open("a", encoding="utf-8") as file:
        file.write(rules)
    with (small.folder / "orders.csv").open("a", encoding="utf-8") as file:
        file.write("C3,2026-06-01,500\n")
    with (small.folder / "accounts.csv").open("a", encoding="utf-8") as file:
        file.write("D4,Delta,\nE5,Epsilon,\n")
    decided(small)
    assert decided(small) == {"decided": 0, "taken_over": 5}
    # two change places above and below C3: nothing is another for it
    small.replace("orders.csv", "A1,2026-05-01,600", "A1,2026-05-01,-680.50")
    small.replace("orders.csv", "B2,2026-06-15,20", "B2,2026-06-15,1300.50")
    assert decided(small) == {"decided": 2, "taken_over": 3}
    # A1 comes up before C3, which is third now, and all accounts together have what they had
    small.replace("orders.csv", "A1,2026-05-01,-680.50", "A1,2026-05-01,0")
    small.replace("orders.csv", "B2,2026-06-15,1300.50", "B2,2026-06-15,620")
    assert decided(small) == {"decided": 3, "taken_over": 2}
    assert decided(small) == {"decided": 0, "taken_over": 5}


def test_a_run_that_fails_keeps_nothing(small):
    decided(small)
    before = (small.folder / "state.db").read_bytes()
    small.replace("orders.csv", "B2,2026-06-15,20", "B2,2026-06-15,20000")
    assert run(*SINCE, "--to", "nowhere:x").status != 0
    assert (small.folder / "state.db").read_bytes() == before


def test_the_summary_tells_how_many_were_decided_and_why_all(small):
    told = run(*SINCE)
    assert "Decided: 3 accounts, 0 taken over from earlier runs (the state keeps no" in " ".join(
        told.err.split()
    )
    again = run(*SINCE, "--progress", "json").err
    assert "looking for changes" in again
    assert "summing up" not in again
    assert "Decided: 0 accounts, 3 taken over from earlier runs\n" in run(*SINCE).err
