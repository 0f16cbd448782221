"""What a dlt resource yields as one table of DuckDB's: records by way of a file, Arrow tables as they are.

Neither a pipeline nor a destination takes part, and no more than a batch is in memory.
"""

from __future__ import annotations

import datetime
import itertools
import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dlt.common.normalizers.naming import NamingConvention

_NUMBERS = itertools.count(1)
_BATCH = 2_000
_EXACT = 2**53
_PARENT = "__"
"""What dlt puts between the names of a nested object and of what is in it."""


class StrangeError(Exception):
    """What a resource yields cannot be a table; the one argument goes on behind its name."""


class Collected:
    """The rows of a resource on a DuckDB connection, as they come.

    Names are those that dlt gives in a destination: `AnnualRevenue` is `annual_revenue`, and `Id` in an
    object `owner` is `owner__id`. A list is kept as JSON, except the one that `unfold` names: there each
    entry is a row of its own, beside what its record holds. `as_json` names what else stays JSON.
    """

    def __init__(
        self,
        connection: Any,  # noqa: ANN401  DuckDB's
        naming: NamingConvention,
        *,
        unfold: str | None = None,
        as_json: Iterable[str] = (),
    ) -> None:
        self.rows = 0
        self.lists: set[str] = set()
        self._connection = connection
        self._naming = naming
        self._unfold = unfold
        self._as_json = frozenset(as_json)
        self._table = f"dlt_rows_{next(_NUMBERS)}"
        self._names: dict[str, str] = {}
        self._places: dict[str, int] = {}
        self._kinds: list[set[str]] = []
        self._lines: list[str] = []
        self._arrow: dict[str, str] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="kamrules-dlt-")
        self._file = Path(self._folder.name) / "rows.jsonl"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def add(self, item: Any) -> None:  # noqa: ANN401  whatever a resource yields
        """Take what a resource yields: a record, or a table in Arrow. Raises StrangeError."""
        if item is None:
            return
        if hasattr(item, "__arrow_c_stream__") or hasattr(item, "__arrow_c_array__"):
            if self._places:
                raise StrangeError("yields Arrow tables after records; one kind is wanted")
            self._add_arrow(item)
            return
        if self._arrow:
            raise StrangeError("yields records after Arrow tables; one kind is wanted")
        # dlt too calls what is no object `value`
        record = item if isinstance(item, Mapping) else {"value": item}
        for flat in self._unfolded(self._flat(record)):
            self._add_record(flat)

    def relation(self, otherwise: Sequence[str]) -> Any:  # noqa: ANN401  DuckDB's
        """Return all rows; with none, an empty table of the columns that are wanted `otherwise`."""
        if not self._arrow:
            self._write()
            self._copy(otherwise)
        return self._connection.sql(f"SELECT * FROM {self._table}")  # noqa: S608  our own name

    def name(self, written: str) -> str:
        """Return what dlt calls a field."""
        found = self._names.get(written)
        if found is None:
            plain = str(written).strip()
            found = self._names[written] = (
                self._naming.normalize_identifier(plain) if plain else "_"
            )
        return found

    # records

    def _flat(self, record: Mapping[str, Any], before: str = "") -> dict[str, Any]:
        """Return a record with what nested objects hold beside the rest."""
        flat: dict[str, Any] = {}
        pending = [(before, record)]
        while pending:
            above, some = pending.pop()
            for key, value in some.items():
                name = above + self.name(key)
                if isinstance(value, Mapping) and name not in self._as_json:
                    pending.append((name + _PARENT, value))
                else:
                    flat[name] = value
        return flat

    def _unfolded(self, flat: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield a record once for each entry of the list that is unfolded; once, when it is empty."""
        self.lists.update(key for key, value in flat.items() if _is_list(value))
        entries = flat.pop(self._unfold, None) if self._unfold is not None else None
        if self._unfold is None or not entries:
            yield flat
            return
        for each in entries if _is_list(entries) else [entries]:
            inner = each if isinstance(each, Mapping) else {"value": each}
            yield {**flat, **self._flat(inner, self._unfold + _PARENT)}

    def _add_record(self, flat: dict[str, Any]) -> None:
        cells: list[str | None] = [None] * len(self._kinds)
        for key, value in flat.items():
            place = self._places.get(key)
            if place is None:
                place = self._places[key] = len(self._kinds)
                self._kinds.append(set())
                cells.append(None)
            if value is not None:
                kind, cells[place] = _kind_and_text(value)
                self._kinds[place].add(kind)
        self.rows += 1
        self._lines.append(json.dumps(cells))
        if len(self._lines) >= _BATCH:
            self._write()

    def _write(self) -> None:
        with self._file.open("a", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in self._lines)
        self._lines.clear()

    def _copy(self, otherwise: Sequence[str]) -> None:
        """Bring the file's rows onto the connection, each column as the one type that holds its values."""
        cells = [
            f"cells[{place}]::{_type(kinds)} AS {quoted(name)}"
            for place, (name, kinds) in enumerate(zip(self._places, self._kinds, strict=True), 1)
        ]
        lacking = [each for each in otherwise if each not in self._places]
        cells += [f"NULL::VARCHAR AS {quoted(each)}" for each in lacking]
        columns = ", ".join(cells) or "NULL::VARCHAR AS _"
        self._connection.execute(
            f"CREATE TEMP TABLE {self._table} AS SELECT {columns} FROM "  # noqa: S608  all quoted
            "(SELECT json::VARCHAR[] AS cells FROM read_ndjson_objects($path))",
            {"path": str(self._file)},
        )

    # Arrow

    def _add_arrow(self, item: Any) -> None:  # noqa: ANN401
        """Put a table behind those before; a column whose type differs there becomes text."""
        found = self._connection.from_arrow(_with_stream(item))
        names = [self.name(each) for each in found.columns]
        types = dict(zip(names, map(str, found.types), strict=True))
        items = ", ".join(
            f"{quoted(old)} AS {quoted(new)}" for old, new in zip(found.columns, names, strict=True)
        )
        view = f"{self._table}_batch"
        found.project(items).create_view(view, replace=True)
        if not self._arrow:
            self._arrow = types
            self._connection.execute(f"CREATE TEMP TABLE {self._table} AS FROM {view}")
        else:
            for name, of in types.items():
                self._make_room(name, of)
            self._connection.execute(f"INSERT INTO {self._table} BY NAME FROM {view}")
        self._connection.execute(f"DROP VIEW {view}")
        self.rows += len(item) if hasattr(item, "__len__") else item.num_rows

    def _make_room(self, name: str, of: str) -> None:
        before = self._arrow.get(name)
        if before is None:
            self._connection.execute(f"ALTER TABLE {self._table} ADD COLUMN {quoted(name)} {of}")
            self._arrow[name] = of
        elif before not in {of, "VARCHAR"}:
            self._connection.execute(f"ALTER TABLE {self._table} ALTER {quoted(name)} TYPE VARCHAR")
            self._arrow[name] = "VARCHAR"


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _with_stream(item: Any) -> Any:  # noqa: ANN401
    """Return an Arrow object that DuckDB can scan: a single batch as a table of one."""
    if hasattr(item, "__arrow_c_stream__"):
        return item
    import pyarrow  # type: ignore[import-untyped]  # noqa: PLC0415  whoever yields batches has it

    return pyarrow.Table.from_batches([pyarrow.record_batch(item)])


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _kind_and_text(value: Any) -> tuple[str, str]:  # noqa: ANN401  whatever a record holds
    """Return the kind of a value and the text that DuckDB reads back as the same value."""
    match value:
        case str():
            text = str.__str__(value)
            return "text", text if text.isascii() else text.encode("utf-8", "replace").decode()
        case bool():
            return "bool", "true" if value else "false"
        case int():
            fits = "int" if abs(value) <= _EXACT else "bigint"
            kind = fits if -(2**63) <= value < 2**63 else "text"
            return kind, int.__repr__(value)
        case float():
            return "float", float.__repr__(value) if math.isfinite(value) else str(float(value))
        case datetime.datetime():
            return ("time" if value.tzinfo is None else "text"), value.isoformat()
        case datetime.date():
            return "date", value.isoformat()
    return _kind_and_text(value.item()) if hasattr(value, "item") else ("text", _told(value))


def _told(value: Any) -> str:  # noqa: ANN401
    """Return the text of what is neither a number nor a date."""
    match value:
        case Decimal():
            return format(value, "f") if value.is_finite() else str(value)
        case bytes():
            return value.decode("utf-8", "replace")
        case list() | tuple() | Mapping():
            return json.dumps(value, default=_plain)
    return str(value)


def _plain(value: Any) -> Any:  # noqa: ANN401
    return dict(value) if isinstance(value, Mapping) else _kind_and_text(value)[1]


def _type(kinds: set[str]) -> str:
    """Return the DuckDB type that holds all of a column's values exactly."""
    known: list[tuple[set[str], str]] = [
        ({"bool"}, "BOOLEAN"), ({"int", "bigint"}, "BIGINT"), ({"int", "float"}, "DOUBLE"),
        ({"date"}, "DATE"), ({"time"}, "TIMESTAMP"),
    ]  # fmt: skip
    return next((of for some, of in known if kinds and kinds <= some), "VARCHAR")
