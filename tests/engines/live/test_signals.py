"""What durable-rules matches between an account's rows is what the row engine finds."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamrules import compile_ruleset, load_ruleset
from kamrules.engines.live import LiveEngine, TooLargeError
from kamrules.engines.live.signals import patterns_of
from kamrules.engines.row import engine_of
from tests.agreement.deciding_live import PRESENT

if not PRESENT:
    pytest.skip("durable-rules is not installed", allow_module_level=True)

TODAY = datetime.date(2026, 1, 10)
RULESET = """
[ruleset]
name = "signals"
version = "1"
hit = "first"
[table.accounts.column]
size = { type = "number" }
[table.a]
order = "d"
[table.a.column]
d = { type = "date" }
e = { type = "date" }
k = { type = "text" }
v = { type = "integer" }
[table.b]
order = "d"
[table.b.column]
d = { type = "date" }
k = { type = "text" }
v = { type = "integer" }
[signal.unanswered]
after = "a[v >= 1]"
without = "b[v == 1]"
within_days = 3
[signal.unanswered_by_the_same]
after = "a[v >= 1].e"
without = "b"
within_days = 3
same = "k"
for_days = 9
[signal.followed]
after = "a"
then = "b[v >= 1]"
within_days = 2
same = "k"
[signal.followed_among_themselves]
after = "a[v >= 1]"
then = "a[v == 1]"
within_days = 2
same = ["k", "v"]
[signal.alone]
after = "a[v >= 1]"
without = "a[v == 1]"
within_days = 2
[signal.two]
after = "a[v >= 1]"
at_least = 2
within_days = 3
[signal.three_of_the_same]
after = "a[v >= 1]"
at_least = 3
within_days = 6
same = "k"
for_days = 5
[signal.four]
after = "a"
at_least = 4
within_days = 6
[signal.five_days]
after = "a.e"
at_least = 5
within_days = 30
[class.high]
when = ["unanswered or followed", "two"]
[class.low]
[role.us]
[action.call]
title = "Call"
when = "three_of_the_same or alone and not followed_among_themselves"
priority = 5
owner = "us"
due_days = 1
effort_hours = 1
because = "{unanswered.date}"
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("signals") / "rules.toml"
    path.write_text(RULESET)
    return compile_ruleset(load_ruleset(path))


@pytest.fixture(scope="module")
def engine(program):
    made = LiveEngine(program)
    yield made
    made.close()


def days(*, known=True):
    found = st.integers(-12, 3).map(lambda days: TODAY + datetime.timedelta(days=days))
    return found if known else found | st.none()


ROWS = st.lists(
    st.fixed_dictionaries({
        "d": days(known=False),
        "e": days(known=False),
        "k": st.sampled_from(["x", "y", None]),
        "v": st.sampled_from([None, 0, 1, 2]),
    }),
    max_size=12,
)  # fmt: skip
OTHERS = st.lists(
    st.fixed_dictionaries({
        "d": days(known=False),
        "k": st.sampled_from(["x", "y", None]),
        "v": st.sampled_from([None, 0, 1, 2]),
    }),
    max_size=6,
)  # fmt: skip


def test_every_signal_of_two_rows_or_more_is_matched_by_durable_rules(program):
    assert len(patterns_of(program)) == len(
        [each for each in program.facts if each.address.count(".") == 1]
    )


def test_signals_are_those_of_the_row_engine(program, engine):
    row = engine_of(program)

    @given(rows=ROWS, others=OTHERS | st.none())
    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    def every(rows, others):
        facts = {"account_id": "A1", "a": rows}
        if others is not None:
            facts["b"] = others
        prepared = row.prepare(facts)
        ours, theirs = row.compact(prepared, TODAY), engine.compact(prepared, TODAY)
        assert ours._asdict() == theirs._asdict()

    every()


def test_a_signal_is_dated_by_the_matcher_and_not_by_the_row_engine(program, engine):
    """Rows that only the matcher sees change what it finds: nothing is taken over."""
    slice_ = engine.slice(TODAY)
    seen = [None if n else ([(0, 10, 10)], [(0, 8)]) for n in range(len(slice_.signals.patterns))]
    kinds = [(each.beside.needed, each.beside.first) for each in slice_.signals.patterns]
    found = slice_.signals.match(seen)
    assert kinds[0] == (0, 0)
    assert found[0] == [10]
    assert found[1:] == [None] * (len(kinds) - 1)


def test_an_account_with_too_many_rows_is_refused_and_the_next_one_is_decided(program, engine):
    row = engine_of(program)
    many = [{"d": TODAY, "k": "x", "v": 1}] * 200
    with pytest.raises(TooLargeError):
        engine.compact(row.prepare({"account_id": "A1", "a": many, "b": many}), TODAY)
    few = row.prepare({"account_id": "A2", "a": many[:2], "b": many[:1]})
    assert engine.compact(few, TODAY) == row.compact(few, TODAY)
