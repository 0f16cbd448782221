"""Memory: what was decided before, so that hysteresis, one-step moves and cooldowns work from run to run."""

from __future__ import annotations

from kamrules.memory.file import EarlierFiles, Memory, RecordedRun

__all__ = ["EarlierFiles", "Memory", "RecordedRun"]
