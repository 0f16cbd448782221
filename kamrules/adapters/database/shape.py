"""What output looks like in a database: tables, types, keys, names, and whether what is there fits."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.adapters.database.address import MYSQL, POSTGRESQL, SQLITE, dialect_of
from kamrules.adapters.database.toolkit import needed
from kamrules.diagnostics import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import MetaData, Table
    from sqlalchemy.engine import Connection

    from kamrules.adapters.database.address import Address

ACCOUNT_ID, AS_OF, RUNS = "account_id", "as_of", "runs"
ONE_ROW = frozenset({"decisions", "scores", "gates"})
"""Tables with one row an account; what else a run gives has any number."""
_LONGEST_ID = 255
"""Characters of an account's id in MySQL, where a key has to have a limit."""
_INDEX = "_account"
_TYPES = {"DOUBLE": "number", "FLOAT": "number", "DATE": "date", "BOOLEAN": "truth"}
_WHOLE = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
)
_LIMITS = {POSTGRESQL: ("bytes", 63), MYSQL: ("characters", 64)}


@dataclass(frozen=True, slots=True)
class Given:
    """A column of the output: its name and its sort (text, number, whole, date, truth)."""

    name: str
    sort: str


def given_columns(relation: Any) -> list[Given]:  # noqa: ANN401  DuckDB's
    """Return the columns of an output table as they are to be written."""
    found = []
    for name, kind in zip(relation.columns, map(str, relation.types), strict=True):
        sort = "whole" if kind in _WHOLE else _TYPES.get(kind, "text")
        if kind.startswith("DECIMAL"):
            sort = "number"
        found.append(Given(name, sort))
    return found


