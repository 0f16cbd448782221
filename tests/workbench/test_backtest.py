"""Backtest: decisions on past dates know nothing later, and what they foretold is measured right."""

from __future__ import annotations

import copy
import datetime
import json
import random

import pytest

from kamrules import load_ruleset
from kamrules.book import Book
from kamrules.compiler import compile_ruleset
from kamrules.diagnostics import DataError, UsageError
from kamrules.engines.sql import decide_book
from kamrules.engines.sql.held import HeldBook
from kamrules.engines.sql.past import PastBook
from kamrules.engines.sql.placing import for_placement
from kamrules.memory import EarlierFiles
from kamrules.plugins import Plugins
from kamrules.workbench.backtest import backtest, dates
from kamrules.workbench.backtest.asked import horizon, parsed
from tests.commands import run

OPEN = Plugins.load({"KAMRULES_LOAD_PLUGINS": ""}).open_source
DATE = datetime.date
LAST = DATE(2026, 6, 30)
RULES = """
[ruleset]
name = "example"
version = "1"
hit = "first"
[table.accounts.column]
since = { type = "date" }
size = { type = "money" }
[table.orders]
order = "date"
[table.orders.column]
date = { type = "date" }
amount = { type = "money" }
delivered = { type = "date" }
[table.notes.column]
kind = { type = "choice", choices = ["good", "bad"] }
[fact.revenue]
type = "money"
value = "sum(orders[date > as_of - 365d].amount)"
[fact.open]
type = "integer"
value = "count(orders[delivered is unknown])"
[score.worth]
[criterion.revenue]
score = "worth"
weight = 10
value = "revenue"
curve = [[0, 0], [2000, 100]]
[criterion.age]
score = "worth"
weight = 5
value = "days_since(since)"
curve = [[0, 0], [900, 100]]
[class.key]
level = 3
when = ["revenue >= 900", "rank_share(revenue) <= 0.4"]
stay = "revenue >= 300"
[class.ordinary]
level = 2
when = "revenue > 0"
[class.prospect]
level = 1
[path.up]
from = "ordinary"
to = "key"
gate = { volume = { when = "revenue >= 900" } }
[path.first]
from = "prospect"
to = "ordinary"
[tier.vendor]
level = 1
gate = { served = { when = "open <= 1" } }
[tier.partner]
level = 2
gate = { liked = { when = "count(notes[kind == 'good']) >= 1" } }
"""


def tables(seed=5, accounts=40):
    chance = random.Random(seed)
    orders = []
    for number in range(accounts):
        for _ in range(chance.randrange(7)):
            day = LAST - datetime.timedelta(days=chance.randrange(900))
            later = day + datetime.timedelta(days=chance.randrange(200))
            orders.append(
                {
                    "account_id": f"A{number:02}",
                    "date": day,
                    "amount": chance.randrange(1, 9) * 100,
                    "delivered": later if later <= LAST else None,
                }
            )
    people = [
        {
            "account_id": f"A{number:02}",
            "since": LAST - datetime.timedelta(days=31 * number),
            "size": number,
        }
        for number in range(accounts)
    ]
    return {"accounts": people, "orders": orders}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "rules.toml"
    path.write_text(RULES, encoding="utf-8")
    return compile_ruleset(load_ruleset(path))


def tried(program, some, days, **more):
    book = Book.of(some, as_of=LAST)
    return backtest(program, book, days, open_source=OPEN, **more)


def decisions(program, some, day):
    """Return what a backtest decides of every account on a date: class, tier and scores."""
    lean = for_placement(program, scores=True)
    columns = {"orders": {"date", "delivered"}, "notes": {"kind"}}
    with HeldBook(lean, Book.of(some), open_source=OPEN, more=columns) as held:
        past = PastBook(held, leave_out=True)
        past.decide(0, lean, day)
        return held.rows("SELECT account_id, class, tier, score_worth FROM past_0 ORDER BY line")


