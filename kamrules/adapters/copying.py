"""Copying a relation into a file, in whatever form DuckDB writes, and knowing how many rows went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_VIEW = "kamrules_copied"


def copied(connection: Any, relation: Any, path: Path, how: str) -> int:  # noqa: ANN401  DuckDB's
    """Write a relation of a connection to a file as `how` says (DuckDB's COPY), and return its rows."""
    relation.create_view(_VIEW, replace=True)
    target = str(path).replace("'", "''")
    ((rows,),) = connection.execute(f"COPY (FROM {_VIEW}) TO '{target}' ({how})").fetchall()
    connection.execute(f"DROP VIEW {_VIEW}")
    return int(rows)
