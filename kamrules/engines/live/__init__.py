"""The live engine: one account at a time, concluded by durable-rules from what the row engine measures."""

from __future__ import annotations

from kamrules.engines.live.engine import LiveEngine
from kamrules.engines.live.network import TooLargeError

__all__ = ["LiveEngine", "TooLargeError"]
