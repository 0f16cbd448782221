"""Literals: constants of a type as expressions, each made once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import polars as pl

MANY = 10_000
"""So many constants are kept; a large ruleset says a few thousand, and most of them again and again."""


def literal(value: Any, kind: Any) -> pl.Expr:  # noqa: ANN401  whatever the type has
    """Return a constant of a type.

    Polars makes a series of each and casts it, which took a tenth of the time of a run over a small book.
    """
    return _made(repr(value), value, kind)


@lru_cache(MANY)
def _made(_: str, value: Any, kind: Any) -> pl.Expr:  # noqa: ANN401
    """Return a constant; the text tells those apart that count as equal, such as 0.0 and -0.0."""
    return pl.lit(value, dtype=kind)
