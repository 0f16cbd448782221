"""A run as SQL is cut into steps that a warehouse can plan, and decides the same wherever it is cut."""

from __future__ import annotations

import datetime
import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from kamrules import compile_ruleset, load_ruleset
from kamrules.engines.sql.deploying import Deployment, Run, cutting, statements_of
from tests.agreement.deploying import agree_completely
from tests.engines.sql.warehouses import warehouse_of
from tests.strategies import Case, cases

DAY = datetime.date(2026, 6, 30)
READ = re.compile(r"(?:FROM|JOIN) `(run_[a-z0-9_]+)`")


@pytest.fixture(scope="module")
def steps():
    program = compile_ruleset(load_ruleset("kam"))
    return statements_of(program, Deployment("spark", as_of=DAY), Run(prefix="run")).steps


def within(steps):
    """Return how many queries stand in each kept one, down to what is kept below."""
    found, kept = {}, {}
    for each in steps:
        found[each.name] = 1 + sum(found.get(one, 1) for one in READ.findall(each.sql))
        if each.keep:
            kept[each.name] = found[each.name]
            found[each.name] = 1
    return kept


def test_no_step_of_the_shipped_ruleset_is_too_much_to_plan(steps):
    sizes = within(steps)
    assert "run_core" in sizes
    assert max(sizes.values()) <= 3 * cutting.MOST
    # each takes Spark a second
    assert len(sizes) < 20
    # in one piece it would be as many
    assert sum(sizes.values()) > 10 * cutting.MOST
    assert max(each.sql.count(" JOIN ") for each in steps) <= cutting.JOINED


def test_no_step_is_made_twice_and_none_reads_what_is_not_there_yet(steps):
    names = Counter(each.name for each in steps)
    assert set(names.values()) == {1}
    there = set()
    for each in steps:
        assert set(READ.findall(each.sql)) <= there
        there.add(each.name)


@pytest.mark.parametrize(("joined", "most"), [(1, 3), (2, 1000)], ids=["everywhere", "joins only"])
def test_a_run_that_is_cut_elsewhere_decides_the_same(monkeypatch, joined, most):
    monkeypatch.setattr(cutting, "JOINED", joined)
    monkeypatch.setattr(cutting, "MOST", most)
    with warehouse_of("duckdb") as warehouse:

        @seed(7)
        @settings(
            max_examples=10, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(cases())
        def every(case: Case) -> None:
            agree_completely(warehouse, case)

        every()