@pytest.mark.parametrize("day", [DATE(2025, 3, 31), DATE(2025, 10, 15), LAST])
def test_rows_dated_after_a_date_change_nothing_of_its_decisions(program, day):
    some = tables()
    before = decisions(program, some, day)
    assert len({row[1:3] for row in before}) >= 3
    more = copy.deepcopy(some)
    chance = random.Random(9)
    for number in range(300):
        later = day + datetime.timedelta(days=1 + chance.randrange(400))
        past = day - datetime.timedelta(days=chance.randrange(400))
        extra = {"account_id": f"A{number % 40:02}", "date": later, "amount": 5000}
        # dates that lie before it do not bring such a row back
        more["orders"].append({**extra, "delivered": chance.choice([None, later, past])})
    chance.shuffle(more["orders"])
    assert decisions(program, more, day) == before


@pytest.mark.parametrize("day", [DATE(2025, 3, 31), DATE(2025, 10, 15)])
def test_a_date_in_a_row_that_lies_later_is_as_if_it_were_not_there(program, day):
    some, other = tables(), tables()
    for each in other["orders"]:
        if each["delivered"] is None or each["delivered"] > day:
            each["delivered"] = None
    for each in other["accounts"]:
        if each["since"] > day:
            each["since"] = None
    assert decisions(program, other, day) == decisions(program, some, day)


@pytest.mark.parametrize("day", [DATE(2025, 3, 31), DATE(2025, 10, 15)])
def test_a_past_date_is_decided_as_a_run_over_the_book_of_that_day(program, day):
    some = tables()
    then = {
        "accounts": [{**each, "since": _until(each["since"], day)} for each in some["accounts"]],
        "orders": [
            {**each, "delivered": _until(each["delivered"], day)}
            for each in some["orders"]
            if each["date"] <= day
        ],
    }
    with decide_book(program, Book.of(then), as_of=day, open_source=OPEN) as found:
        wanted = found.tables["decisions"].project("account_id, class, tier, worth").fetchall()
    assert decisions(program, some, day) == wanted


def _until(value, day):
    return value if value is not None and value <= day else None


def test_a_planned_date_stays_known(program):
    day = DATE(2025, 10, 15)
    some = tables()
    found = [
        tried(program, some, [day], planned=planned).dates[0].tiers
        for planned in ((), ("orders.delivered",))
    ]
    assert found[0] != found[1]


def test_a_table_without_a_date_column_is_said_to_be_of_no_use(program):
    some = {**tables(), "notes": [{"account_id": "A01", "kind": "good"}]}
    found = tried(program, some, [LAST])
    assert found.dated.unusable == {"notes": "its rows have no date column"}
    assert "partner" not in {each.id for each in found.dates[0].tiers}


def test_rows_without_a_date_make_the_table_unusable_or_are_left_out(program):
    some = tables()
    some["orders"].append({"account_id": "A01", "date": None, "amount": 5, "delivered": None})
    rows = len(some["orders"])
    left_out = tried(program, some, [LAST])
    assert left_out.dated.undated == {"orders": (1, rows)}
    assert not left_out.dated.unusable
    strict = tried(program, some, [LAST], strict=True)
    assert strict.dated.unusable == {"orders": f"1 of {rows} rows have no `date`"}
    # nobody's revenue is known then
    assert [(each.id, each.accounts) for each in strict.dates[0].classes] == [("prospect", 40)]


def test_a_book_whose_dates_are_all_missing_is_refused(program):
    some = tables()
    for each in some["orders"]:
        each["date"] = None
    for each in some["accounts"]:
        each["since"] = None
    with pytest.raises(DataError) as raised:
        tried(program, some, [LAST])
    (problem,) = raised.value.diagnostics
    assert (problem.code, problem.help) == ("KR828", "`orders`: no row of it has a `date`")


def test_an_outcome_whose_time_is_not_over_is_none(program):
    days = [DATE(2026, 3, 1), DATE(2026, 4, 1), DATE(2026, 4, 2), DATE(2026, 6, 30)]
    found = tried(program, tables(), days)
    assert [each.over for each in found.dates] == [True, True, False, False]
    assert found.dates[2].foretold == {}
    assert found.days == 90


