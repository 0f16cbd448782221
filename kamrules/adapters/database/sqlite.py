"""Reading SQLite: by ADBC, in Arrow's form, once it is known what each column really holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamrules.adapters.database.arrow import arrow
from kamrules.adapters.database.rows import RowReader
from kamrules.adapters.database.wanted import Column, without_parameters
from kamrules.adapters.formulas import quoted

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from kamrules.adapters.database.address import Address
    from kamrules.adapters.database.wanted import Copy, Wanted

_REAL_ROW = "kamrules_row"
_EXACT = 2**53
_WIDTH = 16
"""Bytes that a value takes in DuckDB, about."""
_INTEGER, _REAL, _TEXT = "0", "0.0", "''"
"""A value of each kind, which stands in the first row, for ADBC to learn the kinds from."""
_SHORT, _LONG = "printf('%!.15g', {0})", "printf('%!.17g', {0})"
_AS_TEXT = (
    "CASE typeof({0}) WHEN 'real' THEN CASE WHEN CAST(" + _SHORT + " AS REAL) = {0} THEN " + _SHORT
    + " ELSE " + _LONG + " END ELSE CAST({0} AS TEXT) END"
)  # fmt: skip
"""A value as the shortest text that reads back as the same."""


class SQLiteReader:
    """Reads by ADBC on a connection of its own.

    A column of SQLite's holds values of any kind, whatever it was declared as, and ADBC goes by the first
    ones it sees. So all are looked at before: a column of several kinds comes as text.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._rows = RowReader()

    def columns(self, database: Connection, wanted: Wanted) -> list[Column]:
        """Return the columns, each as what it is to be selected."""
        plain = without_parameters(database)
        source = _source(wanted)
        described = plain.exec_driver_sql(f"SELECT * FROM {source} LIMIT 0").cursor.description  # noqa: S608
        return [Column(str(each[0]), quoted(str(each[0]))) for each in described]

    def copy(self, database: Connection, wanted: Wanted, columns: list[Column], copy: Copy) -> None:
        """Copy the rows as they come; nothing is held but what DuckDB holds."""
        source = _source(wanted)
        selected = [columns[place].select for place in copy.places]
        held, size = [(_TEXT, each) for each in selected], 0
        if copy.rows:
            found = _held(database, source, selected)
            if found is None:
                self._rows.columns(database, wanted)
                self._rows.copy(database, wanted, columns, copy)
                return
            held, size = found
        given = [f"c{place}" for place in copy.places]
        first = [f"{kind} AS {name}" for name, (kind, _) in zip(given, held, strict=True)]
        others = [f"{item} AS {name}" for name, (_, item) in zip(given, held, strict=True)]
        none = "" if copy.rows else " LIMIT 0"
        statement = (
            f"SELECT {', '.join([f'0 AS {_REAL_ROW}', *first])} UNION ALL SELECT * FROM ("  # noqa: S608
            f"SELECT {', '.join([f'1 AS {_REAL_ROW}', *others])} FROM {source}{none})"
        )
        uri = f"{Path(str(self._address.url().database)).as_uri()}?mode=ro"
        with (
            arrow("adbc_driver_sqlite", uri, self._address.fault) as stream,
            stream.rows(statement, copy.connection) as rows,
        ):
            copy.make(columns, given, f"{rows} WHERE {_REAL_ROW} = 1", size=size)

    def close(self) -> None:
        """Let go of a query whose rows were not all wanted."""
        self._rows.close()


def _source(wanted: Wanted) -> str:
    return f"(\n{wanted.source}\n)" if wanted.query else wanted.source


def _held(
    database: Connection, source: str, columns: list[str]
) -> tuple[list[tuple[str, str]], int] | None:
    """Return for each column a value of its kind, and as what it is selected; and about how many bytes come.

    None when one holds bytes, which only Python can tell from texts.
    """
    asked = [
        item
        for each in columns
        for item in (
            *(f"max(typeof({each}) = '{kind}')" for kind in ("integer", "real", "text", "blob")),
            f"max(CASE typeof({each}) WHEN 'integer' THEN abs({each} / 2) END)",
        )
    ]
    asked.append("count(*)")
    statement = f"SELECT {', '.join(asked)} FROM {source}"  # noqa: S608  quoted, or the author's
    row: Any = without_parameters(database).exec_driver_sql(statement).one()
    found = []
    for place, column in enumerate(columns):
        integer, real, text, blob, largest = row[place * 5 : place * 5 + 5]
        if blob:
            return None
        if real and not text and (largest or 0) * 2 < _EXACT:
            found.append((_REAL, f"CAST({column} AS REAL)" if integer else column))
        elif integer and not real and not text:
            found.append((_INTEGER, column))
        else:
            found.append((_TEXT, column if not integer and not real else _AS_TEXT.format(column)))
    return found, row[-1] * len(columns) * _WIDTH
