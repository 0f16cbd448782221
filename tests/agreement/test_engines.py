"""All engines decide generated rulesets over generated books, and agree cell for cell.

The same cases on every machine; `python -m tests.agreement --examples 20000 --seed N` tries others.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.agreement.checking import agree
from tests.strategies import Case, cases

SEEDS = range(8)
KEPT = Path(__file__).parent / "kept"
"""Cases that engines disagreed on once."""
EXAMPLES = 40
"""So many cases of each seed: 320 in all, in parts that several processes can share."""


@pytest.mark.slow
@pytest.mark.parametrize("start", SEEDS)
def test_all_engines_and_the_oracle_give_equal_tables(start):
    @seed(start)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def every(case: Case) -> None:
        agree(case)

    every()


@pytest.mark.parametrize("name", sorted(each.name for each in KEPT.iterdir()))
def test_what_engines_once_disagreed_on_they_agree_on(name):
    agree(Case.load(KEPT / name))