class Shape:
    """The tables of one schema, as they are to be."""

    def __init__(
        self, address: Address, connection: Connection, schema: str | None, prefix: str
    ) -> None:
        self._address = address
        self.fault = address.fault
        self._sql = needed("sqlalchemy", address.fault)
        self._dialect = dialect_of(connection.engine.url)
        self._connection = connection
        self.schema = schema
        self.prefix = prefix
        self.metadata: MetaData = self._sql.MetaData()

    def tables(self, columns: Mapping[str, Sequence[Given]]) -> dict[str, Table]:
        """Return the output tables by their names in a run, and `runs`. Raises DataError (KR670) for names
        that the database cannot have.
        """
        found = {name: self._table(name, some) for name, some in columns.items()}
        found[RUNS] = self._runs()
        self._refuse_names(found)
        return found

    def _table(self, name: str, columns: Sequence[Given]) -> Table:
        keyed = any(each.name == ACCOUNT_ID for each in columns)
        key = {ACCOUNT_ID, AS_OF} if keyed and name in ONE_ROW else set()
        items = [
            self._column(each, key=each.name in key, id_=each.name == ACCOUNT_ID)
            for each in columns
        ]
        table = self._made(name, items)
        if keyed and not key:
            own = self._name(f"{self.prefix}{name}{_INDEX}")
            self._sql.Index(own, table.c[ACCOUNT_ID])
        return table

    def _runs(self) -> Table:
        texts = [("ruleset", "text"), ("version", "text"), ("digest", "text"), ("book", "text"),
                 ("mode", "text"), ("accounts", "whole"), ("actions", "whole")]  # fmt: skip
        sorts = [(AS_OF, "date"), *texts]
        return self._made(RUNS, [self._column(Given(name, sort)) for name, sort in sorts])

    def _made(self, name: str, items: list[Any]) -> Table:
        options = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4",
                   "mariadb_engine": "InnoDB", "mariadb_charset": "utf8mb4"}  # fmt: skip
        table: Table = self._sql.Table(
            self._name(f"{self.prefix}{name}"), self.metadata, *items,
            schema=None if self.schema is None else self._name(self.schema), **options,
        )  # fmt: skip
        return table

    def _column(self, column: Given, *, key: bool = False, id_: bool = False) -> Any:  # noqa: ANN401
        return self._sql.Column(
            self._name(column.name), self.type_of(column.sort, id_=id_), primary_key=key,
            autoincrement=False, nullable=not key,
        )  # fmt: skip

    def type_of(self, sort: str, *, id_: bool = False) -> Any:  # noqa: ANN401  SQLAlchemy's
        """Return the type of a sort of column. An account's id is compared sign by sign, everywhere."""
        sql = self._sql
        if id_ and self._dialect == MYSQL:
            mysql = needed("sqlalchemy.dialects.mysql", self._address.fault)
            return mysql.VARCHAR(_LONGEST_ID, charset="utf8mb4", collation="utf8mb4_bin")
        if id_ and self._dialect not in {POSTGRESQL, SQLITE}:
            return sql.String(_LONGEST_ID)
        kinds = {"text": sql.Text, "number": sql.Double, "whole": sql.BigInteger, "date": sql.Date,
                 "truth": sql.Boolean}  # fmt: skip
        if sort == "text" and self._dialect == MYSQL:
            return sql.Text(
                2**24 - 1
            )  # MEDIUMTEXT: a long list of lacking gates is longer than TEXT
        return kinds[sort]()

    def _name(self, text: str) -> Any:  # noqa: ANN401  SQLAlchemy's
        """Return a name that is quoted whatever it is."""
        return self._sql.sql.quoted_name(text, quote=True)

    def _refuse_names(self, tables: Mapping[str, Table]) -> None:
        unit, limit = _LIMITS.get(self._dialect, ("characters", 128))
        problems = []
        for table in tables.values():
            columns = [str(each.name) for each in table.columns]
            for name in (str(table.name), *columns, *(str(each.name) for each in table.indexes)):
                length = len(name.encode()) if unit == "bytes" else len(name)
                wrong = None
                if length > limit:
                    wrong = f"has {length} {unit}, and `{self._address.shown}` takes {limit}"
                elif "\0" in name or not name:
                    wrong = "is empty or holds a character of code 0"
                elif self._dialect == MYSQL and (
                    name != name.rstrip() or any(ord(c) > 0xFFFF for c in name)
                ):
                    wrong = f"ends with a blank or holds a sign that `{self._address.shown}` does not take"
                if wrong:
                    message = f"the name `{name}` of table `{table.name}` {wrong}"
                    problems.append(self._address.fault("KR670", message, None))
            folded = Counter(self.folded(each) for each in columns)
            problems += [
                self._address.fault(
                    "KR670", f"columns of table `{table.name}` differ only in case: `{each}`", None
                )
                for each in columns
                if folded[self.folded(each)] > 1
            ]
        if problems:
            raise DataError(*problems)

    def folded(self, name: str) -> str:
        """Return a column's name as the database compares names."""
        return name if self._dialect == POSTGRESQL else name.casefold()

    def lacking(self, table: Table, inspector: Any) -> list[Any]:  # noqa: ANN401  SQLAlchemy's
        """Return the columns that a table which is there lacks. Raises DataError (KR666) if it is no use."""
        there = {self.folded(name): kind for name, kind in self._there(table, inspector)}
        problems, lacking = [], []
        for column in table.columns:
            kind = there.get(self.folded(str(column.name)))
            if kind is None:
                lacking.append(column)
            elif not self._fits(column.type, kind):
                holds, wanted = self._told(kind), self._told(column.type)
                message = f"column `{column.name}` of table `{table.name}` is {holds}, not {wanted}"
                mend = (
                    "rename the table that is there, or write to another one by the option `prefix`"
                )
                problems.append(self._address.fault("KR666", message, mend))
        missed = [each for each in lacking if each.primary_key]
        if missed and not problems:
            lacks = f"it has no column `{missed[0].name}`"
            message = f"table `{table.name}` is there, but is none of kamrules': {lacks}"
            mend = "write to another one by the option `prefix`"
            problems.append(self._address.fault("KR666", message, mend))
        if self._dialect == MYSQL:
            ((engine,),) = self._known(table, "coalesce(engine, '')", "tables")
            if engine.casefold() != "innodb":
                message = f"table `{table.name}` has the engine {engine}, which has no transactions"
                mend = f"ALTER TABLE {table.name} ENGINE = InnoDB"
                problems.append(self._address.fault("KR666", message, mend))
        if problems:
            raise DataError(*problems)
        return lacking

    def _there(self, table: Table, inspector: Any) -> list[tuple[str, Any]]:  # noqa: ANN401
        """Return names and types of the columns of a table that is there."""
        if self._dialect == MYSQL:
            # not by SQLAlchemy, which reads the text of CREATE TABLE, and misreads strange names in it
            kinds = needed("sqlalchemy.dialects.mysql.base", self.fault).ischema_names
            found = self._known(
                table, "column_name, data_type", "columns", "ORDER BY ordinal_position"
            )
            return [
                (name, kinds.get(str(kind), self._sql.types.NullType)()) for name, kind in found
            ]
        with warnings.catch_warnings():
            # columns of others, of types that SQLAlchemy does not know
            warnings.simplefilter("ignore", self._sql.exc.SAWarning)
            columns = inspector.get_columns(table.name, table.schema)
        return [(each["name"], each["type"]) for each in columns]

    def _known(self, table: Table, what: str, where: str, order: str = "") -> list[Any]:
        """Return what MySQL's own tables tell of a table."""
        statement = self._sql.text(
            f"SELECT {what} FROM information_schema.{where} "  # noqa: S608  our own words
            f"WHERE table_schema = coalesce(:schema, database()) AND table_name = :name {order}"
        )
        given = {"schema": table.schema, "name": table.name}
        return list(self._connection.execute(statement, given).fetchall())

    def _fits(self, wanted: Any, there: Any) -> bool:  # noqa: ANN401  types of SQLAlchemy
        sql = self._sql
        if isinstance(wanted, sql.String):
            return isinstance(there, sql.String)
        if isinstance(wanted, sql.Boolean):
            return isinstance(there, sql.Boolean | sql.Integer)
        if isinstance(wanted, sql.Date):
            return isinstance(there, sql.Date | sql.DateTime)
        if isinstance(wanted, sql.Integer):
            return isinstance(there, sql.Integer | sql.Numeric | sql.Float)
        return isinstance(there, sql.Numeric | sql.Float)

    def _told(self, kind: Any) -> str:  # noqa: ANN401  a type of SQLAlchemy's
        """Return a type in the dialect's words."""
        if isinstance(kind, self._sql.types.NullType):
            return "of a type that SQLAlchemy does not know"
        return str(kind.compile(dialect=self._connection.dialect))
