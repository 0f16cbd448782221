"""The service: the live book with what stands around it, and the threads in which the book is asked.

The book's calls wait: for workers that decide, for the disk. They are made in threads, those that post apart
from those that read, and the two that look after the service (health, metrics) apart from both, so that
these answer while a thousand events wait.
"""

from __future__ import annotations

import asyncio
import datetime
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from kamrules.serve.measures import Measures
from kamrules.serve.problem import TOO_MUCH, Problem
from kamrules.serve.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kamrules.document import Ruleset
    from kamrules.live.book import LiveBook
    from kamrules.live.days import Reloaded
    from kamrules.serve.delivering import Delivery
    from kamrules.serve.hooks import Hook

POSTING, READING, LOOKING = 32, 6, 2
"""Threads of each kind. Postings that wait together are stored together, so more of them cost little."""
MOST_WAITING = 5_000
"""Requests that may wait for a thread to post in; later ones are told to come again."""

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Service:
    """One book served. `clock` gives today while the book follows the clock, else it is None."""

    def __init__(
        self,
        book: LiveBook,
        read: Callable[[], Ruleset],
        *,
        most_body: int,
        clock: Callable[[], datetime.date] | None = None,
        measures: Measures | None = None,
    ) -> None:
        """Take the book, and how its ruleset is read anew; `most_body` bytes are the longest body."""
        self.book, self.read, self.most_body, self.clock = book, read, most_body, clock
        self.measures = measures or Measures()
        self.deliveries: tuple[Delivery, ...] = ()
        self.hooks: Mapping[str, Hook] = {}
        self.waiting = 0
        self.measures.registry.register(Standing(self))
        self._posting = ThreadPoolExecutor(POSTING, "kamrules-post")
        self._reading = ThreadPoolExecutor(READING, "kamrules-read")
        self._looking = ThreadPoolExecutor(LOOKING, "kamrules-look")

    async def posted(
        self, work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        """Return what a call that changes the book returns. Raises Problem 503 when too many wait."""
        if self.waiting >= MOST_WAITING:
            told = f"more than {MOST_WAITING:,} requests wait to be stored"
            problem = Problem.of(503, TOO_MUCH, told, "send it again a little later")
            problem.headers["retry-after"] = "1"
            raise problem
        self.waiting += 1
        try:
            return await _in(self._posting, lambda: work(*given, **named))
        finally:
            self.waiting -= 1

    async def asked(
        self, work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        """Return what a call that reads the book returns."""
        return await _in(self._reading, lambda: work(*given, **named))

    async def looked(
        self, work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        """Return what a quick look after the service returns."""
        return await _in(self._looking, lambda: work(*given, **named))

    def reload(self, *, redecide: bool = False) -> Reloaded:
        """Take over the ruleset as it stands now. Raises RulesetError, and the old one stays."""
        found = self.book.reload(self.read(), redecide=redecide)
        self.news()
        return found

    def tick(self, day: datetime.date) -> None:
        """Move the book on to a date."""
        self.book.tick(day)
        self.news()

    def latest(self) -> datetime.date | None:
        """Return the last date that a client may name: tomorrow, as it may be ahead of here; None for any."""
        return None if self.clock is None else self.clock() + datetime.timedelta(days=1)

    def news(self) -> None:
        """Tell the deliveries that the log may have new entries."""
        for each in self.deliveries:
            each.wake()

    def close(self) -> None:
        """Wait for what is under way, and take no more."""
        for each in (self._posting, self._reading, self._looking):
            each.shutdown(wait=True, cancel_futures=True)


async def _in(threads: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(threads, work)
