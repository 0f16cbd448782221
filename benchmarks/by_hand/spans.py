"""Spans of days that the rules look back over, made once."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.by_hand import parameters as p

DAYS = {
    days: timedelta(days)
    for days in (60, 90, 180, 365, 730, p.LAPSE_AFTER, p.LIVE_WITHIN, p.DEPARTURE_MEMORY,
                 p.DECIDER_RHYTHM, p.LOSS_MEMORY)
}  # fmt: skip
