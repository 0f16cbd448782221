"""Rarely: an expression that takes long and is asked for by few rows is worked out for these only."""

from __future__ import annotations

import polars as pl

ASKED = "is asked for"


def rarely(test: pl.Expr, found: pl.Expr, kind: type[pl.String | pl.Int64]) -> pl.Expr:
    """Return a value, of the type given, where a condition is true, and something or other elsewhere.

    Polars works out all branches for all rows; here the rows that ask are taken apart first.
    """
    read = [pl.col(each) for each in dict.fromkeys(found.meta.root_names())]

    def work(rows: pl.Series) -> pl.Series:
        frame = rows.struct.unnest()
        asked = frame[ASKED].fill_null(value=False)
        nothing = pl.repeat(None, len(frame), dtype=kind, eager=True)
        if not asked.any():
            return nothing
        some = frame.filter(asked).select(found).to_series()
        return nothing.scatter(asked.arg_true(), some)

    rows = pl.struct(test.alias(ASKED), *read)
    return rows.map_batches(work, return_dtype=kind, is_elementwise=True)
