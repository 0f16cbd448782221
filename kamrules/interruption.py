"""Interruption: Ctrl-C stops a run wherever it is, except while files are being moved into place."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


class Interruption:
    """What is known of Ctrl-C during one run.

    In the main thread it raises KeyboardInterrupt, also when a library that was busy at that moment
    reports it as an error of its own. Elsewhere signals are not ours, and nothing is done. Python
    handles a signal only between two of its own steps, and a library may be at work for hours, so a
    thread of its own is woken too and stops the library.
    """

    def __init__(self) -> None:
        """Start with nothing having come."""
        self.came = False
        self._held = False
        self._stops: list[Callable[[], Any]] = []

    @contextmanager
    def watching(self) -> Iterator[Interruption]:
        """Watch for Ctrl-C. Raises KeyboardInterrupt for any error that follows it."""
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or before is signal.SIG_IGN:
            yield self
            return
        signal.signal(signal.SIGINT, self._arrived)
        with self._woken():
            try:
                yield self
            except Exception:
                if self.came:
                    raise KeyboardInterrupt from None
                raise
            finally:
                signal.signal(signal.SIGINT, before)

    @contextmanager
    def _woken(self) -> Iterator[None]:
        """Let a thread read the numbers of signals as they come, and stop the library at Ctrl-C."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        thread = threading.Thread(target=self._read, args=(reading,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            os.close(writing)
            thread.join()
            os.close(reading)

    def _read(self, reading: int) -> None:
        while number := os.read(reading, 1):
            if number[0] == signal.SIGINT and not self._held:
                self.came = True
                for stop in self._stops:
                    # it may have ended in this very moment, and then has nothing to stop
                    with suppress(Exception):
                        stop()

    def stop_with(self, stop: Callable[[], Any]) -> None:
        """Call `stop` too when Ctrl-C comes, so that a library stops working; others are called as well."""
        self._stops.append(stop)
        if self.came:
            stop()

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
        raise KeyboardInterrupt
