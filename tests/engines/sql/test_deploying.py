"""Rulesets as views of a warehouse: what they tell, by which date, and of which tables."""

from __future__ import annotations

import datetime
import json

import pytest

from kamrules.book import Book
from kamrules.compiler import compile_ruleset
from kamrules.diagnostics import DataError, UsageError
from kamrules.document import load_ruleset, shipped_folder
from kamrules.engines.sql.deploying import DIALECTS, Deployment, deploy
from kamrules.workbench.sample import sample_book
from tests.agreement.deploying import agree_in
from tests.agreement.engines import compiled
from tests.engines.sql.warehouses import tables_of, warehouse_of
from tests.strategies import Case

DAY = datetime.date(2026, 6, 30)
RULES = """
[ruleset]
name = "rules"
version = "1"
hit = "first"
[table.accounts.column]
name = { type = "text" }
revenue = { type = "money" }
since = { type = "date" }
level = { type = "choice", choices = ["gold", "silver"] }
[table.orders.column]
amount = { type = "money" }
day = { type = "date" }
[fact]
bought = { type = "money", value = "sum(orders[day > as_of - 365d].amount)" }
[class.key]
level = 2
when = "bought >= 1000 and level == 'gold'"
[class.ordinary]
level = 1
[role.seller]
title = "Seller"
[action.call]
title = "Call {name}"
when = "since < as_of"
priority = "50"
owner = "seller"
due_days = 14
effort_hours = 1.5
because = "{bought} bought"
"""


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def warehouse(request):
    with warehouse_of(request.param) as found:
        yield found


@pytest.fixture
def crm(warehouse):
    warehouse.empty()
    warehouse.fill(
        "accounts",
        {
            "account_id": "text",
            "name": "text",
            "revenue": "number",
            "since": "date",
            "level": "text",
        },
        [
            {
                "account_id": "A",
                "name": "Ada",
                "revenue": 5,
                "since": datetime.date(2020, 1, 1),
                "level": "gold",
            },
            {
                "account_id": "B",
                "name": None,
                "revenue": 5,
                "since": datetime.date(2099, 1, 1),
                "level": "?",
            },
        ],
    )
    warehouse.fill(
        "orders",
        {"account_id": "text", "amount": "double", "day": "date"},
        [
            {"account_id": "A", "amount": 999.99995, "day": datetime.date(2026, 1, 1)},
            {"account_id": "A", "amount": float("nan"), "day": datetime.date(2026, 1, 1)},
            {"account_id": "A", "amount": 5000.0, "day": datetime.date(2025, 1, 1)},
        ],
    )
    return warehouse


def told(warehouse, view, *columns, prefix="rules"):
    names = ", ".join(columns)
    return [tuple(each.values()) for each in
            warehouse.rows(f"SELECT {names} FROM crm.{prefix}_{view} ORDER BY account_id")]  # fmt: skip


def made(warehouse, rules=RULES, **asked):
    asked = {"as_of": DAY, "prefix": "crm.rules", "schema": "crm", **asked}
    warehouse.run(deploy(compiled(rules), Deployment(warehouse.dialect, **asked)))
    return warehouse


@pytest.mark.slow
def test_kam_decides_the_sample_book_in_a_warehouse_as_the_row_engine_does(warehouse, tmp_path):
    program = compile_ruleset(load_ruleset("kam"))
    sample_book(tmp_path)
    tables = tables_of(tmp_path, program)
    assert len(tables["accounts"].rows) == 500
    signals = (shipped_folder() / "kam" / "signals.toml").read_text("utf-8")
    agree_in(warehouse, Case(signals, tables, DAY, None, 1000, "en"), program)


def test_views_place_accounts_and_list_actions(crm):
    made(crm)
    assert told(crm, "decisions", "account_id", "as_of", "class") == [
        ("A", DAY, "key"),
        ("B", DAY, "ordinary"),
    ]
    columns = (
        "account_id",
        "rank",
        "action",
        "title",
        "priority",
        "owner",
        "due_on",
        "effort_hours",
        "reason",
    )
    assert told(crm, "actions", *columns) == [
        (
            "A",
            1,
            "call",
            "Call Ada",
            50.0,
            "seller",
            datetime.date(2026, 7, 14),
            1.5,
            "{bought} bought",
        )
    ]
    assert told(crm, "facts", "account_id", "bought", "level") == [
        ("A", 1000.0, "gold"),
        ("B", 0.0, None),
    ]


