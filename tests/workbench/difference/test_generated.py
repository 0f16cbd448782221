"""Generated rulesets, edited at random: what a difference tells is what runs and undone edits show."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from kamrules.diagnostics import KamrulesError
from kamrules.workbench.difference.edits import edits
from tests.strategies import cases
from tests.strategies.drawing import Draw
from tests.workbench.difference import editing
from tests.workbench.difference.checking import check_pair

SEEDS = range(2)
EXAMPLES = 4


@pytest.mark.slow
@pytest.mark.parametrize("start", SEEDS)
def test_a_difference_is_what_two_runs_and_runs_with_edits_undone_show(start):
    seen = []

    @seed(start)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(), st.data())
    def every(case, data):
        seen.append(check(case, Draw(data.draw)))

    every()
    assert any(each is not None and each.rules for each in seen)


def check(case, draw):
    """Edit a case's ruleset and check what is told; None when the ruleset does not compile."""
    try:
        old, _ = editing.canon_of(case.ruleset)
    except KamrulesError:
        return None
    assert edits(old, old) == ()
    return check_pair(case, editing.edited(draw, case.ruleset, draw.whole(1, 4)))