def test_classes_and_moves_add_up(program):
    found = tried(program, tables(), dates(DATE(2025, 6, 30), LAST, "3m"))
    for before, after in zip(found.dates, found.dates[1:], strict=False):
        for each in after.classes:
            into = sum(number for _, now, number in after.class_moves if now == each.id)
            assert into == each.accounts
        for each in before.classes:
            out = sum(number for was, _, number in after.class_moves if was == each.id)
            assert out == each.accounts
    assert sum(number for *_, number in found.class_moves) == 40 * (len(found.dates) - 1)


def test_remembered_classes_are_kept_as_runs_with_a_state_keep_them(program, tmp_path):
    days = [DATE(2025, 6, 30), DATE(2025, 12, 31)]
    some = tables()
    states, proposals = tmp_path / "states.csv", tmp_path / "proposals.csv"
    first = decisions(program, some, days[0])
    lines = [f"{name},{of},{tier or ''}" for name, of, tier, _ in first]
    states.write_text("account_id,class,tier\n" + "\n".join(lines) + "\n", "utf-8")
    proposals.write_text("account_id,action,proposed_on\n", "utf-8")
    then = {
        "accounts": [
            {**each, "since": _until(each["since"], days[1])} for each in some["accounts"]
        ],
        "orders": [
            {**each, "delivered": _until(each["delivered"], days[1])}
            for each in some["orders"]
            if each["date"] <= days[1]
        ],
    }
    earlier = EarlierFiles(states, proposals)
    with decide_book(
        program, Book.of(then), as_of=days[1], open_source=OPEN, earlier=earlier
    ) as run_:
        rows = run_.tables["decisions"].aggregate("class, count(*)", "class").fetchall()
    found = tried(program, some, days, remember=True)
    anew = tried(program, some, days)
    assert {each.id: each.accounts for each in found.dates[1].classes} == dict(rows)
    assert found.dates[1].classes != anew.dates[1].classes


def ranks(values):
    """Return mean ranks, unknown ones lowest, straight from the definition."""
    keys = [-1e9 if each is None else each for each in values]
    return [
        sum(other < each for other in keys) + (sum(other == each for other in keys) + 1) / 2
        for each in keys
    ]


def correlation(left, right):
    x, y = ranks(left), ranks(right)
    mean = (len(x) + 1) / 2
    over = sum((a - mean) * (b - mean) for a, b in zip(x, y, strict=True))
    spread = sum((a - mean) ** 2 for a in x) * sum((b - mean) ** 2 for b in y)
    return over / spread**0.5


def lift(by, outcome):
    """Return the mean lift over many orders of those that are alike."""
    chance = random.Random(1)
    keys = [-1e9 if each is None else each for each in by]
    top = len(keys) // 10
    tries = 3000
    total = 0.0
    for _ in range(tries):
        order = sorted(range(len(keys)), key=lambda each: (-keys[each], chance.random()))
        total += sum(outcome[each] for each in order[:top])
    return total / tries / top / (sum(outcome) / len(outcome))


def test_lift_and_rank_correlation_are_as_defined(program):
    day = DATE(2025, 9, 30)
    some = tables(seed=8)
    found = tried(program, some, [day]).dates[0].foretold
    end = day + datetime.timedelta(days=90)
    names = [each["account_id"] for each in some["accounts"]]

    def summed(first, last):
        return [
            sum(each["amount"] for each in some["orders"]
                if each["account_id"] == name and first < each["date"] <= last)
            for name in names
        ]  # fmt: skip

    outcome = summed(day, end)
    levels = {"key": 3, "ordinary": 2, "prospect": 1}
    rows = decisions(program, some, day)
    by = {
        "class": [levels[row[1]] for row in rows],
        "worth": [row[3] for row in rows],
        "against": summed(day - datetime.timedelta(days=365), day),
    }
    for name, values in by.items():
        assert found[name].correlation == pytest.approx(correlation(values, outcome), abs=2e-6), (
            name
        )
        assert found[name].lift == pytest.approx(lift(values, outcome), rel=0.06), name
    assert found["class"].accounts == 40


def test_an_outcome_may_be_a_condition(program):
    text = "any(orders[date > as_of and date <= as_of + 30d]) and revenue > 0"
    found = tried(program, tables(), [DATE(2025, 9, 30)], outcome=text)
    means = [each.mean for each in found.dates[0].classes]
    assert all(0 <= each <= 1 for each in means)
    assert any(means)


