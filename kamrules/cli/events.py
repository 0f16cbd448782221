"""Events: what a run does as it does it, for machines: one JSON object a line on stderr."""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from kamrules.cli.failing import DEFECT, INTERRUPTED
from kamrules.cli.pace import Pace
from kamrules.diagnostics import KamrulesError
from kamrules.masking import masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kamrules.diagnostics import Diagnostic
    from kamrules.run import Result

_BETWEEN = 0.5
"""Seconds between two events about the progress of one step, at least."""


class Events:
    """Writes the events of one run; from any thread."""

    def __init__(self) -> None:
        """Start the run's clock."""
        self._start = time.monotonic()
        self._lock = threading.Lock()
        self._pace = Pace()
        self._step = ""
        self._told = 0.0

    def tell(self, event: str, **more: Any) -> None:  # noqa: ANN401  whatever JSON holds
        """Write an event, with the seconds since the run began."""
        seconds = round(time.monotonic() - self._start, 3)
        text = json.dumps(
            {"event": event, "seconds": seconds, **more}, ensure_ascii=False, default=str
        )
        with self._lock:
            # an engine or a source may say what it is doing with a secret in it
            sys.stderr.write(masked(text) + "\n")
            sys.stderr.flush()

    def progress(self, step: str, done: float = 0, of: float = 0, unit: str = "") -> None:
        """Tell a step when it begins, and how far it is from time to time (kamrules.progress)."""
        with self._lock:
            at = self._pace.at(step, done, of, unit)
            now = time.monotonic()
            begins = step != self._step
            due = bool(of) and now - self._told >= _BETWEEN
            self._step = step
            if begins or due:
                self._told = now
        if begins:
            self.tell("step", step=step)
        elif due:
            left = None if at.left is None else round(at.left, 1)
            rate = None if at.rate is None else round(at.rate)
            figures = {"done": round(done), "of": round(of), "unit": unit}
            self.tell("progress", step=step, **figures, per_second=rate, seconds_left=left)

    def warn(self, warnings: Iterable[Diagnostic]) -> None:
        """Tell what a run warns of."""
        for each in warnings:
            self.tell("warning", **each.as_json())

    def done(self, result: Result) -> None:
        """Tell that the files are in place."""
        report = result.report
        told = {name: report[name] for name in ("run", "accounts", "files", "durations")}
        self.tell("done", out=str(result.out), **told)

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Tell how the block ends when it does not end well; the command then ends with that status."""
        try:
            yield
        except KamrulesError as error:
            told = [each.as_json() for each in error.diagnostics]
            self.tell("failed", status=error.exit_status, diagnostics=told)
            raise click.exceptions.Exit(error.exit_status) from error
        except KeyboardInterrupt as stopped:
            told_of = stopped.args[0] if stopped.args else "nothing was changed"
            self.tell("interrupted", status=INTERRUPTED, message=told_of)
            raise click.exceptions.Exit(INTERRUPTED) from stopped
        except Exception:
            self.tell("failed", status=DEFECT, diagnostics=[])
            raise
