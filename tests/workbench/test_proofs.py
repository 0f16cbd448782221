"""Proofs for people: every part of a decision down to the rows, the same in every form and language."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import duckdb
import pytest

from kamrules import Book, Earlier, compile_ruleset, explain, load_ruleset
from kamrules.decision import Origin
from kamrules.engines.sql import read_account, read_with_origins
from kamrules.plugins import Plugins
from kamrules.workbench.nearest import advised, nearest
from kamrules.workbench.proofs import as_markdown, markdown, nearest_outline, outline
from kamrules.workbench.proofs.values import in_short

GOLDEN = Path(__file__).parent / "golden"
AS_OF = datetime.date(2026, 6, 30)
RULES = """
[ruleset]
name = "small"
version = "1"
hit = "first"
languages = ["en", "zh"]
[table.accounts.column]
country = { type = "text", changeable = false }
visits = { type = "integer", cost = 1 }
[table.orders.column]
date = { type = "date" }
amount = { type = "money" }
[table.contacts.column]
name = { type = "text" }
[parameter.key_revenue]
type = "money"
value = 1_000
about = "Yearly revenue from which an account is key"
[fact.revenue]
type = "money"
value = "sum(orders[date > as_of - 365d].amount)"
source = ["2.4"]
[fact.last_amount]
type = "money"
value = "last(orders.amount)"
[score.worth]
title = "Worth"
[criterion.volume]
score = "worth"
weight = 3
value = "revenue"
curve = [[0, 0], [1000, 100]]
[criterion.seen]
score = "worth"
weight = 1
value = "visits * 2"
curve = [[0, 0], [10, 100]]
[class.key]
level = 2
when = ["revenue >= key_revenue", "count(contacts) >= 1"]
stay = "revenue >= 500"
source = ["2.3.1"]
[class.ordinary]
level = 1
[path.up]
title = "From ordinary to key"
from = "ordinary"
to = "key"
[path.up.gate.volume]
title = "Volume"
when = "revenue >= key_revenue"
advice = "Bring {revenue} to {key_revenue}."
[tier.vendor]
level = 1
[tier.vendor.gate.buys]
when = "revenue > 100"
stay = "last_amount > 0"
[phase.new]
when = "visits < 3"
[phase.rest]
[strategy.all]
objective = "Keep at it."
[role.seller]
title = "Seller"
[action.visit]
title = "Visit it"
when = "visits < 3"
priority = "worth"
owner = "seller"
due_days = 30
effort_hours = 4
because = "{visits} visits."
[action.rest]
title = "Let it rest"
when = "visits > 99"
priority = 1
owner = "seller"
due_days = 30
effort_hours = 4
because = "Enough."
[message.zh]
score.worth.title = "价值"
"""
ORDERS = [
    {"date": "2020-01-01", "amount": 50},
    {"date": "2026-05-01", "amount": 600},
    {"date": "2026-06-01", "amount": None},
    {"date": "2026-04-01", "amount": 120},
]
FACTS = {"account_id": "A1", "country": "here", "visits": 2, "orders": ORDERS}


@pytest.fixture
def program(tmp_path):
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    return compile_ruleset(load_ruleset(tmp_path / "rules.toml"))


def reads(proof):
    """Return everything that is read in a proof, by name."""
    found = {each.name: each for each in proof.reads}
    for each in proof.children:
        found |= reads(each)
    return found


def addresses(proof):
    return {proof.address, *(one for each in proof.children for one in addresses(each))}


def lines(line, *, full):
    """Return all lines of an outline as words."""
    below = [each for one in line.shown(full=full) for each in lines(one, full=full)]
    return [line.words, *below]


# values and their rows


def test_an_aggregate_tells_which_rows_count_and_which_gives_its_value(program):
    explanation = explain(program, FACTS, as_of=AS_OF)
    (total,) = explanation.facts["revenue"].reads
    # of the row without an amount nothing is summed, and 2020 is over
    assert (total.table, total.rows, total.of, total.at) == ("orders", 2, 4, (2, 4))
    assert (total.value, total.given_by, total.source) == (720.0, None, None)
    (last,) = explanation.facts["last_amount"].reads
    assert (last.value, last.at, last.given_by) == (600.0, (1, 2, 4), 2)


def test_rows_are_those_of_the_source_where_it_is_known(program):
    origins = {
        "accounts": Origin(source="csv:a.csv", rows=(17,)),
        "orders": Origin(source="csv:o.csv", rows=(5, 8, 9, 12)),
    }
    explanation = explain(program, FACTS, as_of=AS_OF, origins=origins)
    (last,) = explanation.facts["last_amount"].reads
    assert (last.source, last.at, last.given_by) == ("csv:o.csv", (5, 8, 12), 8)
    visits = reads(explanation.root)["visits"]
    assert (visits.table, visits.source, visits.at) == ("accounts", "csv:a.csv", (17,))
    assert visits.address == "table.accounts.column.visits"


def test_a_table_that_is_lacking_is_told_as_such(program):
    explanation = explain(program, FACTS, as_of=AS_OF)
    counted = reads(explanation.root)["count(contacts)"]
    assert (counted.value, counted.rows, counted.of, counted.at) == (None, None, None, ())
    assert "the book has no contacts" in markdown(explanation)


def test_a_parameter_tells_where_it_is_written(program, tmp_path):
    explanation = explain(program, FACTS, as_of=AS_OF)
    read = reads(explanation.root)["key_revenue"]
    line = RULES.split("\n").index("[parameter.key_revenue]") + 1
    assert read.address == "parameter.key_revenue"
    assert read.place == f"{tmp_path}/rules.toml:{line}"


def _csv(path, rows):
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def _parquet(path, rows):
    text = path.with_suffix(".txt")
    text.write_text("\n".join(rows) + "\n", encoding="utf-8")
    duckdb.connect().execute(f"COPY (FROM read_csv('{text}', all_varchar = true)) TO '{path}'")


FORMS = {"csv": _csv, "parquet": _parquet}


@pytest.mark.parametrize("form", FORMS)
def test_a_book_tells_in_which_rows_of_its_files_an_account_stands(program, tmp_path, form):
    FORMS[form](tmp_path / f"accounts.{form}", ["account_id,visits", "B,1", "A,2", "C,3"])
    orders = ["account_id,date,amount", "A,2026-01-01,5", "B,2026-01-01,6", "A,2026-02-01,7"]
    FORMS[form](tmp_path / f"orders.{form}", orders)
    # the ruleset lies in the folder too, and is no table
    book = Book.read(tmp_path)
    opened = Plugins.load().open_source
    facts, origins = read_with_origins(program, book, "A", open_source=opened)
    assert origins["accounts"].rows == (2,)
    assert origins["orders"].rows == (1, 3)
    assert origins["orders"].source == f"{form}:orders.{form}"
    assert [int(each["amount"]) for each in facts["orders"]] == [5, 7]
    assert facts == read_account(program, book, "A", open_source=opened)


# rules


def test_every_rule_has_its_id_and_its_file_and_line(program):
    explanation = explain(program, FACTS, as_of=AS_OF)

    def check(proof):
        if proof.address.count("."):
            assert re.search(r"rules\.toml:\d+$", proof.place or ""), proof
        for each in proof.children:
            check(each)

    check(explanation.root)
    for each in explanation.facts.values():
        check(each)


def test_the_proof_has_all_rules_those_that_do_not_hold_too(program):
    found = addresses(explain(program, FACTS, as_of=AS_OF).root)
    wanted = {
        "class.key", "class.ordinary", "path.up", "path.up.gate.volume", "tier.vendor.gate.buys",
        "phase.new", "phase.rest", "strategy.all", "action.visit", "action.rest", "criterion.seen",
    }  # fmt: skip
    assert wanted <= found


def test_a_class_that_is_held_tells_what_is_enough_to_stay(program):
    earlier = Earlier(class_="key", tier="vendor")
    explanation = explain(program, FACTS, as_of=AS_OF, earlier=earlier)
    assert (explanation.decision.class_, explanation.decision.class_move) == ("key", "held")
    told = lines(outline(explanation), full=False)
    assert told[told.index("enough to stay") + 1] == "revenue >= 500 (revenue 720)"


def test_a_class_that_is_lost_tells_what_no_longer_holds(program):
    facts = FACTS | {"orders": ORDERS[:1]}
    explanation = explain(program, facts, as_of=AS_OF, earlier=Earlier(class_="key"))
    assert explanation.decision.class_move == "down"
    told = lines(outline(explanation), full=False)
    assert told[told.index("Key: enough to stay") + 1] == "revenue >= 500 (revenue 0)"


def test_a_class_that_is_won_tells_by_which_gates(program):
    facts = FACTS | {
        "orders": [{"date": "2026-05-01", "amount": 2_000}],
        "contacts": [{"name": "B"}],
    }
    explanation = explain(program, facts, as_of=AS_OF, earlier=Earlier(class_="ordinary"))
    assert explanation.decision.class_move == "up"
    told = lines(outline(explanation), full=False)
    assert told[told.index("From ordinary to key") + 1] == "Volume"


# forms


def test_markdown_holds_every_line_of_the_outline(program):
    explanation = explain(program, FACTS, as_of=AS_OF)
    plain = re.sub(r"[\\`]", "", markdown(explanation))
    for each in lines(outline(explanation), full=True):
        assert each in plain


def test_only_the_full_outline_has_places(program):
    explanation = explain(program, FACTS, as_of=AS_OF)
    heading = "Where these values stand (rows count from 1, without a header)"
    assert heading in lines(outline(explanation), full=True)
    assert heading not in lines(outline(explanation), full=False)


def test_a_proof_is_markdown_that_reads_well(program, tmp_path):
    explanation = explain(program, FACTS, as_of=AS_OF)
    decision = advised(program, explanation.decision, FACTS)
    explanation = explanation.model_copy(update={"decision": decision})
    told = markdown(explanation, {"seller": "Clara Vind"}).replace(f"{tmp_path}/", "")
    assert told == (GOLDEN / "proof.md").read_text(encoding="utf-8")


def test_a_proof_is_told_in_chinese_with_the_rulesets_own_words(program):
    told = markdown(explain(program, FACTS, as_of=AS_OF, language="zh"), language="zh")
    assert "## 价值：64 — `score.worth`" in told
    assert "## 这些值的出处（行号从1起，不计表头）" in told
    assert "orders第2, 4行" in told


def test_ways_to_an_outcome_are_markdown_too(program):
    found = nearest(program, FACTS | {"contacts": []}, "class=key", as_of=AS_OF)
    told = as_markdown(nearest_outline(found, "A1", "class=key", "en"))
    assert told.startswith("# A1: the least that would have to change for class=key\n\n- cost ")
    assert "  - revenue: 720 -\\> 1,000\n" in told


@pytest.mark.parametrize(
    ("rows", "told"),
    [((), ""), ((3,), "3"), ((3, 4), "3-4"), ((1, 3, 4, 5, 9), "1, 3-5, 9")],
)
def test_rows_that_follow_one_another_are_told_as_a_stretch(rows, told):
    assert in_short(rows) == told
