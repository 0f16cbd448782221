"""What a decided book gives: typed tables, few or many actions, a summary, the state, one account's facts."""

from __future__ import annotations

import csv
import datetime
import json

import duckdb
import pyarrow.parquet as pq
import pytest

from kamrules.book import Book
from kamrules.diagnostics import DataError
from kamrules.engines.row import decide
from kamrules.engines.sql import decide_book, read_account
from kamrules.memory import EarlierFiles, Memory
from kamrules.tables import output_columns
from kamrules.tables import rows as rows_of
from tests.agreement.engines import compiled
from tests.engines.sql import scene
from tests.engines.sql.scene import DAY, OPEN, csv_book, decided, program, rows

pytestmark = pytest.mark.usefixtures("each_engine")

STRANGE = (
    "a", "A", "ä", "中", "😀", "o'x", '"', '""', "a\nb", "a\r\nb", "\r", "a,b", ",", "NULL", "null", "=1",
    "\\", " a", "a ", " ", "'", "#x", "account_id", "\ufeffx", "\t", "1e5", "s0", "core",
)  # fmt: skip
RULES = """
[class.key]
when = "money > 100"
stay = "money > 50"
[class.rest]
when = "not (money > 100)"
[path.up]
from = "rest"
to = "key"
[tier.first]
level = 1
[tier.first.gate.some]
when = "money > 10"
[fact.revenue_12m]
type = "money"
value = "money"
[phase.early]
when = "money < 5"
[score.key]
title = "a score"
[score.key.band]
high = "[50..]"
low = "[..50)"
[criterion.size]
score = "key"
weight = 1
value = "money"
curve = [[0, 0], [200, 100]]
[action.call]
title = "call"
when = "money > 60"
priority = 80
owner = "seller"
due_days = 7
because = "of {money}"
cooldown_days = 30
[action.write]
title = "write"
when = "money > 20"
priority = 30
owner = "seller"
due_days = 7
because = "so"
"""


def book(*accounts):
    return Book.of(
        tables={"accounts": [{"account_id": key, "money": value} for key, value in accounts]}
    )


def test_strange_ids_come_back_from_memory_as_they_were(tmp_path):
    rules = program(more=RULES)
    accounts = book(*((each, 70) for each in STRANGE))
    states = tmp_path / "states.csv"
    proposals = tmp_path / "proposals.csv"
    (tmp_path / "out").mkdir()
    with states.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [("account_id", "class", "tier"), *((e, "key", "") for e in STRANGE)]
        )
    with proposals.open("w", newline="", encoding="utf-8") as file:
        header = ("account_id", "action", "proposed_on")
        csv.writer(file).writerows([header, *((e, "call", "2026-06-20") for e in STRANGE)])
    with decided(rules, accounts, earlier=EarlierFiles(states, proposals)) as decisions:
        found = rows(decisions.tables["decisions"])
        held = rows(decisions.tables["actions"].filter("status = 'cooldown'"))
        exported = decisions.export_state(tmp_path / "out")
    assert [(row["account_id"], row["class"], row["class_move"]) for row in found] == [
        (each, "key", "held") for each in STRANGE
    ]
    assert [row["account_id"] for row in held] == list(STRANGE)
    with exported.states.open(newline="", encoding="utf-8") as file:
        assert [row[0] for row in csv.reader(file)][1:] == list(STRANGE)


def test_state_goes_through_memory_and_back(tmp_path):
    rules = program(more=RULES)
    with Memory.open(tmp_path / "state.db") as memory:
        for number, day in enumerate((DAY, DAY + datetime.timedelta(days=1))):
            folder = tmp_path / str(number)
            folder.mkdir()
            with (
                memory.transaction(),
                decide_book(
                    rules,
                    book(*((each, 120 if not number else 70) for each in STRANGE)),
                    as_of=day,
                    open_source=OPEN,
                    earlier=memory.earlier(day, folder),
                    engine=scene.engine,
                ) as decisions,
            ):
                found = rows(decisions.tables["decisions"])
                memory.record(day, decisions.export_state(folder), ruleset="x", digest="y")
    assert {(row["class"], row["class_move"]) for row in found} == {("key", "held")}
    assert {row["top_action"] for row in found} == {"write"}


@pytest.mark.parametrize("top", [0, 1, 100])
def test_top_keeps_so_many_actions_and_counts_them_all(top):
    with decided(program(more=RULES), book(("A", 120), ("B", 30), ("C", 1)), top=top) as decisions:
        counts = [row["actions"] for row in rows(decisions.tables["decisions"])]
        kept = [(row["account_id"], row["action"]) for row in rows(decisions.tables["actions"])]
    assert counts == [2, 1, 0]
    everything = [("A", "call"), ("A", "write"), ("B", "write")]
    assert kept == {0: [], 1: [everything[0], everything[2]], 100: everything}[top]


def test_columns_have_the_types_that_are_promised_in_every_form(tmp_path):
    rules = program(more=RULES)
    sorts = {"text": "VARCHAR", "number": "DOUBLE", "whole": "BIGINT", "date": "DATE"}
    with decided(rules, book(("A", 120), ("B", None))) as decisions:
        for name, relation in decisions.tables.items():
            promised = output_columns(rules)[name]
            assert relation.columns == [column for column, _ in promised]
            path = tmp_path / f"{name}.parquet"
            relation.write_parquet(str(path))
            with duckdb.connect() as other:
                types = [str(each) for each in other.read_parquet(str(path)).types]
            assert types == [sorts[sort] for _, sort in promised]
            assert "dictionary" not in str(pq.read_schema(path))
            for one, sort in zip(relation.fetchall(), [promised] * 2, strict=False):
                for value, (_, kind) in zip(one, sort, strict=True):
                    wanted = {"text": str, "number": float, "whole": int, "date": datetime.date}[
                        kind
                    ]
                    assert value is None or type(value) is wanted


