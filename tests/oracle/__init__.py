"""A third opinion: a slow and plain interpreter of programs that shares no code with an engine."""

from __future__ import annotations

from tests.oracle.expression import evaluate
from tests.oracle.tables import decide_slowly

__all__ = ["decide_slowly", "evaluate"]
