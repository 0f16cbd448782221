"""A book with all of `kam`'s tables, of any size: the sample book many times, as Parquet files."""

from __future__ import annotations

import datetime
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from kamrules.workbench.sample import sample_book

if TYPE_CHECKING:
    import duckdb

ACCOUNTS = 500
"""Accounts of a copy."""
AS_OF = datetime.date(2026, 6, 30)


def write_copies(connection: duckdb.DuckDBPyConnection, copies: int, folder: Path) -> None:
    """Write a book folder; the same on every run. Each copy has accounts of its own."""
    folder.mkdir()
    with tempfile.TemporaryDirectory(dir=folder.parent) as inside:
        sample_book(Path(inside), accounts=ACCOUNTS, as_of=AS_OF)
        for each in sorted(Path(inside).glob("*.csv")):
            connection.execute(
                f"COPY (SELECT * EXCLUDE (copy) REPLACE (account_id || '-' || copy AS account_id) "
                f"FROM read_csv('{each}', sample_size = -1), range({copies}) r(copy) ORDER BY copy) "
                f"TO '{folder / each.stem}.parquet' (FORMAT parquet)"
            )
        written = (Path(inside) / "book.toml").read_text(encoding="utf-8")
    told = written.replace("csv:", "parquet:").replace(".csv", ".parquet")
    (folder / "book.toml").write_text(told, encoding="utf-8")


def edit_copies(
    connection: duckdb.DuckDBPyConnection, folder: Path, every: int, into: Path
) -> None:
    """Write the book with the contacts of every so-manieth account turned against us; of none for 0."""
    shutil.copytree(folder, into, dirs_exist_ok=True)
    some = f"file_row_number % {every} = 0" if every else "false"
    connection.execute(
        f"COPY (SELECT * REPLACE (CASE WHEN account_id IN (SELECT account_id "
        f"FROM read_parquet('{folder}/accounts.parquet', file_row_number = true) WHERE {some}) "
        f"THEN 'opponent' ELSE stance END AS stance) FROM read_parquet('{folder}/contacts.parquet')) "
        f"TO '{into}/contacts.parquet' (FORMAT parquet)"
    )
