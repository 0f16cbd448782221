"""Fragile accounts: those that the smallest moves of a parameter or weight place elsewhere."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Protocol

from kamrules.diagnostics import RulesetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kamrules.compiler import Program
    from kamrules.engines.sql.trying import Shifted, Trials
    from kamrules.progress import Progress
    from kamrules.workbench.sensitivity.tuned import Tuned
    from kamrules.workbench.sensitivity.variants import Variants

MOVES = (0.01, 0.03, 0.1, 0.3, 1.0, float("inf"))
"""Moves that are tried one after the other, until enough accounts go elsewhere; the last is a whole range."""
SMALLER = 4
"""Where even the first move takes too many accounts elsewhere, it is made so many times smaller."""
CROWD = 100
"""So many accounts are looked at more closely, at most, for each side of a parameter."""
EXACT = 0.02
"""A move is known well enough when what is open of it is less than this share of it."""


@dataclass(frozen=True, slots=True)
class Fragile:
    """An account that stands elsewhere once `tuned` has `value`, which is a `move` (a share) away.

    No parameter or weight that was varied does so, as far as was seen, with a smaller move.
    """

    account_id: str
    tuned: Tuned
    value: float
    move: float
    class_was: str | None
    class_is: str | None
    tier_was: str | None
    tier_is: str | None


class Effects(Protocol):
    """What is known of one parameter or weight so far (kamrules.workbench.sensitivity.measuring.Effect)."""

    @property
    def tuned(self) -> Tuned:
        """Return what is varied."""

    @property
    def sides(self) -> tuple[bool, bool]:
        """Return whether accounts went elsewhere below the value as written, and above it."""


class Measured(Protocol):
    """What programs are tried with (kamrules.workbench.sensitivity.measuring)."""

    variants: Variants
    trials: Trials
    now: int


@dataclass(frozen=True, slots=True)
class _Side:
    """One way in which something can be moved."""

    tuned: Tuned
    end: float

    def value(self, move: float) -> float:
        """Return the value a move away, on the grid and in the range."""
        way = min(move * self.tuned.scale, abs(self.end - self.tuned.value))
        return self.tuned.on_grid(self.tuned.value + (way if self.end > self.tuned.value else -way))


@dataclass(order=True, slots=True)
class _Bracket:
    """Accounts that stand as they do at one value and elsewhere at another; nearest first."""

    least: float
    most: float
    number: int
    side: _Side = field(compare=False)
    stays: float = field(compare=False)
    goes: float = field(compare=False)
    accounts: dict[str, Shifted] = field(compare=False)


def fragile(
    effects: Iterable[Effects], measured: Measured, nearest: int, progress: Progress
) -> list[Fragile]:
    """Return so many accounts that are nearest a border, the nearest first."""
    sides = [
        _Side(each.tuned, end)
        for each in effects
        for end, moves in zip((each.tuned.low, each.tuned.high), each.sides, strict=True)
        if moves
    ]
    search = _Search(measured, nearest, progress)
    brackets = search.first(sides)
    return search.closest(brackets)


class _Search:
    """The search for fragile accounts."""

    def __init__(self, measured: Measured, nearest: int, progress: Progress) -> None:
        self.measured = measured
        self.nearest = nearest
        self.progress = progress
        self.numbers = count()

    def first(self, sides: Sequence[_Side]) -> list[_Bracket]:
        """Return brackets that hold enough accounts, or all there are, within the smallest such move."""
        found: list[_Bracket] = []
        last = 0.0
        for move in MOVES:
            found += self._moved(sides, last, move)
            if _accounts(found) >= self.nearest:
                break
            last = move
        if last == 0.0:
            move = MOVES[0] / SMALLER
            while _accounts(found) > CROWD:
                smaller = self._moved([each.side for each in found], 0.0, move)
                if _accounts(smaller) < self.nearest:
                    break
                found, move = smaller, move / SMALLER
        return found

    def _moved(self, sides: Sequence[_Side], last: float, move: float) -> list[_Bracket]:
        """Return for each side the accounts that a move takes elsewhere."""
        found = []
        for number, side in enumerate(sides):
            self.progress("looking for accounts near a border", number, len(sides))
            stays = side.value(last)
            goes = side.value(move)
            if goes == stays:
                continue
            accounts = self._elsewhere(side, goes, CROWD, few=False)
            if accounts:
                found.append(self._bracket(side, stays, goes, accounts))
        return found

    def _bracket(
        self, side: _Side, stays: float, goes: float, accounts: dict[str, Shifted]
    ) -> _Bracket:
        least, most = side.tuned.move(stays), side.tuned.move(goes)
        return _Bracket(least, most, next(self.numbers), side, stays, goes, accounts)

    def _elsewhere(
        self, side: _Side, value: float, most: int | None, *, few: bool
    ) -> dict[str, Shifted]:
        """Return the accounts that a value places elsewhere; none where the ruleset does not compile."""
        program = self._program(side, value)
        if program is None:
            return {}
        found = self.measured.trials.shifted(program, most, few=few)
        return {each.account_id: each for each in found}

    def _program(self, side: _Side, value: float) -> Program | None:
        try:
            program = self.measured.variants.at(side.tuned, value)
        except RulesetError:
            return None
        return None if self.measured.trials.meaning(program) == self.measured.now else program

    def closest(self, brackets: list[_Bracket]) -> list[Fragile]:
        """Halve the nearest bracket again and again, until enough accounts are known well enough."""
        self.measured.trials.few({name for each in brackets for name in each.accounts})
        heapq.heapify(brackets)
        done: dict[str, Fragile] = {}
        while brackets and len(done) < self.nearest:
            one = heapq.heappop(brackets)
            one.accounts = {key: each for key, each in one.accounts.items() if key not in done}
            if not one.accounts:
                continue
            self.progress("looking for accounts near a border", len(done), self.nearest)
            for half in self._halves(one):
                if half is one:
                    done |= {name: _fragile(one, each) for name, each in one.accounts.items()}
                else:
                    heapq.heappush(brackets, half)
        return sorted(done.values(), key=lambda each: each.move)[: self.nearest]

    def _halves(self, one: _Bracket) -> Iterator[_Bracket]:
        """Yield the bracket's halves that hold accounts; itself when it is narrow enough."""
        middle = one.side.tuned.on_grid((one.stays + one.goes) / 2)
        if middle in {one.stays, one.goes} or one.most - one.least <= EXACT * one.most:
            yield one
            return
        gone = self._elsewhere(one.side, middle, None, few=True)
        near = {name: gone[name] for name in one.accounts if name in gone}
        far = {name: each for name, each in one.accounts.items() if name not in gone}
        if near:
            yield self._bracket(one.side, one.stays, middle, near)
        if far:
            yield self._bracket(one.side, middle, one.goes, far)


def _accounts(brackets: Iterable[_Bracket]) -> int:
    return len({name for each in brackets for name in each.accounts})


def _fragile(one: _Bracket, each: Shifted) -> Fragile:
    return Fragile(
        each.account_id, one.side.tuned, one.goes, one.most, each.class_was, each.class_is,
        each.tier_was, each.tier_is,
    )  # fmt: skip
