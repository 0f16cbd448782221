"""Compact: one decision as ids and numbers, as fast as the generated function gives it."""

from __future__ import annotations

from typing import Any, NamedTuple


class Compact(NamedTuple):
    """What the generated function returns, in the order of the program's rules in force.

    `scores`: (value, low, high, band) each; `points`, `read`: of every criterion, score after score;
    `gates`: placement.MET, UNMET or UNKNOWN, paths' gates before tiers'; `chosen`: keys of the proposed
    actions, ranked; `held`: (key, day proposed or 0 for excluded); key % number of actions counts from
    the last action written, key // number is the priority in thousandths; `miss`: number of the
    nearest-miss action or None; `facts`, `aggregates`: their values,
    behind the aggregates what whole-book steps yield (whole_book.parts_of).
    `fault`: None, or the classes that hold although exactly one should.
    """

    class_: str | None
    class_move: str | None
    fault: tuple[str, ...] | None
    tier: str | None
    tier_move: str | None
    phase: str | None
    strategy: str | None
    scores: tuple[tuple[float | None, float | None, float | None, str | None], ...]
    points: tuple[float | None, ...]
    read: tuple[Any, ...]
    gates: tuple[int, ...]
    chosen: list[int]
    held: list[tuple[int, int]]
    miss: int | None
    facts: tuple[Any, ...]
    aggregates: tuple[Any, ...]
