"""Cut-offs: an account decided alone stands where its book's run placed it, and nowhere by other cut-offs."""

from __future__ import annotations

import datetime
import json
import random

import pytest

from kamrules import Cutoffs, DataError, UsageError, decide, explain
from kamrules.book import Book
from kamrules.engines import cutoffs as module
from kamrules.engines.layout import layout_of
from kamrules.engines.row.code import Writer
from kamrules.engines.row.generate import write
from kamrules.engines.sql import book_cutoffs, decide_book
from kamrules.plugins import open_source
from tests.agreement.engines import compiled, fetched

DAY = datetime.date(2026, 6, 30)
RULES = """
[ruleset]
name = "pyramid"
version = "1"
hit = "first"
[parameter.years]
type = "number"
value = 1
[table.accounts.column]
seats = { type = "integer" }
[table.orders.column]
date = { type = "date" }
amount = { type = "money" }
[fact.revenue]
type = "money"
value = "sum(orders[date > as_of - 365d * years].amount)"
[fact.place]
type = "integer"
value = "rank(revenue)"
[fact.part]
type = "share"
value = "rank_share(revenue)"
[fact.weight]
type = "share"
value = "share_of_total(revenue)"
[fact.by_seats]
type = "integer"
value = "rank(seats / 3)"
[score.size]
[criterion.by_rank]
score = "size"
weight = 1
value = "part"
curve = [[0, 100], [1, 0]]
[class.top]
when = "part <= 10%"
[class.large]
when = "part <= 40%"
[class.small]
"""


@pytest.fixture(scope="module")
def program():
    return compiled(RULES)


def account(key, *amounts, **columns):
    orders = [{"date": "2026-05-01", "amount": each} for each in amounts]
    return {"account_id": str(key), "orders": orders, **columns}


def book_of(accounts):
    return Book.of(
        tables={
            "accounts": [{"account_id": each["account_id"], "seats": each.get("seats")} for each in accounts],
            "orders": [
                {"account_id": each["account_id"], "date": DAY, "amount": order["amount"]}
                for each in accounts
                for order in each["orders"]
            ],
        }
    )  # fmt: skip


def places(program, cutoffs, *amounts):
    facts = decide(program, account("X", *amounts), as_of=DAY, cutoffs=cutoffs).facts
    return facts["place"], facts["part"], facts["weight"]


@pytest.fixture(scope="module")
def many():
    rolls = random.Random(7)
    return [
        account(number, *rolls.choices([5, 20.25, 100, 0.0001, -3, 7e6], k=rolls.randrange(4)),
                seats=rolls.choice([None, 1, 2, 3, 40]))
        for number in range(300)
    ]  # fmt: skip


def test_an_account_of_the_book_decided_alone_is_decided_as_in_the_run(program, many, tmp_path):
    with decide_book(program, book_of(many), as_of=DAY, open_source=open_source) as decisions:
        batch = {row["account_id"]: row for row in fetched(decisions.tables["decisions"])}
        decisions.cutoffs().write(tmp_path / "cutoffs.json")
    cutoffs = Cutoffs.read(tmp_path / "cutoffs.json")
    for each in many:
        alone = decide(program, each, as_of=DAY, cutoffs=cutoffs)
        row = batch[each["account_id"]]
        assert (alone.class_, alone.scores[0].value) == (row["class"], row["size"])
    assert {row["class"] for row in batch.values()} == {"top", "large", "small"}


def test_a_run_a_look_at_the_book_and_the_book_in_process_give_the_same_cutoffs(program, many):
    book = book_of(many)
    with decide_book(program, book, as_of=DAY, open_source=open_source) as decisions:
        of_run = decisions.cutoffs()
    assert of_run == book_cutoffs(program, book, as_of=DAY, open_source=open_source)
    assert of_run == Cutoffs.of(program, many, DAY) == Cutoffs.of(program, many, "2026-06-30")
    assert [each.text for each in of_run.spreads] == ["revenue", "seats / 3"]
    assert of_run.spreads[1].accounts == sum(each["seats"] is not None for each in many)


def test_cutoffs_read_back_as_they_were_written(program, many, tmp_path):
    cutoffs = Cutoffs.of(program, many, DAY)
    path = tmp_path / "cutoffs.json"
    cutoffs.write(path)
    assert Cutoffs.read(path) == cutoffs
    assert [each.name for each in tmp_path.iterdir()] == ["cutoffs.json"]
    assert json.loads(path.read_text(encoding="utf-8"))["as_of"] == "2026-06-30"


