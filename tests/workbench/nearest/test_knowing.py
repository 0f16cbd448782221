"""What knowing an unknown fact is worth: all that it could change and nothing else, whatever is tried."""

from __future__ import annotations

import datetime
import itertools
import random

import pytest

from kamrules import Earlier, compile_ruleset, load_ruleset
from kamrules.engines.row import decide
from kamrules.workbench.nearest import with_values
from kamrules.workbench.nearest.knowing import MOST_BOXES
from tests.rulesets.kam import AS_OF, kam, order
from tests.workbench.nearest.rulesets import GRIDS, account, ruleset

TODAY = datetime.date(2026, 6, 30)
SEEDS = 120
UNITS = {"integer": 1, "share": 0.000001, "money": 0.0001}
PARTS = {"class": "class_", "tier": "tier", "phase": "phase", "strategy": "strategy"}


def values(kind):
    """Return many values that a fact can have: the grid, right beside it, and finely in between."""
    grid = GRIDS[kind]
    if kind in ("bool", "choice"):
        return grid
    if kind == "integer":
        return list(range(30))
    beside = [each + sign * UNITS[kind] for each in grid for sign in (-1, 0, 1)]
    most = grid[-1] * 1.25
    fine = [round(most * part / 400, 6) for part in range(401)]
    return sorted(
        {
            round(each, 6)
            for each in (*beside, *fine)
            if each >= 0 and (kind != "share" or each <= 1)
        }
    )


def valued(program, facts):
    decision = decide(program, facts, as_of=TODAY)
    return decision, with_values(program, decision, facts).gaps


