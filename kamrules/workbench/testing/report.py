"""What came of a ruleset's tests."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What came of one test."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Why:
    """A condition that came out otherwise than expected, with the values that it read.

    `state` is true, false or unknown, or None for a value that is no condition; `reads` are names as
    they stand in `text`, each with its value as people read it.
    """

    address: str
    text: str
    state: str | None
    reads: tuple[tuple[str, str], ...] = ()
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that was not met: its key, what was wanted, what came, and what it rests on."""

    key: str
    wanted: str
    came: str
    why: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test: what came of it, and for a skipped one the reason."""

    __test__ = False

    id: str
    about: str
    outcome: Outcome
    failures: tuple[Failure, ...] = ()
    reason: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All tests of a ruleset that were asked for, in the order written."""

    ruleset: str
    version: str
    results: tuple[TestResult, ...]

    def count(self, outcome: Outcome) -> int:
        """Return how many tests had that outcome."""
        return sum(each.outcome is outcome for each in self.results)

    @property
    def passed(self) -> bool:
        """Whether no test failed."""
        return not self.count(Outcome.FAILED)
