"""The pace of long work: how fast a step goes and how long it will still take, from what is told of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.progress import PER_CENT

if TYPE_CHECKING:
    from collections.abc import Callable

_ENOUGH = 0.5
"""Seconds of a step before anything is foretold of it."""
_LEAST = 0.005
"""The share of a step that has to be done before the time left is foretold."""


@dataclass(frozen=True, slots=True)
class At:
    """Where a step is: `rate` is in units a second, `left` in seconds; None where it is not known."""

    step: str
    done: float
    of: float
    unit: str
    rate: float | None = None
    left: float | None = None


class Pace:
    """Takes note of steps as they are told, and works out rate and time left."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with no step."""
        self._clock = clock
        self._step = ""
        self._since = clock()
        self._from = self._last = 0.0

    def at(self, step: str, done: float = 0, of: float = 0, unit: str = "") -> At:
        """Take note of how far a step is."""
        now = self._clock()
        if step != self._step or done < self._last:
            # another step, or another part of it that begins anew
            self._step, self._since, self._from = step, now, done
        self._last = done
        seconds, gone = now - self._since, done - self._from
        if not of or seconds < _ENOUGH or gone <= 0:
            return At(step, done, of, unit)
        rate = gone / seconds
        left = max(of - done, 0) / rate if gone >= of * _LEAST else None
        return At(step, done, of, unit, None if unit == PER_CENT else rate, left)


def shown(at: At) -> str:
    """Return where a step is as people read it: `1,200,000 of 3,000,000 accounts, 410,000/s, 0:04 left`."""
    if not at.of:
        return ""
    if at.unit == PER_CENT:
        parts = [f"{at.done:.0f}%"]
    elif at.unit == "bytes":
        parts = [f"{at.done / 1e6:,.0f} of {at.of / 1e6:,.0f} MB"]
    else:
        parts = [f"{at.done:,.0f} of {at.of:,.0f} {at.unit}".rstrip()]
    if at.rate is not None:
        parts.append(f"{at.rate / 1e6:,.0f} MB/s" if at.unit == "bytes" else f"{at.rate:,.0f}/s")
    if at.left is not None:
        minutes, seconds = divmod(round(at.left), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
        parts.append(f"{clock} left")
    return ", ".join(parts)
