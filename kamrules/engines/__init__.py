"""Engines: what decides accounts by a program, one at a time or a whole book at once."""

DUCKDB, POLARS = "duckdb", "polars"
"""Those that decide whole books."""
