"""Counting: a decider around another, which counts who answered and how long it took."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime

    from kamrules.compiler.program import Program
    from kamrules.live.deciding import Answer, Decider, Question
    from kamrules.serve.measures import Measures


class Counted:
    """A Decider that decides as another one does."""

    def __init__(self, decider: Decider, measures: Measures) -> None:
        """Take who decides, and where it is counted."""
        self._decider, self._measures = decider, measures

    @property
    def described(self) -> dict[str, Any]:
        """What it is."""
        return self._decider.described

    def prepare(self, program: Program, as_of: datetime.date | None = None) -> None:
        """Get ready to decide by a program."""
        self._decider.prepare(program, as_of)

    def decide(self, question: Question) -> Answer:
        """Return the answer, counted."""
        start = time.perf_counter()
        found = self._decider.decide(question)
        self._measures.deciding.observe(time.perf_counter() - start)
        self._measures.decisions.labels(found.engine, found.trouble or "none").inc()
        return found

    def close(self) -> None:
        """Give back what the decider holds."""
        self._decider.close()
