"""Delivering: webhooks for the entries of the decision log that changed something, each receiver on its own.

How far a receiver has been told stands in the store, so nothing is lost when the service ends, however it
does: every entry arrives at least once, and in the log's order. A receiver that does not answer keeps neither
events nor other receivers waiting; what it has not got stays in the log.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import KamrulesError
from kamrules.serve.receivers import GONE, Receiver, deliver

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamrules.live.book import LiveBook
    from kamrules.live.entries import Entry
    from kamrules.serve.measures import Measures
    from kamrules.serve.signing import Secrets

TYPE = "kamrules.decision.changed"
PAGE = 200
"""Entries read from the log at once."""
TAKEN, WAS_GONE, UNREACHABLE = "taken", "gone", "unreachable"
STORE_SECONDS = 5.0
"""Until a store that failed is asked again."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the next try: `first` seconds, then twice as long each time, up to `most`.

    Up to a half less, by chance, so that receivers that failed together are not asked together.
    """

    first: float = 1.0
    most: float = 300.0

    def seconds(self, tries: int) -> float:
        """Return how long to wait after so many tries that failed."""
        longest = min(self.most, self.first * 2.0 ** min(tries - 1, 60))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311  no secret


class Delivery(threading.Thread):
    """Tells one receiver, in a thread of its own."""

    def __init__(  # noqa: PLR0913  what a delivery needs
        self,
        receiver: Receiver,
        book: LiveBook,
        secrets: Secrets,
        *,
        measures: Measures,
        tell: Callable[[str], None],
        backoff: Backoff | None = None,
    ) -> None:
        """A receiver that the store does not know yet is told what comes from now on."""
        super().__init__(name=f"kamrules-{receiver.name[:16]}", daemon=True)
        self.receiver, self.book, self.secrets = receiver, book, secrets
        self.measures, self.tell, self.backoff = measures, tell, backoff or Backoff()
        self._news, self._ended = threading.Event(), threading.Event()
        self.failures = 0
        at = book.cursor(receiver.name)
        if at is None:
            at = book.head[0]
            book.move_cursor(receiver.name, at)
        self.at = at

    def run(self) -> None:
        """Deliver until the end."""
        while not self._ended.is_set():
            self._news.clear()
            try:
                more = self._page()
            except KamrulesError as error:
                self.tell(f"webhooks wait: {error.diagnostics[0].message}")
                self._ended.wait(STORE_SECONDS)
                continue
            if not more:
                self._news.wait()

    def wake(self) -> None:
        """Look at the log again."""
        self._news.set()

    def end(self) -> None:
        """Begin no other delivery."""
        self._ended.set()
        self._news.set()

    @property
    def backlog(self) -> int:
        """Entries of the log that this receiver has not been told, those without a change included."""
        return max(0, self.book.head[0] - self.at)

    def _page(self) -> bool:
        """Deliver what comes next in the log; return whether there may be more. Raises StoreFailed."""
        entries = self.book.entries(after=self.at, limit=PAGE)
        kept = self.at
        for entry in entries:
            message = message_of(entry)
            if message is not None:
                if not self._until_taken(*message):
                    return False
                self.book.move_cursor(self.receiver.name, entry.number)
                kept = entry.number
            self.at = entry.number
        if kept != self.at:
            self.book.move_cursor(self.receiver.name, self.at)
        return len(entries) == PAGE

    def _until_taken(self, identity: str, body: bytes) -> bool:
        """Deliver a message, however often it takes; return False when the end comes first."""
        shown = self.receiver.shown
        while not self._ended.is_set():
            result = self._try(identity, body)
            self.measures.deliveries.labels(self.receiver.label, result).inc()
            if result == TAKEN:
                if self.failures:
                    self.tell(f"webhook {shown} takes deliveries again")
                self.failures = 0
                return True
            self.failures += 1
            if result == WAS_GONE:
                self.tell(
                    f"webhook {shown} says that it is gone (410), and is left alone until a restart"
                )
                self._ended.wait()
                return False
            if self.failures == 1:
                self.tell(
                    f"webhook {shown} failed ({result}), and is tried again until it takes this"
                )
            self._ended.wait(self.backoff.seconds(self.failures))
        return False

    def _try(self, identity: str, body: bytes) -> str:
        """Return TAKEN, WAS_GONE, the status of a refusal, or UNREACHABLE."""
        headers = self.secrets.headers(identity, int(time.time()), body)
        try:
            status = deliver(self.receiver, body, headers)
        except (OSError, http.client.HTTPException, ValueError):
            # a name that cannot be looked up is a ValueError when it is too long
            return UNREACHABLE
        if 200 <= status < 300:
            return TAKEN
        return WAS_GONE if status == GONE else str(status)


def message_of(entry: Entry) -> tuple[str, bytes] | None:
    """Return what is to be told of an entry, an identity and a CloudEvent; None when no account changed.

    Both are the same each time, and there is no time of sending in them: a receiver knows what it has had.
    """
    changes = entry.changed
    if entry.account_id is None or not changes.keys() - {"account_id", "as_of"}:
        return None
    identity = f"{entry.number}-{entry.hash[:32]}"
    event = _cloud_event(entry, changes, identity)
    return identity, json.dumps(event, ensure_ascii=False).encode()


def _cloud_event(entry: Entry, changes: dict[str, Any], identity: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": identity,
        "source": "kamrules",
        "type": TYPE,
        "subject": entry.account_id,
        "datacontenttype": "application/json",
        "data": {
            "entry": entry.number,
            "kind": entry.kind,
            "ruleset": entry.ruleset,
            "version": entry.version,
            "digest": entry.digest,
            "changes": changes,
        },
    }
