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
        check(case, Draw(data.draw))

    every()


def check(case, draw):
    """Edit a case's ruleset, where it compiles, and check what is told."""
    try:
        old, _ = editing.canon_of(case.ruleset)
    except KamrulesError:
        return
    assert edits(old, old) == ()
    check_pair(case, editing.edited(draw, case.ruleset, draw.whole(1, 4)))
