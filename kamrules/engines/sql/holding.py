"""Holding what was decided until all tables are written: in memory, or in a file when it does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kamrules.engines.sql.connecting import most_memory
from kamrules.engines.sql.output import CORE
from kamrules.engines.sql.tree import sql, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WIDTH, SHARE = 8, 0.5
"""Bytes that a value of the core takes, about, and the share of the memory that the core may take."""
SPILLED = "spilled"


def hold_core(connection: DuckDBPyConnection, folder: str, query: str, values: int) -> None:
    """Work out the core, which has about so many values: a table, or a view of one in a file of its own."""
    if values * WIDTH < most_memory(connection) * SHARE:
        connection.execute(f'CREATE TEMP TABLE "{CORE}" AS {query}')
        return
    # a table that does not fit into memory is written once to a file of its own; memory that is
    # spilled would be written again each time it makes room
    path = sql(text(str(Path(folder) / f"{CORE}.duckdb")))
    connection.execute("SET force_compression = 'uncompressed'")
    connection.execute(f'ATTACH {path} AS "{SPILLED}"')
    connection.execute(f'CREATE TABLE "{SPILLED}"."{CORE}" AS {query}')
    connection.execute(f'CREATE TEMP VIEW "{CORE}" AS FROM "{SPILLED}"."{CORE}"')
