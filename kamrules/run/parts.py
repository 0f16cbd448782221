"""Output in parts: many files a table, of so many rows each, in folders by the values of columns if wanted.

A table's rows are put once into a temporary table, in their order, and each part is a range of its rows. So
every form of files can be in parts, equal runs give equal parts, and no part needs more memory than its rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kamrules.adapters.copying import in_one_thread
from kamrules.adapters.formulas import literal, quoted
from kamrules.contracts import Written
from kamrules.diagnostics import DataError, Diagnostic, UsageError, nearest
from kamrules.tables import output_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kamrules.compiler import Program
    from kamrules.contracts import Tables
    from kamrules.run.order import Order

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""What stands for no value in the name of a folder; Hive's word, which all readers know."""
MOST_FOLDERS = 1000
ROWS_PER_FILE = 10_000_000
"""Where only columns are said to part by."""
_ALL, _SOME = "kamrules_all_rows", "kamrules_some_rows"


def check_parts(order: Order, program: Program) -> None:
    """Raise UsageError for a column to part by that no table has."""
    tables = output_columns(program)
    known = [name for columns in tables.values() for name, _ in columns]
    for each in order.partition_by:
        if each not in known:
            near = nearest(each, known)
            mend = f"did you mean `{near}`?" if near else "columns are such as class, tier, status"
            raise UsageError(
                Diagnostic("KR673", f"no table has a column `{each}` to part it by", help=mend)
            )


class Parts:
    """The tables of a run being written in parts into a folder."""

    def __init__(
        self,
        connection: Any,  # noqa: ANN401  DuckDB's
        folder: Path,
        writes: Callable[[Tables, Path], Sequence[str]],
        rows_per_file: int | None,
        partition_by: Sequence[str],
    ) -> None:
        """Take what writes some tables into a folder and returns the names of the files."""
        self.connection = connection
        self.folder = folder
        self.writes = writes
        self.rows_per_file = rows_per_file or ROWS_PER_FILE
        self.partition_by = tuple(dict.fromkeys(partition_by))

    def write(self, tables: Tables) -> tuple[str, ...]:
        """Write all tables, each into a folder of its name, and return the names of the files."""
        with in_one_thread(self.connection):
            return tuple(name for table in tables for name in self._table(table, tables[table]))

    def _table(self, table: str, relation: Any) -> Iterator[str]:  # noqa: ANN401  DuckDB's
        by = [each for each in self.partition_by if each in relation.columns]
        self._keep(_ALL, relation)
        try:
            values = self._values(table, by) if by else []
            if not values:  # nothing to part by, or no rows
                yield from self._files(table, _ALL, "")
                return
            for each in values:
                self._keep(_SOME, self._rows_with(by, each))
                yield from self._files(table, _SOME, "".join(map(_folder, by, each)))
        finally:
            self.connection.execute(f"DROP TABLE IF EXISTS {_ALL}")
            self.connection.execute(f"DROP TABLE IF EXISTS {_SOME}")

    def _values(self, table: str, by: Sequence[str]) -> list[tuple[str | None, ...]]:
        """Return the values of the columns to part by, in the order in which the rows have them."""
        columns = ", ".join(f"{quoted(each)}::VARCHAR" for each in by)
        keys = ", ".join(map(quoted, by))
        found: list[tuple[str | None, ...]] = self.connection.execute(
            f"SELECT {columns} FROM {_ALL} GROUP BY {keys} ORDER BY min(rowid) "  # noqa: S608
            f"LIMIT {MOST_FOLDERS + 1}"
        ).fetchall()
        if len(found) > MOST_FOLDERS:
            told = " and ".join(f"`{each}`" for each in by)
            message = f"`{table}` has more than {MOST_FOLDERS:,} different values of {told}"
            mend = "part by a column with few values, such as class or status"
            raise DataError(Diagnostic("KR674", message, help=mend))
        return found

    def _rows_with(self, by: Sequence[str], values: Sequence[str | None]) -> Any:  # noqa: ANN401
        tests = " AND ".join(
            f"{quoted(each)}::VARCHAR IS NOT DISTINCT FROM {_literal(value)}"
            for each, value in zip(by, values, strict=True)
        )
        without = ", ".join(map(quoted, by))
        return self.connection.sql(f"SELECT * EXCLUDE ({without}) FROM {_ALL} WHERE {tests}")  # noqa: S608

    def _keep(self, name: str, relation: Any) -> None:  # noqa: ANN401  DuckDB's
        relation.create_view(f"{name}_seen", replace=True)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM {name}_seen")
        self.connection.execute(f"DROP VIEW {name}_seen")

    def _files(self, table: str, kept: str, below: str) -> Iterator[str]:
        """Write the rows of a temporary table as files, and yield their names."""
        ((rows,),) = self.connection.execute(f"SELECT count(*) FROM {kept}").fetchall()  # noqa: S608
        inside = f"{table}/{below}"
        (self.folder / inside).mkdir(parents=True, exist_ok=True)
        for number, low in enumerate(range(0, rows or 1, self.rows_per_file)):
            high = low + self.rows_per_file
            some = self.connection.sql(f"FROM {kept} WHERE rowid >= {low} AND rowid < {high}")
            at = self.folder / inside / f".part-{number:04d}"
            at.mkdir()
            for each in self.writes({table: some}, at):
                name = f"{inside}part-{number:04d}{_ending(each, table)}"
                if (self.folder / name).exists():
                    raise DataError(_collision(name))
                (at / each).rename(self.folder / name)
                if isinstance(each, Written):
                    yield Written(name, each.table, each.rows)
                else:
                    yield name
            at.rmdir()


def _collision(name: str) -> Diagnostic:
    message = f"this file system has one name, `{name}`, for two values of a column to part by"
    mend = "part by another column, or write to a file system that tells upper from lower case"
    return Diagnostic("KR674", message, help=mend)


def _ending(file: str, table: str) -> str:
    """Return what stands behind a part's number in its name, so that no two files have the same."""
    if file.startswith(f"{table}."):
        return file.removeprefix(table)
    return "".join(Path(file).suffixes) or f"-{file}"


def _folder(column: str, value: str | None) -> str:
    return f"{quote(column, safe=' .')}={NO_VALUE if value is None else quote(value, safe=' .')}/"


def _literal(value: str | None) -> str:
    return "NULL" if value is None else literal(value)
