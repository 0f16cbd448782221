"""What can be tuned: parameters that have a range, and weights of criteria; their values on a grid."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, UsageError, nearest
from kamrules.expression.types import NUMBER, Kind
from kamrules.show import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kamrules.compiler import Program
    from kamrules.expression.types import Type

WHOLE = {Kind.INTEGER, Kind.DAYS, Kind.DATE}
FIGURES = 5
"""Values that are tried have so many figures more than the value as written has before its first one."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """A number of the ruleset that is varied: `value` as written (settings included), from `low` to `high`.

    `id` is a parameter's id, or `criterion.<id>` for the weight of a criterion, which goes from nothing to
    double. A date is in days since 1970-01-01.
    """

    id: str
    title: str
    type: Type
    value: float
    low: float
    high: float

    @property
    def is_weight(self) -> bool:
        """Whether it is a criterion's weight."""
        return self.id.startswith("criterion.")

    @property
    def scale(self) -> float:
        """What moves are measured by: the value itself; the width of the range for a date, or for zero."""
        by_itself = self.value and self.type.kind is not Kind.DATE
        return abs(self.value) if by_itself else self.high - self.low

    @property
    def tick(self) -> float:
        """The grid on which values are tried, in the parameter's unit."""
        if self.type.kind in WHOLE:
            return 1.0
        return 10.0 ** (math.floor(math.log10(self.scale)) - FIGURES + 1)

    def on_grid(self, value: float) -> float:
        """Return the nearest value of the grid, inside the range."""
        grid = Decimal(repr(self.tick))
        rounded = float(round(Decimal(repr(value)) / grid) * grid)
        return min(max(rounded, self.low), self.high)

    def move(self, value: float) -> float:
        """Return how far a value is from the one as written, as a share of `scale`."""
        return abs(value - self.value) / self.scale

    def steps(self, number: int) -> list[float]:
        """Return so many values on each side, evenly spread to the ends of the range, rising."""
        found = set()
        for end in (self.low, self.high):
            way = end - self.value
            found |= {self.on_grid(self.value + way * each / number) for each in range(1, number)}
            found.add(end)
        return sorted(found - {self.value})


def tuned(program: Program) -> list[Tuned]:
    """Return what of a program can be tuned, in the order written: parameters, then weights."""
    found = [
        Tuned(each.id, each.title, each.type, float(each.value), _end(each.low, each.value),
              _end(each.high, each.value))
        for each in program.parameters
        if each.type.numeric and (each.low is not None or each.high is not None)
    ]  # fmt: skip
    found = [each for each in found if each.low < each.high]
    for score in program.scores:
        found += [
            Tuned(f"criterion.{each.id}", each.title, NUMBER, each.weight, 0.0, 2 * each.weight)
            for each in score.criteria
            if each.weight > 0
        ]
    return found


def _end(end: float | None, value: float | str | bool) -> float:  # noqa: FBT001  a value
    return float(value) if end is None else float(end)


def without_range(program: Program) -> tuple[str, ...]:
    """Return the ids of the parameters that have no range to vary them over."""
    ranged = {each.id for each in tuned(program)}
    return tuple(each.id for each in program.parameters if each.id not in ranged)


def wanted(program: Program, names: Iterable[str]) -> list[Tuned]:
    """Return what is to be varied: all, or what the names say, in the order written.

    Raises UsageError: KR825 for a name that there is not, KR826 for a parameter without a range.
    """
    known = {each.id: each for each in tuned(program)}
    names = list(dict.fromkeys(names))
    problems = [each for name in names for each in _problems(name, known, program)]
    if problems:
        raise UsageError(*problems)
    return [each for each in known.values() if not names or each.id in names]


def _problems(name: str, known: dict[str, Tuned], program: Program) -> Iterator[Diagnostic]:
    if name in known:
        return
    if any(each.id == name for each in program.parameters):
        message = f"parameter `{name}` has no range to vary it over"
        how = f"give it `low` and `high` under [parameter.{name}]"
        yield Diagnostic("KR826", message, help=how)
        return
    weights = [one.id for score in program.scores for one in score.criteria]
    if name.partition(".")[2] in weights:
        message = (
            f"the weight of criterion `{name.partition('.')[2]}` is 0: there is no double of it"
        )
        yield Diagnostic("KR826", message)
        return
    everything = [*(each.id for each in program.parameters), *known]
    weight = f"criterion.{name}" if name in weights else None
    near = weight or nearest(name, everything)
    mend = f"did you mean `{near}`?" if near else None
    what = "weight" if name.startswith("criterion.") else "parameter"
    yield Diagnostic("KR825", f"the ruleset has no {what} `{name}`", help=mend)


def written(value: float, of: Type) -> str:
    """Return a value as `--set` takes it."""
    if of.kind is Kind.DATE:
        return datetime.date.fromordinal(int(value) + EPOCH).isoformat()
    return f"{Decimal(repr(value)).normalize():f}"


def shown(value: float, of: Type) -> str:
    """Return a value as people read it, with all its figures."""
    if of.kind is Kind.DATE:
        return written(value, of)
    exact = Decimal(repr(value)) * (100 if of.kind is Kind.SHARE else 1)
    return f"{exact.normalize():,f}" + ("%" if of.kind is Kind.SHARE else "")