@pytest.mark.parametrize("block", range(4))
def test_what_could_change_is_all_that_some_value_of_the_fact_alone_changes(tmp_path, block):
    changing = 0
    for seed in range(block * SEEDS // 4, (block + 1) * SEEDS // 4):
        chance = random.Random(seed)
        program, some = ruleset(chance, tmp_path)
        facts = account(chance, some)
        kinds = {each.name: each.kind for each in some}
        decision, gaps = valued(program, facts)
        for gap in gaps:
            tried = [
                decide(program, facts | {gap.fact: each}, as_of=TODAY)
                for each in values(kinds[gap.fact])
            ]
            wanted = tuple(
                part for part, name in PARTS.items()
                if any(getattr(each, name) != getattr(decision, name) for each in tried)
            )  # fmt: skip
            assert gap.may_change == wanted, (seed, gap.fact)
            changing += bool(wanted)
    assert changing >= 2


def test_the_bounds_of_a_score_are_reached_by_the_unknown_facts_and_never_passed(tmp_path):
    compared = 0
    for seed in range(60):
        chance = random.Random(seed)
        program, some = ruleset(chance, tmp_path)
        facts = account(chance, some)
        unknown = [each for each in some if each.name not in facts]
        if not 0 < len(unknown) <= 3:
            continue
        score = decide(program, facts, as_of=TODAY).scores[0]
        reached = []
        for combined in itertools.product(*(GRIDS[each.kind] for each in unknown)):
            known = {each.name: value for each, value in zip(unknown, combined, strict=True)}
            reached.append(decide(program, facts | known, as_of=TODAY).scores[0].value)
        # while nothing is known, the value itself may lie outside of what knowing all would give
        reached += [score.value] if score.value is not None else []
        assert min(reached) == pytest.approx(score.low), seed
        assert max(reached) == pytest.approx(score.high), seed
        compared += 1
    assert compared >= 20


def test_what_a_fact_narrows_is_what_knowing_it_closes(tmp_path):
    compared = 0
    for seed in range(60):
        chance = random.Random(seed)
        program, some = ruleset(chance, tmp_path)
        facts = account(chance, some)
        kinds = {each.name: each.kind for each in some}
        decision, gaps = valued(program, facts)
        width = decision.scores[0].high - decision.scores[0].low
        for gap in gaps:
            if not width:
                assert gap.narrows == 0
                continue
            closed = []
            for each in values(kinds[gap.fact]):
                score = decide(program, facts | {gap.fact: each}, as_of=TODAY).scores[0]
                closed.append((width - (score.high - score.low)) / width)
            assert max(min(closed), 0) - 1e-6 <= gap.narrows <= max(closed) + 1e-6, (seed, gap.fact)
            compared += 1
    assert compared >= 20


HEAD = """
[ruleset]
name = "small"
version = "1"
hit = "first"
[table.accounts.column]
a = { type = "number" }
b = { type = "number", info_level = 3 }
n = { type = "integer" }
c = { type = "choice", choices = ["x", "y", "z"] }
[score.worth]
[criterion.a]
score = "worth"
weight = 50
value = "a"
curve = [[0, 0], [10, 100]]
[criterion.b]
score = "worth"
weight = 30
value = "b"
curve = [[0, 0], [10, 100]]
[criterion.c]
score = "worth"
weight = 10
value = "c"
scale = [{ in = ["x"], points = 0 }, { in = ["y", "z"], points = 100 }]
[criterion.n]
score = "worth"
weight = 10
value = "n"
curve = [[0, 0], [10, 100]]
[class.ordinary]
level = 1
"""


def small(tmp_path, condition):
    rules = HEAD.replace(
        "[class.ordinary]", f'[class.key]\nlevel = 2\nwhen = "{condition}"\n[class.ordinary]'
    )
    (tmp_path / "small.toml").write_text(rules, encoding="utf-8")
    return compile_ruleset(load_ruleset(tmp_path / "small.toml"))


KNOWN = {"account_id": "A", "a": 2, "b": 2, "n": 2, "c": "x"}


@pytest.mark.parametrize(
    ("fact", "condition", "changes"),
    [
        ("a", "abs(a - 5) >= 4.5 and a < 1", True),
        ("a", "round(a, 0) == 3", True),
        ("a", "a * a > 30 and a * a < 31", True),
        ("a", "a / (a + b) >= 0.9", True),
        ("a", "a * a < 0", False),
        ("a", "worth >= 41.2 and worth <= 41.3", True),
        ("a", "worth >= 99", False),
        ("a", "worth > 40 and a < 5", False),
        ("n", "n > 2 and n < 3", False),
        ("n", "n > 2 and n < 4", True),
        ("c", "c == 'z'", True),
        ("c", "c != 'x' and c != 'y' and c != 'z'", False),
        ("b", "b is unknown", True),
        ("b", "b > a and b < a", False),
    ],
)
def test_no_stretch_of_values_is_overlooked_and_none_is_made_up(tmp_path, fact, condition, changes):
    facts = {name: value for name, value in KNOWN.items() if name != fact}
    (gap,) = valued(small(tmp_path, condition), facts)[1]
    assert (gap.fact, "class" in gap.may_change) == (fact, changes)


def test_what_decides_more_for_less_comes_first(tmp_path):
    program = small(tmp_path, "b >= 5 or c == 'z'")
    gaps = valued(program, {"account_id": "A", "n": 2})[1]
    # c and b could change the class, b at level 3; a closes most of the score and can change nothing else
    assert [each.fact for each in gaps] == ["c", "a", "b"]
    assert [each.may_change for each in gaps] == [("class",), (), ("class",)]
    worth = [(("class" in g.may_change) + g.narrows) / g.info_level for g in gaps]
    assert worth == sorted(worth, reverse=True)


def test_what_was_decided_before_counts(tmp_path):
    program = small(tmp_path, "a >= 5")
    facts = {name: value for name, value in KNOWN.items() if name != "a"}
    earlier = Earlier(class_="ordinary")
    decision = decide(program, facts, as_of=TODAY, earlier=earlier)
    # without a path nothing known of `a` moves the account up
    (gap,) = with_values(program, decision, facts, earlier=earlier).gaps
    assert gap.may_change == ()


def test_a_fact_worked_out_of_rows_is_worth_what_it_could_turn_out_to_be():
    facts = {"account_id": "A", "orders": [order(300_000, 30)]}
    decision = decide(kam(), facts, as_of=AS_OF)
    gaps = {each.fact: each for each in with_values(kam(), decision, facts).gaps}
    assert set(gaps) == {each.fact for each in decision.gaps}
    severe = gaps["severe_complaints"]
    assert severe.may_change == ("phase", "strategy")
    complaint = {"opened": "2026-06-20", "kind": "complaint", "severity": 3}
    known = decide(kam(), facts | {"complaints": [complaint]}, as_of=AS_OF)
    assert (known.phase, known.strategy) != (decision.phase, decision.strategy)
    assert (known.class_, known.tier) == (decision.class_, decision.tier)


def test_a_decision_without_gaps_stays_as_it_is(tmp_path):
    decision = decide(small(tmp_path, "a >= 5"), KNOWN, as_of=TODAY)
    assert with_values(small(tmp_path, "a >= 5"), decision, KNOWN) == decision
    assert MOST_BOXES > 100