def test_equal_accounts_share_a_rank_and_the_next_one_counts_them_all(program):
    some = [account(1, 50), account(2, 100), account(3, 50), account(4, 20), account(5)]
    cutoffs = Cutoffs.of(program, some, DAY)
    found = [places(program, cutoffs, *(each["amount"] for each in one["orders"])) for one in some]
    assert found == [
        (2, 0.4, 50 / 220), (1, 0.2, 100 / 220), (2, 0.4, 50 / 220), (4, 0.8, 20 / 220), (5, 1.0, 0.0),
    ]  # fmt: skip


def test_an_account_that_is_not_in_the_book_stands_where_it_would_stand_beside_it(program):
    cutoffs = Cutoffs.of(program, [account(1, 50), account(2, 100), account(3, 50)], DAY)
    assert places(program, cutoffs, 70)[:2] == (2, 2 / 3)
    assert places(program, cutoffs, 500)[:2] == (1, 1 / 3)
    # behind all of them, and a share is at most the whole
    assert places(program, cutoffs, 1)[:2] == (4, 1.0)


def test_without_cutoffs_or_a_value_of_its_own_an_accounts_place_is_unknown_and_no_gap(program):
    alone = decide(program, account(1, 50, seats=4), as_of=DAY)
    assert [alone.facts[name] for name in ("place", "part", "weight", "by_seats")] == [None] * 4
    assert (alone.class_, alone.scores[0].value) == ("small", None)
    assert alone.gaps == ()
    cutoffs = Cutoffs.of(program, [account(1, 50)], DAY)
    lacking = decide(program, {"account_id": "X"}, as_of=DAY, cutoffs=cutoffs)
    assert lacking.facts["revenue"] is None
    assert lacking.facts["place"] is None
    # what is missing is the fact behind it
    assert [each.fact for each in lacking.gaps] == ["revenue"]


def test_a_comparison_that_reads_rows_itself_is_not_something_to_find_out_either():
    direct = compiled(RULES.replace('"rank_share(revenue)"', '"rank_share(sum(orders.amount))"'))
    alone = decide(direct, account(1, 50), as_of=DAY)
    assert (alone.facts["part"], alone.gaps) == (None, ())


@pytest.mark.parametrize(
    "amounts", [[], [0], [5, -5], [9e13, 9e13]], ids=["nobody", "nothing", "even", "too long"]
)
def test_a_share_of_nothing_or_of_too_much_is_unknown(program, amounts):
    cutoffs = Cutoffs.of(program, [account(key, each) for key, each in enumerate(amounts)], DAY)
    assert places(program, cutoffs, 5)[2] is None


def test_a_book_in_which_nobody_has_a_value_gives_no_share_of_ranks(program):
    cutoffs = Cutoffs.of(program, [{"account_id": "A"}], DAY)
    assert places(program, cutoffs, 5) == (1, None, None)


# cut-offs that do not fit


def test_cutoffs_are_refused_after_a_parameter_has_changed(program):
    changed = compiled(RULES.replace("value = 1\n", "value = 2\n"))
    cutoffs = Cutoffs.of(changed, [account(1, 5)], DAY)
    for use in (decide, explain):
        with pytest.raises(
            DataError, match=r"KR606.*ruleset `pyramid` with other rules or parameters"
        ):
            use(program, account(1, 5), as_of=DAY, cutoffs=cutoffs)


def test_cutoffs_of_another_ruleset_are_refused_even_where_nothing_is_compared(program):
    cutoffs = Cutoffs.of(program, [account(1, 5)], DAY)
    plain = compiled('[ruleset]\nname = "plain"\nversion = "1"\n')
    with pytest.raises(DataError, match=r"KR606.*of ruleset `pyramid`, not of `plain`"):
        decide(plain, {"account_id": "A"}, as_of=DAY, cutoffs=cutoffs)


def test_cutoffs_that_lack_what_is_compared_are_refused(program):
    whole = Cutoffs.of(program, [account(1, 5)], DAY)
    cut = Cutoffs(whole.ruleset, whole.digest, whole.as_of, whole.spreads[:1])
    with pytest.raises(DataError, match=r"KR606.*do not tell how `seats / 3` is spread"):
        decide(program, account(1, 5), as_of=DAY, cutoffs=cut)


