"""The clock: tells the book each new day, while the service follows it; nothing else asks it for a date."""

from __future__ import annotations

import datetime
import threading
from typing import TYPE_CHECKING

from kamrules.diagnostics import KamrulesError

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 5.0
"""Between two looks: by so much the book may begin its day late. A look costs nothing, and survives a machine
that slept and a clock that was set, which one long wait does not."""


def today() -> datetime.date:
    """Return the day that it is here."""
    return datetime.date.today()  # noqa: DTZ011  the local day is what people mean by today


class Clock(threading.Thread):
    """Calls `tick(day)` at the start and for each new day. A clock that goes back is only told of, once."""

    def __init__(
        self,
        at: Callable[[], datetime.date | None],
        tick: Callable[[datetime.date], object],
        tell: Callable[[str], None],
        day: Callable[[], datetime.date] = today,
    ) -> None:
        """Take `at`, the date that the book has, and where to tell what is worth knowing."""
        super().__init__(name="kamrules-clock", daemon=True)
        self._at, self._tick, self._tell, self._day = at, tick, tell, day
        self._ended = threading.Event()
        self._told: str | None = None

    def run(self) -> None:
        """Look at the clock until the end."""
        while True:
            self.look()
            if self._ended.wait(SECONDS):
                return

    def look(self) -> None:
        """Look once."""
        try:
            day, at = self._day(), self._at()
            if at is None or day > at:
                self._tick(day)
            elif day < at:
                self._once(f"the clock says {day}, the book is at {at} and stays there until then")
                return
            self._told = None
        except KamrulesError as error:
            # the store is gone, say; the next look tries again
            self._once(f"the book could not be told the new day: {error.diagnostics[0].message}")

    def end(self) -> None:
        """Look no more."""
        self._ended.set()

    def _once(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._tell(text)
