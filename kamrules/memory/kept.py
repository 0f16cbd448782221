"""Kept decisions: what a run with --since leaves in the state file for the next one to take over."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_PIECE = 8 * 2**20
"""Bytes of a file that stand in one row: SQLite holds a row in memory as a whole."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (
    part INTEGER PRIMARY KEY, made_by TEXT NOT NULL, accounts INTEGER NOT NULL, digest TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS kept_piece (
    part INTEGER NOT NULL, piece INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (part, piece)
);
"""
# Decisions are kept by what they were made from, so they stay right when a kamrules that knows nothing of
# them writes the file; that is why they need no version of their own.


@dataclass(frozen=True, slots=True)
class KeptDecisions:
    """Decisions as Parquet files: of accounts, by the inputs that each was decided by.

    `made_by` says what they were made by (kamrules, ruleset, settings); all of it has to be the same for
    decisions to be taken over. `rows` counts the decisions in all files. With `adds` the files come beside
    those that the state file holds, else in their place. `why` says why there are none.
    """

    made_by: Mapping[str, str]
    files: tuple[Path, ...]
    rows: int
    adds: bool = False
    why: str | None = None


NOTHING_KEPT = KeptDecisions(
    {}, (), 0, why="the state keeps no decisions of an earlier run with --since"
)
DAMAGED = KeptDecisions({}, (), 0, why="the decisions that the state keeps are damaged")


def read_kept(connection: sqlite3.Connection, folder: Path) -> KeptDecisions:
    """Write the kept decisions to files in a folder; none of them when they are not as they were kept."""
    known = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'kept'").fetchone()
    if not known:
        return NOTHING_KEPT
    files: list[Path] = []
    rows = 0
    for part, accounts, digest in connection.execute(
        "SELECT part, accounts, digest FROM kept ORDER BY part"
    ).fetchall():
        path = folder / f"kept-{part}.parquet"
        found = hashlib.sha256()
        with path.open("wb") as file:
            for (piece,) in connection.execute(
                "SELECT bytes FROM kept_piece WHERE part = ? ORDER BY piece", (part,)
            ):
                found.update(piece)
                file.write(piece)
        if found.hexdigest() != digest:
            return DAMAGED
        files.append(path)
        rows += accounts
    if not files:
        return NOTHING_KEPT
    ((made_by,),) = connection.execute("SELECT made_by FROM kept LIMIT 1")
    return KeptDecisions(json.loads(made_by), tuple(files), rows)


def write_kept(connection: sqlite3.Connection, kept: KeptDecisions) -> None:
    """Keep decisions, inside the transaction of a run."""
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)
    if not kept.adds:
        connection.execute("DELETE FROM kept")
        connection.execute("DELETE FROM kept_piece")
    ((last,),) = connection.execute("SELECT coalesce(max(part), 0) FROM kept")
    for part, path in enumerate(kept.files, start=last + 1):
        found = hashlib.sha256()
        for number, piece in enumerate(_pieces(path)):
            found.update(piece)
            connection.execute("INSERT INTO kept_piece VALUES (?, ?, ?)", (part, number, piece))
        made_by = json.dumps(dict(kept.made_by), sort_keys=True)
        connection.execute(
            "INSERT INTO kept VALUES (?, ?, ?, ?)", (part, made_by, kept.rows, found.hexdigest())
        )


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
