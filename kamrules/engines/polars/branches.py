"""Branches: the value behind the first true condition of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

AT_A_TIME = 32
"""So many conditions are tested one after the other."""


def first_true(branches: Sequence[tuple[pl.Expr, pl.Expr]], otherwise: pl.Expr | None) -> pl.Expr:
    """Return the value behind the first condition that is true, else what stands otherwise, or nothing.

    Many are halved, by whether one of the first half is true: each condition stands within all those before
    it, and Polars looks through all within for each, so that a thousand in a row would take it seconds.
    """
    if len(branches) > AT_A_TIME:
        half = len(branches) // 2
        some = any_of([test for test, _ in branches[:half]])
        return (
            pl.when(some)
            .then(first_true(branches[:half], None))
            .otherwise(first_true(branches[half:], otherwise))
        )
    chain: Any = pl
    for test, value in branches:
        chain = chain.when(test).then(value)
    found: pl.Expr = chain if otherwise is None else chain.otherwise(otherwise)
    return found


def any_of(tests: Sequence[pl.Expr]) -> pl.Expr:
    """Return whether one of some conditions is true; never unknown itself."""
    return pl.any_horizontal(tests).fill_null(False)  # noqa: FBT003
