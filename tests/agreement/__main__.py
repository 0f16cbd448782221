"""The long run: `python -m tests.agreement --examples 20000 --seed 7`, or one kept case again."""

# ruff: noqa: T201  a command
from __future__ import annotations

import argparse
import hashlib
import sys
import time
import traceback
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from tests.agreement.checking import agree
from tests.strategies import Case, cases

EVERY = 5.0


def main() -> int:
    """Run cases until one fails or all have passed; return 1 when one fails."""
    options = argparse.ArgumentParser(prog="python -m tests.agreement", description=__doc__)
    options.add_argument("--examples", type=int, default=1000, help="how many cases to generate")
    options.add_argument(
        "--seed", type=int, default=0, help="where to begin; the same gives the same"
    )
    options.add_argument("--replay", type=Path, metavar="FOLDER", help="check a kept case again")
    options.add_argument(
        "--keep", type=Path, default=Path(".agreement"), help="where failing cases are kept"
    )
    given_options = options.parse_args()
    if given_options.replay:
        return _replay(given_options.replay)
    return _run(given_options.examples, given_options.seed, given_options.keep)


def _replay(folder: Path) -> int:
    case = Case.load(folder)
    try:
        agree(case)
    except Exception as error:  # noqa: BLE001  whatever goes wrong is what is looked for
        _show(case, error)
        return 1
    print("agreed")
    return 0


def _run(examples: int, start: int, keep: Path) -> int:
    progress = _Progress(examples)

    @seed(start)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(cases())
    def every(case: Case) -> None:
        progress.step()
        try:
            agree(case)
        except Exception:
            progress.failing = case
            case.save(keep / "last")
            raise

    try:
        every()
    except Exception as error:
        case = progress.failing
        if case is None:
            raise
        name = hashlib.sha256((case.ruleset + case.shown()).encode()).hexdigest()[:10]
        case.save(keep / name)
        _show(case, error)
        print(f"\nreplay: python -m tests.agreement --replay {keep / name}")
        return 1
    print(f"{progress.done} cases agreed in {time.monotonic() - progress.began:.0f} s")
    return 0


class _Progress:
    """Counts cases and says now and then how far it is."""

    def __init__(self, examples: int) -> None:
        self.examples = examples
        self.done = 0
        self.failing: Case | None = None
        self.began = self.told = time.monotonic()

    def step(self) -> None:
        self.done += 1
        now = time.monotonic()
        if now - self.told > EVERY:
            self.told = now
            what = "cases agreed" if self.failing is None else "cases, shrinking a failing one"
            rate = self.done / (now - self.began)
            print(f"{self.done} of {self.examples} {what}, {rate:.1f} a second", file=sys.stderr)


def _show(case: Case, error: Exception) -> None:
    print("ruleset:\n" + case.ruleset)
    print("book:\n" + case.shown())
    # what fails only now and then comes as a group
    for each in getattr(error, "exceptions", (error,)):
        print("\n" + "".join(traceback.format_exception(each)))


if __name__ == "__main__":
    sys.exit(main())