def test_a_run_without_rules_still_gives_all_tables():
    with decided(program(), book(("A", 1))) as decisions:
        found = {name: rows(relation) for name, relation in decisions.tables.items()}
    assert [len(each) for each in found.values()] == [1, 0, 1, 1, 0]


def test_the_summary_counts_and_sums_by_class():
    with decided(
        program(more=RULES), book(("A", 120), ("B", 30), ("C", 0.1), ("D", None))
    ) as decisions:
        found = decisions.summary()
        assert decisions.accounts == 4
    assert [(each["id"], each["accounts"], each["revenue"]) for each in found["classes"]] == [
        ("key", 1, 120.0),
        ("rest", 2, 30.1),
        (None, 1, 0.0),
    ]
    assert [(each["id"], each["accounts"]) for each in found["tiers"]] == [("first", 2), (None, 2)]
    assert found["moves"] == {"class": {"placed": 3}, "tier": {"placed": 2}}
    assert found["actions"] == {"proposed": 3, "kept": 3, "held_back": 0, "accounts": 2}
    json.dumps(found)


def test_the_most_urgent_actions_come_first_and_equal_ones_in_the_books_order():
    accounts = [("Z", 30), ("B", 120), ("A", 120), ("C", 70)]
    with decided(program(more=RULES), book(*accounts)) as decisions:
        found = [
            (each["account_id"], each["action"], each["class"]) for each in decisions.urgent(4)
        ]
    assert found == [
        ("B", "call", "key"),
        ("A", "call", "key"),
        ("C", "call", "rest"),
        ("Z", "write", "rest"),
    ]


def test_one_accounts_facts_are_those_that_the_run_decided_by(tmp_path):
    orders = "account_id,amount,day\nA,0.1,2026-01-01\nB,7,\nA,x,2026-02-30\nA,0.2,\n"
    columns = ("name", "money", "share", "day", "yes", "level", "total", "rows")
    accounts = (
        "account_id,name,money,share,day,yes,level\n"
        "A,Ünï,99999999999999.9999,0.333333,2024-02-29,yes,gold\nB,,x,,,,lead\nA,again,1,,,,\n"
    )
    data = csv_book(tmp_path, accounts=accounts, orders=orders)
    rules = program(*columns, more=RULES)
    with decided(rules, data) as decisions:
        by_sql = {name: rows(relation) for name, relation in decisions.tables.items()}
    for number, account in enumerate(("A", "B")):
        facts = read_account(rules, data, account, open_source=OPEN)
        by_row = rows_of(rules, decide(rules, facts, as_of=DAY, top=3))
        assert by_row["decisions"] == [by_sql["decisions"][number]]
        assert by_row["scores"] == [by_sql["scores"][number]]
        assert by_row["actions"] == [
            row for row in by_sql["actions"] if row["account_id"] == account
        ]


def test_an_account_that_is_not_there_is_told_of_with_the_nearest(tmp_path):
    data = csv_book(tmp_path, accounts="account_id,money\nC-0012,1\nC-0013,2\n")
    with pytest.raises(DataError) as caught:
        read_account(program("money"), data, "c-0012", open_source=OPEN)
    assert caught.value.diagnostics[0].code == "KR854"
    assert "C-0012" in (caught.value.diagnostics[0].help or "")


def action(number, when):
    return f"""
[action.x{number}]
title = "number {number}"
when = {when}
priority = {number % 100}
owner = "seller"
due_days = 1
because = "of that"
"""


@pytest.mark.parametrize(("actions", "members"), [(3, 2), (3, 70), (10, 58), (400, 2)], ids=str)
def test_any_number_of_actions_and_of_conditions_in_them_can_be_decided(actions, members):
    when = [f"money > {each}" for each in range(members)]
    rules = program(more="".join(action(each, when) for each in range(actions)))
    values = {"A": members + 1, "B": None, "C": members / 2}
    with decided(rules, book(*values.items()), top=5) as decisions:
        found = {name: rows(decisions.tables[name]) for name in ("decisions", "actions")}
    wanted = {"decisions": [], "actions": []}
    for key, value in values.items():
        facts = {"account_id": key, "money": value}
        told = rows_of(rules, decide(rules, facts, as_of=DAY, top=5))
        for name in wanted:
            wanted[name] += told[name]
    assert found == wanted


def test_a_score_of_many_criteria_is_added_up_from_left_to_right():
    criteria = "".join(
        f'[criterion.c{each}]\nscore = "s"\nweight = {each % 7 / 10 + 0.1}\nvalue = "money"\n'
        f"curve = [[0, 0], [{each + 1}, 100]]\n"
        for each in range(250)
    )
    rules = compiled(
        '[ruleset]\nname = "x"\nversion = "1"\n[table.accounts.column]\nmoney = { type = "money" }\n'
        f"[score.s]\n{criteria}"
    )
    with decided(rules, book(("A", 33.3), ("B", None))) as decisions:
        found = rows(decisions.tables["scores"])
    wanted = [
        rows_of(rules, decide(rules, {"account_id": key, "money": value}, as_of=DAY))["scores"][0]
        for key, value in (("A", 33.3), ("B", None))
    ]
    assert found == wanted
