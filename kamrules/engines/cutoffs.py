"""Cut-offs: what whole-book functions have to know of a book, so that one account can be placed in it.

A run writes them as cutoffs.json. An account that was in the book gets from them exactly what the run gave
it; another one is placed where it would stand beside the book's accounts.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import DataError, Diagnostic, UsageError
from kamrules.expression.types import DIGITS, PLACES, Kind

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from kamrules.compiler.program import BookStep, Program
    from kamrules.expression.types import Type

    Place = tuple[int, float | None, float | None] | tuple[float | None, float | None]
    """What the functions of a step give (kamrules.compiler.parts.functions_of)."""
    Units = Sequence[int] | None
    """What an account is compared by, and what is added up, if so; None where one of them is unknown."""

MOST = 1_000_000
"""So many different values are kept of a number; of more than that only each so many-th."""
FILE = "cutoffs.json"


def places_of(kind: Type) -> int:
    """Return the decimal places to which a number is rounded before accounts are compared by it."""
    return PLACES[Kind.MONEY] if kind.kind is Kind.MONEY else PLACES[Kind.NUMBER]


def every(values: int) -> int:
    """Return that one in so many different values is kept; 1 up to MOST."""
    return max(1, -(-values // MOST))


@dataclass(frozen=True, slots=True)
class Spread:
    """How a number is spread over a book.

    `text` is its canonical expression. The number is counted in whole units of 10**-`places`: `accounts`
    of the book have a known one, `total` is their sum, `values` are the different ones, greatest first,
    and `above` says for each how many accounts have a greater one. With more than MOST different values
    only every k-th is kept, and the smallest.

    Where another number is added up, `accounts` have both, `total` is the sum of that one, in units of
    10**-`sum_places`, and `sums` says for each value what accounts with it or a greater one have together.
    """

    text: str
    places: int
    accounts: int
    total: int
    values: tuple[int, ...]
    above: tuple[int, ...]
    sum_places: int | None = None
    sums: tuple[int, ...] | None = None

    @staticmethod
    def of(step: BookStep, accounts: Iterable[Units]) -> Spread:
        """Return the spread of the accounts' values."""
        counts: Counter[int] = Counter()
        added: Counter[int] = Counter()
        for units in accounts:
            if units is not None:
                counts[units[0]] += 1
                added[units[0]] += units[-1]
        values = sorted(counts, reverse=True)
        above = list(accumulate((counts[each] for each in values), initial=0))
        sums = list(accumulate(added[each] for each in values))
        kept = list(_thinned(len(values)))
        summed = step.summed
        return Spread(
            step.text,
            places_of(step.item.type),
            above[-1],
            sums[-1] if sums else 0,
            tuple(values[index] for index in kept),
            tuple(above[index] for index in kept),
            None if summed is None else places_of(summed.type),
            None if summed is None else tuple(sums[index] for index in kept),
        )

    def is_of(self, step: BookStep) -> bool:
        """Return whether it is the spread of what a step compares and adds up."""
        summed = None if step.summed is None else places_of(step.summed.type)
        return (self.places, self.sum_places) == (places_of(step.item.type), summed)

    def placing(self) -> Callable[[int], Place]:
        """Return a function from a value, in whole units, to its place.

        A value that is not among those kept has the place of the greatest kept one below it.
        """
        total = float(self.total) if 0 < abs(self.total) < 10**DIGITS else None
        return self._ranking(total) if self.sums is None else self._running(self.sums, total)

    def _ranking(self, total: float | None) -> Callable[[int], Place]:
        rising, above = self.values[::-1], self.above[::-1]
        accounts = self.accounts

        def place(units: int) -> Place:
            index = bisect_right(rising, units) - 1
            rank = 1 + (above[index] if index >= 0 else accounts)
            return (
                rank,
                min(rank, accounts) / accounts if accounts else None,
                None if total is None else units / total,
            )

        return place

    def _running(self, sums: tuple[int, ...], total: float | None) -> Callable[[int], Place]:
        rising, running = self.values[::-1], sums[::-1]
        whole, unit = self.total, 10.0 ** (self.sum_places or 0)

        def place(units: int) -> Place:
            index = bisect_right(rising, units) - 1
            found = running[index] if index >= 0 else whole
            if abs(found) >= 10**DIGITS:
                return None, None
            return found / unit, None if total is None else found / total

        return place


