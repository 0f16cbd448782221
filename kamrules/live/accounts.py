"""The accounts in memory: the states used last, and one caller at a time for each account and key."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kamrules.live.state import AccountState
    from kamrules.live.store import Store

KEPT = 5_000
"""So many accounts are held in memory; their rows take some ten kilobytes each."""
_STRIPES = 4_096


class Accounts:
    """The states of accounts as the store has them, those used last in memory.

    `generation` grows whenever the memory is emptied, because it is not known any more what the store holds;
    a state that was read before is not kept then.
    """

    def __init__(self, store: Store, kept: int = KEPT) -> None:
        self._store = store
        self._kept = kept
        self._states: OrderedDict[str, AccountState] = OrderedDict()
        self._guard = threading.Lock()
        self._stripes = [threading.Lock() for _ in range(_STRIPES)]
        self.generation = 0

    def get(self, account_id: str) -> AccountState:
        """Return the state of an account, read if need be. Raises StoreFailed."""
        with self._guard:
            found = self._states.get(account_id)
            if found is not None:
                self._states.move_to_end(account_id)
                return found
            generation = self.generation
        found = self._store.account(account_id)
        self.put(found, generation)
        return found

    def put(self, state: AccountState, generation: int) -> None:
        """Keep a state that the store holds, unless it was read in an earlier generation."""
        with self._guard:
            if generation != self.generation:
                return
            self._states[state.account_id] = state
            self._states.move_to_end(state.account_id)
            while len(self._states) > self._kept:
                self._states.popitem(last=False)

    def forget(self) -> None:
        """Forget all states."""
        with self._guard:
            self.generation += 1
            self._states.clear()

    @contextmanager
    def locked(self, account_ids: Iterable[str]) -> Iterator[None]:
        """Keep other callers of these accounts out; in one order, so that nobody waits in a circle."""
        stripes = sorted({zlib.crc32(each.encode()) % _STRIPES for each in account_ids})
        with ExitStack() as held:
            for each in stripes:
                held.enter_context(self._stripes[each])
            yield


class Keys:
    """The idempotency keys that are being posted: who comes with the same waits until it is known."""

    def __init__(self) -> None:
        self._busy: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def claimed(self, keys: Iterable[str]) -> Iterator[None]:
        """Keep other callers with one of these keys out."""
        wanted = set(keys)
        with self._changed:
            self._changed.wait_for(lambda: self._busy.isdisjoint(wanted))
            self._busy |= wanted
        try:
            yield
        finally:
            with self._changed:
                self._busy -= wanted
                self._changed.notify_all()
