"""Reading PostgreSQL: by ADBC, in Arrow's form, and each column in a type that keeps it exactly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kamrules.adapters.database.arrow import arrow
from kamrules.adapters.database.connecting import PATIENCE
from kamrules.adapters.database.wanted import Column, without_parameters
from kamrules.adapters.formulas import quoted

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from kamrules.adapters.database.address import Address
    from kamrules.adapters.database.wanted import Copy, Wanted

_AS_IT_IS = {16, 20, 21, 23, 25, 700, 701, 1043, 1082, 1114, 1184}
"""Types that ADBC gives as they are: bool, int2 to int8, text, floats, varchar, dates and timestamps."""
_NUMERIC, _MONEY = 1700, 790
_WIDEST = 38


class PostgreSQLReader:
    """Reads by ADBC on a connection of its own. What Arrow has no type for comes as PostgreSQL writes it.

    Decimals come as text too, which is exact and faster than ADBC's own way.
    """

    def __init__(self, address: Address) -> None:
        self._address = address

    def columns(self, database: Connection, wanted: Wanted) -> list[Column]:
        """Return the columns by the description that the server gives of no rows."""
        statement = f"SELECT * FROM {_source(wanted)} LIMIT 0"  # noqa: S608  quoted, or the author's
        result = without_parameters(database).exec_driver_sql(statement)
        described = result.cursor.description
        found = [_column(place, each) for place, each in enumerate(described)]
        database.rollback()
        return found

    def copy(self, database: Connection, wanted: Wanted, columns: list[Column], copy: Copy) -> None:
        """Copy the rows as they come; nothing is held but what DuckDB holds."""
        given = [f"c{place}" for place in copy.places]
        items = [f"{columns[place].select} AS c{place}" for place in copy.places]
        names = ", ".join(f"c{place}" for place in range(len(columns)))
        statement = (
            f"SELECT {', '.join(items) or '1'} FROM {_source(wanted)} AS kamrules_rows({names})"  # noqa: S608
        )
        if not copy.rows:
            statement += " LIMIT 0"
        size = _size(database, statement)
        with arrow("adbc_driver_postgresql", _address(database), self._address.fault) as stream:
            for setting in ("SET TRANSACTION READ ONLY", "SET TimeZone = 'UTC'"):
                stream.execute(setting)
            for typed in (True, False):
                with stream.rows(statement, copy.connection) as rows:
                    if copy.make(columns, given, rows, size=size, typed=typed):
                        return

    def close(self) -> None:
        """Nothing is open between two calls."""


def _size(database: Connection, statement: str) -> int:
    """Return about how many bytes a statement gives, as the server guesses when it plans; it does not run."""
    explained = f"EXPLAIN (FORMAT JSON) {statement}"
    ((found,),) = without_parameters(database).exec_driver_sql(explained).fetchall()
    database.rollback()
    (plan,) = json.loads(found) if isinstance(found, str) else found
    return int(plan["Plan"]["Plan Rows"]) * int(plan["Plan"]["Plan Width"])


def _address(database: Connection) -> str:
    """Return where a connection goes, password included, as libpq wants it."""
    url = database.engine.url.set(drivername="postgresql")
    if "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": str(PATIENCE)})
    return url.render_as_string(hide_password=False)


def _source(wanted: Wanted) -> str:
    """Return what stands behind FROM; a comment at a query's end cannot swallow the parenthesis."""
    return f"(\n{wanted.source}\n)" if wanted.query else wanted.source


def _column(place: int, described: Any) -> Column:  # noqa: ANN401  psycopg's
    name, own = described.name, f"kamrules_rows.{quoted(f'c{place}')}"
    kind = described.type_code
    if kind in _AS_IT_IS:
        return Column(name, own)
    if kind == _MONEY:
        # in the form of text it would have a sign of its currency
        return Column(name, f"CAST(CAST({own} AS numeric) AS text)")
    as_text = f"CAST({own} AS text)"
    if kind != _NUMERIC:
        return Column(name, as_text)
    width, places = described.precision, described.scale
    exact = width is not None and places is not None and 0 <= places <= width <= _WIDEST
    return Column(name, as_text, f"DECIMAL({width}, {places})" if exact else None)