GOOD = {
    "content": "cut-offs", "ruleset": "r", "digest": "d", "as_of": "2026-06-30",
    "spreads": [
        {"text": "x", "places": 4, "accounts": 4, "total": 7, "values": [5, 2, 0], "above": [0, 1, 2]}
    ],
}  # fmt: skip


def spoilt(**changes):
    return json.dumps({**GOOD, "spreads": [{**GOOD["spreads"][0], **changes}]})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "invalid JSON"),
        ("[]", "should be an object"),
        ('{"account_id": "A1"}', "`content` is missing"),
        (json.dumps({**GOOD, "as_of": "yesterday"}), "`as_of`"),
        (spoilt(values=[5, 5, 0]), "`values` do not fall"),
        (spoilt(above=[0, 1]), "differ in length"),
        (spoilt(above=[0, 1, 1]), "does not rise"),
        (spoilt(above=[1, 2, 3]), "does not rise"),
        (spoilt(accounts=2), "does not rise"),
        (spoilt(values=[], above=[]), "does not rise"),
        (spoilt(values=["5", 2, 0]), "`spreads.0.values.0`"),
    ],
)
def test_a_file_that_holds_something_else_is_refused_with_the_place(tmp_path, text, told):
    path = tmp_path / "cutoffs.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="KR605") as raised:
        Cutoffs.read(path)
    assert told in str(raised.value)


def test_a_good_file_is_read_and_one_that_is_not_there_is_told(tmp_path):
    path = tmp_path / "cutoffs.json"
    path.write_text(json.dumps(GOOD), encoding="utf-8")
    assert Cutoffs.read(path).spreads[0].values == (5, 2, 0)
    with pytest.raises(UsageError, match="KR805"):
        Cutoffs.read(tmp_path / "nothing.json")


# many different values


def test_of_many_different_values_each_so_many_th_is_kept_and_ranks_are_a_little_too_great(
    program, many, monkeypatch
):
    whole = Cutoffs.of(program, many, DAY)
    different = len(whole.spreads[0].values)
    monkeypatch.setattr(module, "MOST", 5)
    thinned = Cutoffs.of(program, many, DAY)
    assert thinned == book_cutoffs(program, book_of(many), as_of=DAY, open_source=open_source)
    kept = thinned.spreads[0]
    step = -(-different // 5)
    assert len(kept.values) <= 6 < different
    assert kept.values == (*whole.spreads[0].values[::step],) + (
        () if (different - 1) % step == 0 else whole.spreads[0].values[-1:]
    )
    assert (kept.accounts, kept.total) == (whole.spreads[0].accounts, whole.spreads[0].total)
    exact, near = whole.spreads[0].placing(), kept.placing()
    above = [*kept.above, kept.accounts]
    for value in whole.spreads[0].values:
        true, told = exact(value), near(value)
        assert told[2] == true[2]
        if value in kept.values:
            assert told == true
        else:
            before = max(each for each in above if each < told[0] - 1)
            assert before < true[0] <= told[0]


# what it costs and what is shown


def test_who_compares_nothing_pays_nothing():
    plain = compiled(RULES[: RULES.index("[fact.place]")])
    source = write(plain, layout_of(plain), Writer())
    assert source.startswith(
        "def decide(account, tables, as_of, class_before, tier_before, proposed):"
    )
    assert "cutoffs" not in source


def test_whole_book_steps_stand_together_before_scores_and_decisions(program):
    assert [each.text for each in program.book_steps] == ["revenue", "seats / 3"]
    first = program.order.index("book.0")
    assert program.order[first + 1] == "book.1"
    assert first < min(program.order.index(each) for each in ("fact.place", "score.size", "class"))


def test_an_explanation_names_the_function_and_what_it_compares(program):
    cutoffs = Cutoffs.of(program, [account(1, 50), account(2, 100)], DAY)
    proof = explain(program, account(1, 50, seats=2), as_of=DAY, cutoffs=cutoffs).facts["place"]
    assert (proof.text, proof.shown) == ("rank(revenue)", "2")
    assert [(each.name, each.shown) for each in proof.reads] == [
        ("rank(revenue)", "2"),
        ("revenue", "50"),
    ]
