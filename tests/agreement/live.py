"""The long run of live against row: `python -m tests.agreement.live --examples 20000 --seed 7`.

Both decide every account of generated books by generated rulesets, and must give the same ids and numbers.
"""

# ruff: noqa: T201  a command
from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings

from kamrules import RulesetError
from tests.agreement.comparing import Disagreement
from tests.agreement.deciding_live import agree_live
from tests.agreement.engines import compiled
from tests.strategies import cases

if TYPE_CHECKING:
    from tests.strategies import Case

EVERY = 500


def main() -> int:
    """Run cases until one fails or all have passed; return 1 when one fails."""
    options = argparse.ArgumentParser(prog="python -m tests.agreement.live", description=__doc__)
    options.add_argument("--examples", type=int, default=1000, help="how many cases to generate")
    options.add_argument(
        "--seed", type=int, default=0, help="where to begin; the same gives the same"
    )
    told = options.parse_args()
    counts: Counter[str] = Counter()

    @seed(told.seed)
    @settings(
        max_examples=told.examples, database=None, deadline=None,
        phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False, print_blob=False,
    )  # fmt: skip
    @given(cases())
    def every(case: Case) -> None:
        try:
            program = compiled(case.ruleset)
        except RulesetError:
            # a few in ten thousand: a score that the generator takes for a number
            counts["did not compile"] += 1
            return
        agree_live(case, counts, program)
        if counts["cases"] % EVERY == 0:
            print(dict(counts), flush=True)

    try:
        every()
    except Disagreement as error:
        print(error.case.ruleset, error.case.shown(), error, sep="\n\n", file=sys.stderr)
        return 1
    print(f"agreed: {dict(counts)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