def test_halves_are_rounded_away_from_zero_and_nothing_is_divided_by_zero(crm):
    facts = """[fact]
up = { type = "money", value = "round(revenue / 10, 0)" }
down = { type = "money", value = "round(-revenue / 10, 0)" }
none = { type = "number", value = "revenue / (revenue - 5)" }
"""
    made(crm, RULES.replace("[fact]\n", facts))
    assert told(crm, "facts", "up", "down", "none")[0] == (1.0, -1.0, None)


def test_views_can_be_made_again_with_other_columns(crm):
    made(crm)
    made(crm, RULES.replace("bought", "sold"))
    assert told(crm, "facts", "sold") == [(1000.0,), (0.0,)]


def test_without_a_date_the_day_of_the_question_counts(crm):
    made(crm, as_of=None)
    before = crm.rows("SELECT CURRENT_DATE AS day")[0]["day"]
    days = {each[0] for each in told(crm, "decisions", "as_of")}
    due = {each[0] for each in told(crm, "actions", "due_on")}
    after = crm.rows("SELECT CURRENT_DATE AS day")[0]["day"]
    assert days <= {before, after}
    assert due <= {before + datetime.timedelta(days=14), after + datetime.timedelta(days=14)}
    # the last order is a year old by then, or will be
    assert told(crm, "facts", "bought")[0][0] == (
        1000.0 if before < datetime.date(2027, 1, 1) else 0.0
    )


@pytest.mark.parametrize(
    ("without", "wanted"), [((), 1000.0), (("orders",), None), (("orders.amount",), 0.0)]
)
def test_what_the_warehouse_lacks_is_unknown_as_in_a_book(crm, without, wanted):
    assert told(made(crm, without=without), "facts", "bought")[0] == (wanted,)


def test_tables_may_be_called_otherwise(crm):
    crm.run('ALTER TABLE crm.orders RENAME TO "odd ""name"')
    made(crm, sources={"orders": 'crm.odd "name'})
    assert told(crm, "facts", "bought")[0] == (1000.0,)


BOOK = """
[book]
name = "ours"
[table.accounts]
from = "csv:accounts.csv"
account = "key"
only = { kind = ["customer"] }
[table.accounts.column]
level = { column = "rating", values = { "1" = "gold", "o'x" = "silver" }, unknown = ["n/a"] }
revenue = { column = "millions", times = 1_000_000 }
since = { constant = 2020-01-01 }
[table.orders]
from = "csv:orders.csv"
"""


def test_a_book_file_tells_how_columns_are_called_and_what_they_mean(crm, tmp_path):
    for name in ("accounts", "orders"):
        (tmp_path / f"{name}.csv").write_text("account_id\n")
    (tmp_path / "book.toml").write_text(BOOK)
    crm.fill(
        "customers",
        {"key": "text", "kind": "text", "name": "text", "rating": "text", "millions": "double"},
        [
            {"key": "A", "kind": "customer", "name": "Ada", "rating": "1", "millions": 0.0000123},
            {"key": "B", "kind": "customer", "name": "Bob", "rating": "o'x", "millions": 1.5},
            {"key": "C", "kind": "customer", "name": "Cy", "rating": "n/a", "millions": None},
            {"key": "D", "kind": "supplier", "name": "Di", "rating": "1", "millions": 1.0},
        ],
    )
    rules = RULES.replace('when = "since', 'when = "revenue >= 0 and since')
    made(crm, rules, sources={"accounts": "crm.customers"}, book=Book.read(tmp_path / "book.toml"))
    assert told(crm, "facts", "account_id", "level", "revenue") == [
        ("A", "gold", 12.3), ("B", "silver", 1_500_000.0), ("C", None, None)
    ]  # fmt: skip
    assert told(crm, "actions", "account_id") == [("A",), ("B",)]


def test_the_format_of_a_date_is_refused_with_its_place(tmp_path):
    (tmp_path / "accounts.csv").write_text("account_id\n")
    book = tmp_path / "book.toml"
    text = (
        '[book]\nname = "b"\n[table.accounts]\nfrom = "csv:accounts.csv"\n[table.accounts.column]\n'
    )
    book.write_text(text + 'since = { column = "day", format = "%d/%m/%Y" }\n')
    with pytest.raises(DataError) as raised:
        deploy(compiled(RULES), Deployment("spark", DAY, book=Book.read(book)))
    [problem] = raised.value.diagnostics
    assert (problem.code, problem.place.line) == ("KR870", 6)


