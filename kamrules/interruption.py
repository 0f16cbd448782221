"""Interruption: Ctrl-C stops a run wherever it is, except while files are being moved into place."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


class Interruption:
    """What is known of Ctrl-C during one run.

    In the main thread it raises KeyboardInterrupt, also when a library that was busy at that moment
    reports it as an error of its own. Elsewhere signals are not ours, and nothing is done.
    """

    def __init__(self) -> None:
        """Start with nothing having come."""
        self.came = False
        self._held = False
        self._stop: Callable[[], Any] | None = None

    @contextmanager
    def watching(self) -> Iterator[Interruption]:
        """Watch for Ctrl-C. Raises KeyboardInterrupt for any error that follows it."""
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or before is signal.SIG_IGN:
            yield self
            return
        signal.signal(signal.SIGINT, self._arrived)
        try:
            yield self
        except Exception:
            if self.came:
                raise KeyboardInterrupt from None
            raise
        finally:
            signal.signal(signal.SIGINT, before)

    @contextmanager
    def stopping(self, stop: Callable[[], Any]) -> Iterator[None]:
        """Call `stop` too when Ctrl-C comes, so that a library stops working on it."""
        self._stop = stop
        try:
            yield
        finally:
            self._stop = None

    def hold_off(self) -> None:
        """Let Ctrl-C do nothing: what comes now takes no time and must be done as a whole."""
        self._held = True

    def let_in(self) -> None:
        """Let Ctrl-C do again what it does."""
        self._held = False

    def _arrived(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  Python's
        if self._held:
            return
        self.came = True
        if self._stop is not None:
            self._stop()
        raise KeyboardInterrupt
