"""The flat accounts that all peers decide: as a Parquet file, and as dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.peers.rules import CHOICES, COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

_MOST = {
    "annual_revenue": 8_000_000, "revenue": 900_000, "revenue_before": 900_000, "overdue": 200_000,
    "wallet_share": 1, "margin": 0.5, "on_time": 1,
    "employees": 1_500, "executives": 4, "supporters": 6, "complaints": 5, "visits": 11, "offers": 4,
    "since": 4_000, "contacted": 300,
}  # fmt: skip


def write_accounts(connection: duckdb.DuckDBPyConnection, accounts: int, path: Path) -> None:
    """Write a Parquet file of accounts, the same on every run; a twentieth of what can be unknown is."""
    items = ["'A' || lpad(i::VARCHAR, 9, '0') AS account_id", "'Company ' || i AS name"]
    items += [_column(number, name, kind) for number, (name, kind) in enumerate(COLUMNS.items())]
    select = f"SELECT {', '.join(items)} FROM range({accounts}) t(i)"
    connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)").fetchall()


def _column(number: int, name: str, kind: str) -> str:
    noise = f"(hash(i * 131 + {number}) % 1000003) / 1000003.0"
    if kind == "choice":
        choices = CHOICES[name]
        return f"{list(choices)}[1 + (hash(i * 37 + {number}) % {len(choices)})::INTEGER] AS {name}"
    if kind == "bool":
        return f"hash(i * 41 + {number}) % 10 > 1 AS {name}"
    if kind == "date":
        first = f"DATE '2026-06-29' - {_MOST[name]}"
        value = f"{first} + ({noise} * {_MOST[name]})::INTEGER"
    elif kind == "integer":
        value = f"floor({noise} * {_MOST[name] + 1})::INTEGER"
    elif kind == "money":
        # never zero, so that nobody has to think of what a division by it comes to
        value = f"(round({noise} * {_MOST[name]}, 2) + 1)::DECIMAL(14, 2)"
    else:
        value = f"round({noise} * {_MOST[name]}, 4)::DOUBLE"
    return f"CASE WHEN hash(i * 17 + {number}) % 20 > 0 THEN {value} END AS {name}"


def read_accounts(
    connection: duckdb.DuckDBPyConnection, path: Path, limit: int
) -> list[dict[str, Any]]:
    """Return the first accounts of a file as dicts: money as floats, dates as dates, unknown as None."""
    items = [
        f"{name}::DOUBLE AS {name}" if kind == "money" else name for name, kind in COLUMNS.items()
    ]
    rows = connection.execute(
        f"SELECT account_id, name, {', '.join(items)} FROM '{path}' LIMIT {limit}"
    )
    names = [each[0] for each in rows.description]
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
