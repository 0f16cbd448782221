"""Session: the C extension of durable-rules, driven so that what it does wrong cannot happen.

Nothing else imports it.

- Sessions are asserted to and deleted, never retracted from or kept; every session fires a rule first,
  without which deleting it frees what was never made. A ruleset has one session at a time, under our own
  short id.
- Only whole numbers and our own names are asserted: no texts, floats, 64-bit numbers, or ids of others.
- No Host: it starts threads that never stop, and reads back every matched fact as JSON. What is needed of
  it is a loop over three functions of the extension, hence `==2.0.28` in pyproject.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kamrules.engines.live.network import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BUDGET = 20_000
"""So many rules may fire in one evaluation; those of a program fire once each."""
_HANDLED = 0
_BOOT = '{"sid":"s","id":"b","b":1}'


class Session:
    """A ruleset of durable-rules and the session that it has while it is matched; for one thread at a time.

    `definition` is what durable-rules reads, a rule by name, without `run`. Raises ImportError where
    durable-rules cannot be imported.
    """

    def __init__(self, name: str, definition: dict[str, Any]) -> None:
        # here, and not at the top: the row engine does without, and says so
        import durable_rules_engine  # noqa: PLC0415

        self.definition = {"b": {"all": [{"m": {"b": 1}}]}, **definition}
        self._library = durable_rules_engine
        self._handle = durable_rules_engine.create_ruleset(name, json.dumps(self.definition))
        self._budget = BUDGET

    def close(self) -> None:
        """Give the memory back."""
        self._library.delete_ruleset(self._handle)

    def open(self) -> None:
        """Begin an evaluation."""
        self._budget = BUDGET
        for _ in self.fired(_BOOT):
            pass

    def end(self) -> None:
        """Forget the evaluation."""
        self._library.delete_state(self._handle, "s")

    def fired(self, message: str) -> Iterator[str]:
        """Assert a message (JSON, with `"sid":"s"` and an id of its own) and yield the rules that fire.

        Each is told as durable-rules does, as JSON: `{"rule":{"alias":{message}, ...}}`.
        Raises TooLargeError.
        """
        result, state = self._library.assert_fact(self._handle, message)
        if result != _HANDLED:
            # no rule waits for it
            return
        started = self._library.start_action_for_state(self._handle, state)
        text = started[1] if started else None
        while text:
            yield text
            self._budget -= 1
            if self._budget <= 0:
                raise TooLargeError(f"more than {BUDGET} rules fired")
            text = self._library.complete_and_start_action(self._handle, state)

    def run(self, messages: Iterable[str]) -> Iterator[str]:
        """Match messages, which lack braces and session, in a session; yield the rules that fire."""
        self.open()
        try:
            for each in messages:
                yield from self.fired(f'{{"sid":"s",{each}}}')
        finally:
            self.end()
