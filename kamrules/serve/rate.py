"""Rate: how many requests a client may make, counted by address in a bounded room."""

from __future__ import annotations

import math
from collections import OrderedDict

CLIENTS = 10_000
"""Addresses that are remembered; of the others, whoever was not seen the longest starts anew."""


class Rate:
    """A bucket of tokens for each client address: `a_second` flow in, `burst` fit in, a request takes one."""

    def __init__(self, a_second: float, burst: float | None = None) -> None:
        """Take requests a second, and how many may come at once (by default those of two seconds)."""
        self.a_second = a_second
        self.burst = max(1.0, 2 * a_second if burst is None else burst)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str, now: float) -> int:
        """Take one request of a client; return 0, or after how many whole seconds it may come again.

        `now` is a time in seconds that never goes back.
        """
        left, since = self._buckets.pop(client, (self.burst, now))
        left = min(self.burst, left + (now - since) * self.a_second)
        allowed = left >= 1
        self._buckets[client] = (left - 1 if allowed else left, now)
        if len(self._buckets) > CLIENTS:
            self._buckets.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - left) / self.a_second))