NASTY = 'it\'s \\ "so"; DROP TABLE x; -- */ /* \n`q` $$ {{%s}} 中文 \u2028'


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_that_an_author_writes_becomes_sql(dialect):
    import sqlglot
    from sqlglot import exp

    program = compiled(nasty())
    found = [
        each
        for each in sqlglot.parse(deploy(program, Deployment(dialect, DAY)), dialect=dialect)
        if each
    ]
    made_ = [each for each in found if isinstance(each, exp.Create)]
    assert [each.this.name.lower() for each in made_] == [
        "rules_facts",
        "rules_decisions",
        "rules_actions",
    ]
    assert all(
        isinstance(each, exp.Create | exp.Drop) and each.args["kind"] == "VIEW" for each in found
    )
    texts = {each.name for each in found[-1].find_all(exp.Literal) if each.is_string}
    assert NASTY.replace("{{", "{").replace("}}", "}") in texts


def nasty():
    """Return a ruleset whose every text is nasty."""
    text = json.dumps(NASTY, ensure_ascii=False).replace("\u2028", "\\u2028")
    rules = RULES.replace('"Call {name}"', text).replace('"{bought} bought"', text)
    rules = rules.replace('"money" }\nsince', f'"money", about = {text} }}\nsince')
    rules = rules.replace('.amount)" }', f'.amount)", about = {text} }}')
    choice = json.dumps(NASTY.replace("\n", " "), ensure_ascii=False).replace("\u2028", " ")
    return rules.replace('["gold", "silver"]', f'["gold", {choice}]')


def test_nasty_texts_come_out_as_they_were_written(crm):
    made(crm, nasty())
    wanted = NASTY.replace("{{", "{").replace("}}", "}")
    assert told(crm, "actions", "title", "reason") == [(wanted, wanted)]


def test_long_names_that_postgres_would_cut_to_the_same_stay_apart(crm):
    long = "a" * 60
    facts = [
        f'{long} = {{ type = "money", value = "round(revenue / 3, 2) + revenue / {long[:2]}_x" }}'
    ]
    facts += [f'{long[:-1]}{letter} = {{ type = "money", value = "max(orders.amount) + {place}" }}'
              for place, letter in enumerate("bcd")]  # fmt: skip
    facts.append('aa_x = { type = "number", value = "2" }')
    criteria = "".join(
        f'[criterion.{long[:-1]}{letter}]\nscore = "worth"\nweight = 1\nvalue = "revenue"\n'
        f"scale = [{{ points = {place * 10} }}]\n"
        for place, letter in enumerate("pqr", start=1)
    )
    rules = (
        RULES.replace("[fact]\n", "[fact]\n" + "\n".join(facts) + "\n")
        + "[score.worth]\n"
        + criteria
    )
    made(crm, rules)
    assert told(crm, "decisions", "worth")[0] == (20.0,)


def test_rules_that_hold_between_dates_need_a_date():
    rules = compiled(RULES.replace("due_days", "valid_from = 2026-07-01\ndue_days"))
    with pytest.raises(UsageError) as raised:
        deploy(rules, Deployment("bigquery"))
    assert [each.code for each in raised.value.diagnostics] == ["KR871"]
    assert "rules_actions" not in deploy(rules, Deployment("bigquery", DAY))
    assert "rules_actions" in deploy(
        rules, Deployment("bigquery", DAY + datetime.timedelta(days=1))
    )


def test_postgres_is_not_given_more_columns_than_it_takes():
    facts = "\n".join(
        f'f{each} = {{ type = "money", value = "revenue / {each}" }}' for each in range(1, 1601)
    )
    rules = compiled(RULES.replace("[fact]\n", f"[fact]\n{facts}\n"))
    assert '"f1600"' in deploy(rules, Deployment("duckdb", DAY))
    with pytest.raises(UsageError, match="1,600 at most") as raised:
        deploy(rules, Deployment("postgres", DAY))
    assert raised.value.diagnostics[0].code == "KR873"


def test_the_text_says_what_it_is_and_tells_each_rule_where_it_stands():
    program = compiled(RULES.replace("level == 'gold'\"", 'level == \'gold\'"\nabout = "The best"'))
    text = deploy(program, Deployment("postgres", DAY))
    assert text.startswith(f"-- kamrules rules 1 (digest {program.digest})\n-- for postgres; ")
    assert "/* sum(orders[day > as_of - 365d].amount) */" in text
    assert "class.key: The best: when bought >= 1000 and level == 'gold'" in text
    assert "/* action.call: when since < as_of */" in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]


def test_spelling_of_names_is_that_of_unquoted_ones():
    assert '"RULES_DECISIONS"' in deploy(compiled(RULES), Deployment("snowflake", DAY))
    assert '"ACCOUNT_ID"' in deploy(compiled(RULES), Deployment("snowflake", DAY))
    assert '"Odd Name"' in deploy(compiled(RULES), Deployment("snowflake", DAY, schema="Odd Name"))
