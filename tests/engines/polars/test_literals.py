"""Constants that count as equal in Python stay apart."""

from __future__ import annotations

import math

import polars as pl

from kamrules.engines.polars.literals import literal


def test_zeros_keep_their_sign_and_values_their_type():
    zeros = [(0.0, pl.Float64), (-0.0, pl.Float64)]
    given = [*zeros, (1, pl.Int64), (True, pl.Boolean), (1, pl.UInt16), (None, pl.Int32)]
    made = pl.select(literal(value, kind).alias(str(n)) for n, (value, kind) in enumerate(given))
    assert made.dtypes == [kind for _, kind in given]
    found = made.row(0)
    assert [math.copysign(1, each) for each in found[:2]] == [1, -1]
    assert list(found) == [value for value, _ in given]
