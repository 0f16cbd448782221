"""Writing takes few rows at a time, and leaves Polars as whoever runs us has set it."""

from __future__ import annotations

import os

import polars as pl
import pytest

from kamrules.engines.polars.writing import CHUNK, CHUNK_IS_SET, write

ROWS = 3 * CHUNK


def batches(path):
    """Write a frame, and return how many rows passed at a time."""
    found = []

    def look(rows):
        found.append(len(rows))
        return rows

    frame = pl.LazyFrame({"a": range(ROWS)}).map_batches(look, streamable=True)
    write({path: frame}, {})
    assert pl.read_parquet(path)["a"].to_list() == list(range(ROWS))
    return found


def test_polars_takes_few_rows_at_a_time_and_is_left_as_it_was(tmp_path, monkeypatch):
    monkeypatch.delenv(CHUNK_IS_SET, raising=False)
    assert max(batches(tmp_path / "a.parquet")) <= CHUNK
    assert CHUNK_IS_SET not in os.environ


def test_what_polars_was_told_before_stands(tmp_path):
    pl.Config.set_streaming_chunk_size(ROWS)
    try:
        assert max(batches(tmp_path / "a.parquet")) > CHUNK
        assert os.environ[CHUNK_IS_SET] == str(ROWS)
    finally:
        pl.Config.set_streaming_chunk_size(None)


def test_a_write_that_fails_leaves_polars_as_it_was(tmp_path, monkeypatch):
    monkeypatch.delenv(CHUNK_IS_SET, raising=False)
    frame = pl.LazyFrame({"a": ["x"]}).with_columns(pl.col("a").cast(pl.Int64))
    with pytest.raises(pl.exceptions.PolarsError):
        write({tmp_path / "a.parquet": frame}, {})
    assert CHUNK_IS_SET not in os.environ