def _thinned(count: int) -> Iterator[int]:
    """Yield which of so many different values are kept."""
    step = every(count)
    yield from range(0, count, step)
    if count and (count - 1) % step:
        yield count - 1


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """The spread, over a book on a date, of every number that a program's whole-book functions compare.

    For the program with that digest only: another parameter may mean another number.
    """

    ruleset: str
    digest: str
    as_of: datetime.date
    spreads: tuple[Spread, ...]

    @staticmethod
    def of(
        program: Program,
        accounts: Iterable[Mapping[str, Any]],
        as_of: datetime.date | str,
        *,
        strict: bool = True,
    ) -> Cutoffs:
        """Return the cut-offs of a book in process: each account's facts as `decide` takes them.

        Raises DataError as `decide` does.
        """
        from kamrules.engines.row import engine_of  # noqa: PLC0415  a neighbour that needs this module

        return engine_of(program).cutoffs(accounts, as_of, strict=strict)

    @staticmethod
    def read(path: str | Path) -> Cutoffs:
        """Return what a file holds. Raises UsageError without such a file, DataError for another content."""
        from kamrules.engines.cutoffs_file import read  # noqa: PLC0415  it needs this module

        try:
            content = Path(path).read_bytes()
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            raise UsageError(Diagnostic("KR805", f"`{path}` cannot be read: {reason}")) from None
        return read(content, str(path))

    def write(self, path: str | Path) -> None:
        """Write the cut-offs to a file, whole or not at all. Raises OSError when that is not possible."""
        target = Path(path)
        beside = target.with_name(f".{target.name}.part")
        try:
            beside.write_text(self.as_json(), encoding="utf-8", newline="\n")
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)

    def as_json(self) -> str:
        """Return the cut-offs as JSON, a line a spread; numbers are whole units, as Spread holds them."""
        head = {
            "content": "cut-offs",
            "ruleset": self.ruleset,
            "digest": self.digest,
            "as_of": self.as_of.isoformat(),
        }
        lines = [f"{_json(key)}: {_json(value)}" for key, value in head.items()]
        spreads = [
            _json(
                {
                    name: found
                    for name in Spread.__dataclass_fields__
                    if (found := getattr(each, name)) is not None
                }
            )
            for each in self.spreads
        ]
        listed = ",\n  ".join(spreads)
        lines.append(f'"spreads": [\n  {listed}\n]' if spreads else '"spreads": []')
        return "{\n" + ",\n".join(lines) + "\n}\n"

    def placing(self, program: Program) -> tuple[Callable[[int], Place], ...]:
        """Return what gives an account's place, for each whole-book step of a program.

        Raises DataError when the cut-offs are of another program.
        """
        if self.digest != program.digest:
            raise DataError(self._foreign(program))
        known = {each.text: each for each in self.spreads}
        found = []
        for step in program.book_steps:
            spread = known.get(step.text)
            if spread is None or not spread.is_of(step):
                what = f"the cut-offs do not tell how `{step.text}` is spread over the book"
                raise DataError(Diagnostic("KR606", what, help=_again(program)))
            found.append(spread.placing())
        return tuple(found)

    def _foreign(self, program: Program) -> Diagnostic:
        if self.ruleset == program.name:
            what = f"the cut-offs are of ruleset `{program.name}` with other rules or parameters"
        else:
            what = f"the cut-offs are of ruleset `{self.ruleset}`, not of `{program.name}`"
        return Diagnostic("KR606", what, help=_again(program) if program.book_steps else None)


def _again(program: Program) -> str:
    return f"run the book again with ruleset `{program.name}` as it is now, which writes {FILE}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
