"""What is read of a database: a table or a query, its columns, and into which table of DuckDB's it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from kamrules.adapters.formulas import quoted
from kamrules.adapters.keeping import keep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection


@dataclass(frozen=True, slots=True)
class Wanted:
    """A table, quoted as its dialect wants it, or a query; `shown` names it to people.

    `batch` is how many rows are fetched at a time where rows come one by one.
    """

    source: str
    shown: str
    query: bool
    batch: int


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, as what it is selected, and the type DuckDB is to hold it in.

    `select` is for readers that select columns one by one. `kept` is None for the type that it comes in.
    """

    name: str
    select: str = ""
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class Copy:
    """Where rows go: a table of DuckDB's that is yet to be made, with some of the columns by position.

    `names` are those that the columns get. Without `rows` only the columns are wanted.
    """

    connection: Any
    table: str
    places: Sequence[int]
    names: Sequence[str]
    rows: bool = True

    def make(
        self,
        columns: Sequence[Column],
        given: Sequence[str],
        source: str,
        *,
        size: int = 0,
        typed: bool = True,
    ) -> bool:
        """Make the table from a relation whose columns are `given`, in the order of `places`.

        `size` is about how many bytes its rows have. Return whether all values fit into the types that the
        columns are to have; if not, nothing is made. Without `typed` the columns stay as they come.
        """
        items = []
        for place, name in zip(self.places, given, strict=True):
            kept = columns[place].kept if typed else None
            items.append(quoted(name) if kept is None else f"CAST({quoted(name)} AS {kept})")
        names = [self.names[place] for place in self.places]
        try:
            keep(self.connection, self.table, items, names, source, size)
        except Exception as error:
            if type(error).__name__ != "ConversionException" or not typed:
                raise
            return False
        return True


class Reader(Protocol):
    """Reads one table or query of one dialect."""

    def columns(self, database: Connection, wanted: Wanted) -> list[Column]:
        """Return all columns, in order."""

    def copy(self, database: Connection, wanted: Wanted, columns: list[Column], copy: Copy) -> None:
        """Copy the rows. Values that do not fit their types make those columns texts, for quality to tell."""

    def close(self) -> None:
        """Let go of what is still open."""


def without_parameters(database: Connection) -> Connection:
    """Return a connection on which percent signs and colons of a statement are no parameters."""
    return database.execution_options(no_parameters=True)


def identifier(database: Connection, name: str) -> str:
    """Return a name quoted by its dialect, for statements that go without parameters."""
    preparer = database.dialect.identifier_preparer
    text: str = preparer.quote_identifier(name)
    # SQLAlchemy doubles them for drivers whose parameters are percent signs
    return text.replace("%%", "%") if preparer._double_percents else text  # noqa: SLF001
