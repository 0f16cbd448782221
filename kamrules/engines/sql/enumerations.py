"""Enumerations: texts of a closed list, held as small numbers, so that output is written fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from kamrules.engines.sql.tree import binary, call, member, null, sql, text, when, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kamrules.engines.sql.tree import Sql


class Enumerations:
    """The enumerations that the output tables of one run need."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, ...], str] = {}

    def _kind(self, values: Iterable[str]) -> str | None:
        """Return the name of the type for a list of texts; None for no texts at all."""
        distinct = tuple(dict.fromkeys(values))
        if not distinct:
            return None
        return self._names.setdefault(distinct, f"words_{len(self._names)}")

    def words(self) -> dict[str, tuple[str, ...]]:
        """Return the texts of each type by its name."""
        return {name: values for values, name in self._names.items()}

    def create(self, connection: Any) -> None:  # noqa: ANN401  DuckDB's
        """Make the types on the connection."""
        for values, name in self._names.items():
            words = ", ".join(sql(text(each)) for each in values)
            connection.execute(f'CREATE TYPE "{name}" AS ENUM ({words})')

    def when(self, branches: Sequence[tuple[Sql, str]], otherwise: str | None = None) -> Sql:
        """Return the text of the first branch whose condition is true."""
        values = [value for _, value in branches]
        kind = self._kind([*values, otherwise] if otherwise is not None else values)
        if kind is None:
            return null("varchar")
        last = None if otherwise is None else member(text(otherwise), kind)
        return when([(test, member(text(value), kind)) for test, value in branches], last)

    def among(self, item: Sql, values: Sequence[str]) -> Sql:
        """Return a text, one of a few, as a member of their enumeration."""
        branches = [(binary(exp.EQ, item.copy(), text(each)), each) for each in values]
        return self.when(branches)

    def at(self, number: Sql, items: Sequence[str | None]) -> Sql:
        """Return the text of a list that a number, counted from 0, points to."""
        kind = self._kind(each for each in items if each is not None)
        if kind is None:
            return null("varchar")
        members = [exp.null() if each is None else member(text(each), kind) for each in items]
        array = exp.Array(expressions=members)
        return call("list_extract", array, binary(exp.Add, number, whole(1)))
