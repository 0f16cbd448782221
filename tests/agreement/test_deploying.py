"""The views of `kamrules sql`, and a run as SQL, tell what the row engine decides, wherever they run.

The same cases on every machine; `python -m tests.agreement.deploying --examples 2000` tries others.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.agreement.deploying import agree_completely, agree_in
from tests.engines.sql.spark import OF_SPARK
from tests.engines.sql.warehouses import warehouse_of
from tests.strategies import Case, cases

pytestmark = pytest.mark.filterwarnings(*OF_SPARK)
KEPT = Path(__file__).parent / "kept"
SEEDS = range(3)
EXAMPLES = 20
"""So many cases of each seed and warehouse: 120 in all."""
ON_SPARK = 5
"""So many on each of the two forms of Spark, which plans each of them for seconds."""


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def warehouse(request):
    with warehouse_of(request.param) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("start", SEEDS)
def test_views_of_any_ruleset_over_any_tables_tell_what_the_row_engine_decides(warehouse, start):
    @seed(1000 + start)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def every(case: Case) -> None:
        agree_in(warehouse, case)

    every()


@pytest.mark.slow
def test_what_engines_once_disagreed_on_the_views_agree_on(warehouse):
    for folder in sorted(KEPT.iterdir()):
        agree_in(warehouse, Case.load(folder))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dialect", "examples"), [("duckdb", 40), ("spark", ON_SPARK), ("lenient spark", ON_SPARK)]
)
def test_the_statements_of_a_run_give_the_row_engines_tables(dialect, examples):
    with warehouse_of(dialect) as found:

        @seed(2000)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(cases())
        def every(case: Case) -> None:
            agree_completely(found, case)

        every()