@pytest.mark.parametrize(
    ("where", "days"),
    [
        ("date > as_of and date <= as_of + 90d", 90),
        ("date > as_of and date < as_of + 90d", 89),
        ("as_of + 30d >= date", 30),
        ("date <= as_of + 90d and delivered <= as_of + 10d", 10),
        ("date in (as_of..as_of + 45d]", 45),
        ("date <= as_of", 0),
    ],
)
def test_how_far_an_outcome_looks_ahead_is_read_from_it(program, where, days):
    text = f"sum(orders[{where}].amount)"
    assert horizon(parsed(program, text, "--outcome"), text, "--outcome") == days


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sum(orders[date > as_of].amount)", "KR829"),
        ("sum(orders[date > as_of or date <= as_of + 3d].amount)", "KR829"),
        ("since", "KR830"),
        ("rank(size)", "KR830"),
        ("sum(order.amount)", "KR201"),
    ],
)
def test_an_outcome_that_cannot_be_is_told(program, text, code):
    with pytest.raises(UsageError) as raised:
        tried(program, tables(), [DATE(2025, 9, 30)], outcome=text)
    assert [each.code for each in raised.value.diagnostics] == [code]


def test_dates_keep_the_day_or_take_the_last_of_a_month():
    months = dates(DATE(2025, 11, 30), DATE(2026, 5, 30), "3m")
    assert months == [DATE(2025, 11, 30), DATE(2026, 2, 28), DATE(2026, 5, 30)]
    assert dates(DATE(2024, 2, 29), DATE(2026, 2, 28), "1y")[1:] == [
        DATE(2025, 2, 28),
        DATE(2026, 2, 28),
    ]
    assert dates(DATE(2026, 1, 1), DATE(2026, 1, 20), "1w")[-1] == DATE(2026, 1, 15)
    assert dates(DATE(9999, 12, 1), DATE(9999, 12, 31), "30d") == [
        DATE(9999, 12, 1),
        DATE(9999, 12, 31),
    ]


@pytest.mark.parametrize("every", ["3", "m", "0d", "3q", "-3m", "", "99999d"])
def test_a_step_that_is_none_is_told(every):
    with pytest.raises(UsageError, match="KR827"):
        dates(DATE(2025, 1, 1), LAST, every)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    book = tmp_path / "book"
    book.mkdir()
    (book / "accounts.csv").write_text("account_id,size\nA1,5\nA2,6\n", "utf-8")
    (book / "orders.csv").write_text(
        "account_id,date,amount\nA1,2025-05-01,950\nA2,2025-04-01,20\nA1,2025-08-01,70\n"
        "A2,2025-12-24,1\n",
        "utf-8",
    )
    return tmp_path


def test_the_command_tells_classes_moves_and_what_was_foretold(folder):
    words = ("backtest", folder / "rules.toml", "--book", folder / "book", "--from", "2025-06-30",
             "--to", "2025-12-30")  # fmt: skip
    told = run(*words)
    assert (told.status, told.err) == (0, "")
    assert "2 accounts on 3 dates to 2025-12-30, by example 1" in told.out
    missing = "No outcome yet on 2025-09-30, 2025-12-30: it takes 90 days, and the book tells until"
    assert f"{missing} 2025-12-24" in " ".join(told.out.split())
    data = json.loads(run(*words, "--json").out)
    assert [each["outcome_over"] for each in data["dates"]] == [True, False, False]
    assert data["dates"][0]["foretold"]["worth"]["correlation"] == 1.0
    assert data["as_of_today"] == []


def test_dates_that_are_all_missing_end_with_status_4(folder):
    (folder / "book" / "orders.csv").write_text("account_id,date,amount\nA1,,950\n", "utf-8")
    told = run("backtest", folder / "rules.toml", "--book", folder / "book", "--from", "2025-06-30",
               "--to", "2025-12-30")  # fmt: skip
    assert told.status == 4
    assert told.err.startswith("error[KR828]: the book has no dates to go back by")
