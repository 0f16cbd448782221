"""Laws that hold for every ruleset and book, whatever they say."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from kamrules.decision import Earlier
from kamrules.engines.row import decide, explain
from tests.agreement.comparing import differences
from tests.agreement.engines import NAMES, by_row, by_sql, compiled
from tests.strategies import Case, cases, facts_of
from tests.strategies.books import Past, TableData

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.agreement.engines import Tables

ENGINES = [pytest.param(by_row, id="row"), pytest.param(by_sql, id="sql")]
EXAMPLES = 15


def for_every(
    *strategies: st.SearchStrategy, examples: int = EXAMPLES
) -> Callable[[Callable], None]:
    """Run a check over generated cases, the same ones on every machine."""

    def run(check: Callable) -> None:
        @seed(7)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.tuples(*strategies))
        def every(drawn: tuple) -> None:
            check(*drawn)

        every()

    return run


def same(left: Tables, right: Tables) -> None:
    assert differences(left, right) == []


def by_account(tables: Tables) -> Tables:
    """Return the rows of each account together, accounts in the order of their ids."""
    return {name: sorted(rows, key=lambda row: row["account_id"]) for name, rows in tables.items()}


def shuffled(case: Case, random) -> Case:
    """Return a case whose tables, and the rows of each, come in another order."""
    names = list(case.tables)
    random.shuffle(names)
    tables = {}
    for name in names:
        rows = list(case.tables[name].rows)
        random.shuffle(rows)
        tables[name] = TableData(case.tables[name].forms, rows)
    past = case.past
    if past is not None:
        past = Past(list(past.states), list(past.proposals))
        random.shuffle(past.states)
        random.shuffle(past.proposals)
    return replace(case, tables=tables, past=past)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_order_of_tables_rows_and_past_makes_no_difference(engine):
    def check(case, random):
        program = compiled(case.ruleset)
        one, other = engine(program, case), engine(program, shuffled(case, random))
        same(by_account(one), by_account(other))

    for_every(cases(), st.randoms(use_true_random=False))(check)


def part(case: Case, keep: Callable[[str], bool]) -> Case:
    """Return the case with some of its accounts and all that is theirs."""
    tables = {
        name: TableData(table.forms, [row for row in table.rows if keep(row["account_id"])])
        for name, table in case.tables.items()
    }
    return replace(case, tables=tables)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_book_split_in_two_gives_the_same_rows(engine):
    def check(case, flags):
        ids = [row["account_id"] for row in case.tables["accounts"].rows]
        first = {key for key, flag in zip(ids, flags, strict=False) if flag}
        assume(0 < len(first) < len(ids))
        program = compiled(case.ruleset)
        # what compares accounts depends on who is in the book
        assume(not program.book_steps)
        whole = engine(program, case)
        parts = [engine(program, part(case, keep)) for keep in
                 (lambda key: key in first, lambda key: key not in first)]  # fmt: skip
        together = {name: parts[0][name] + parts[1][name] for name in NAMES}
        same(by_account(whole), by_account(together))

    for_every(cases(), st.lists(st.booleans(), min_size=8, max_size=8))(check)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_best_n_actions_are_the_first_of_the_best_n_plus_one(engine):
    def check(case, top):
        program = compiled(case.ruleset)
        few = engine(program, replace(case, top=top))
        more = engine(program, replace(case, top=top + 1))
        kept = [row for row in more["actions"] if row["rank"] is None or row["rank"] <= top]
        same({"actions": few["actions"]}, {"actions": kept})
        same({name: few[name] for name in NAMES if name not in {"actions", "decisions"}},
             {name: more[name] for name in NAMES if name not in {"actions", "decisions"}})  # fmt: skip
        for one, two in zip(few["decisions"], more["decisions"], strict=True):
            assert one["actions"] == two["actions"]

    for_every(cases(), st.integers(1, 4))(check)


@pytest.mark.parametrize("engine", ENGINES)
def test_ranks_count_from_one_by_falling_priority_and_the_count_is_of_all(engine):
    def check(case):
        found = engine(compiled(case.ruleset), case)
        for row in found["decisions"]:
            mine = [each for each in found["actions"] if each["account_id"] == row["account_id"]]
            proposed = [each for each in mine if each["status"] == "proposed"]
            assert len(proposed) == min(row["actions"], case.top)
            assert [each["rank"] for each in proposed] == list(range(1, len(proposed) + 1))
            priorities = [each["priority"] for each in proposed]
            assert priorities == sorted(priorities, reverse=True)
            assert all(0 <= each <= 100 for each in priorities)
            assert row["top_action"] == (proposed[0]["action"] if proposed else None)
            # a nearest miss only where nothing came up
            assert not (mine and row["nearest_miss"])

    for_every(cases())(check)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_score_lies_between_its_bounds(engine):
    def check(case):
        program = compiled(case.ruleset)
        scores = [each.id for each in program.scores]
        for row in engine(program, case)["scores"]:
            for score in scores:
                value, low, high = (row[f"{score}{end}"] for end in ("", "_low", "_high"))
                if value is not None and low is not None and high is not None:
                    assert low <= value <= high

    for_every(cases())(check)


@pytest.mark.parametrize("engine", ENGINES)
def test_deciding_twice_gives_the_same_bytes(engine):
    def check(case):
        program, again = compiled(case.ruleset), compiled(case.ruleset)
        assert program.digest == again.digest
        assert repr(engine(program, case)) == repr(engine(again, case))

    for_every(cases())(check)


def test_threads_make_no_difference():
    def check(case):
        program = compiled(case.ruleset)
        same(by_sql(program, case), by_sql(program, case, threads=4))

    for_every(cases())(check)


COOLING = """
[ruleset]
name = "cooling"
version = "1"
[role.seller]
[action.call]
title = "call"
when = "true"
priority = 50
owner = "seller"
due_days = 1
because = "so"
cooldown_days = 30
"""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("days", "status", "free"),
    [
        (-1, "proposed", None),
        (0, "proposed", None),
        (1, "cooldown", datetime.date(2026, 7, 29)),
        (29, "cooldown", datetime.date(2026, 7, 1)),
        (30, "proposed", None),
        (400, "proposed", None),
    ],
)
def test_a_cooldown_lasts_from_the_day_after_to_the_last_day_before_it_is_over(
    engine, days, status, free
):
    as_of = datetime.date(2026, 6, 30)
    past = Past(proposals=[("A", "call", as_of - datetime.timedelta(days=days))])
    tables = {"accounts": TableData({"account_id": "text"}, [{"account_id": "A"}])}
    (row,) = engine(compiled(COOLING), Case(COOLING, tables, as_of, past, 3, "en"))["actions"]
    assert (row["status"], row["free_on"]) == (status, free)


KNOWING = """
[ruleset]
name = "knowing"
version = "1"
[table.accounts.column]
a = { type = "number" }
b = { type = "number" }
c = { type = "bool" }
[score.s]
[criterion.one]
score = "s"
weight = 3
value = "a"
curve = [[0, 0], [10, 100]]
[criterion.two]
score = "s"
weight = 1
value = "b"
scale = [{ in = "[..5)", points = 20 }, { in = "[5..]", points = 80 }]
[tier.t]
level = 1
[tier.t.gate.both]
when = "a > 5 and b > 5"
[tier.t.gate.either]
when = "a > 5 or c"
[tier.t.gate.some]
when = { at_least = 2, of = ["a > 2", "b > 2", "c"] }
[tier.t.gate.none]
when = { not = { any = ["a > 8", "c"] } }
"""
NUMBERS = st.none() | st.sampled_from([0.0, 2.5, 5.0, 6.0, 9.0, 12.0])


def test_learning_a_fact_settles_what_was_unknown_and_changes_nothing_that_was_settled():
    program = compiled(KNOWING)

    def check(a, b, c, learnt):
        before = {"a": a, "b": b, "c": c}
        after = {key: value if value is not None else learnt[key] for key, value in before.items()}
        one, two = (
            decide(program, {"account_id": "A", **facts}, as_of=datetime.date(2026, 1, 1))
            for facts in (before, after)
        )
        for gate, state in one.gates.items():
            assert state.value == "unknown" or two.gates[gate] == state
        # the bounds tell how far a score can still go
        assert one.scores[0].low <= two.scores[0].low <= two.scores[0].high <= one.scores[0].high

    known = st.fixed_dictionaries({"a": NUMBERS, "b": NUMBERS, "c": st.none() | st.booleans()})
    for_every(NUMBERS, NUMBERS, st.none() | st.booleans(), known)(check)


def test_without_memory_nothing_moves_and_nothing_cools_down():
    def check(case):
        found = by_row(compiled(case.ruleset), replace(case, past=None))
        assert {row["class_move"] for row in found["decisions"]} <= {None, "placed"}
        assert {row["tier_move"] for row in found["decisions"]} <= {None, "placed"}
        assert "cooldown" not in {row["status"] for row in found["actions"]}

    for_every(cases())(check)


def test_an_earlier_state_of_rules_that_are_gone_is_as_none():
    def check(case):
        program = compiled(case.ruleset)
        states = [(row["account_id"], "ghost", "ghost") for row in case.tables["accounts"].rows]
        found = by_row(program, replace(case, past=Past(states, [])))
        same(found, by_row(program, replace(case, past=None)))
        assert Earlier.model_validate({"class": "ghost", "tier": None, "proposed": {}})

    for_every(cases())(check)


def test_an_explanation_names_rows_of_a_signal_exactly_where_it_is_true():
    found = {True: 0, False: 0, None: 0}

    def check(case):
        program = compiled(case.ruleset)
        written = {each.address: each.signal for each in program.facts}
        signals = [each.id for each in program.facts if each.address == f"signal.{each.id}"]
        for facts in facts_of(case.tables).values():
            told = explain(program, facts, as_of=case.as_of, strict=False).facts
            for name in signals:
                read, *besides = told[name].reads
                assert (None if read.rows is None else read.rows > 0) is read.value
                found[read.value] += 1
                # the date is that of one of these rows
                date, *_ = told[f"{name}_date"].reads
                assert (date.value is not None) is (read.value is True)
                assert (date.given_by in read.at) is (read.value is True)
                # what came after something names that too
                followed = read.value is True and written[f"signal.{name}"].then is not None
                assert not followed or any(each.at for each in besides)

    # signals are rare, and few of them unknown
    for_every(cases(), examples=60)(check)
    assert min(found.values()) > 0, found
