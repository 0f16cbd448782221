"""A third opinion: a slow and plain interpreter of programs that shares no code with an engine."""

from __future__ import annotations

from tests.oracle.expression import evaluate

__all__ = ["evaluate"]
