"""Proposing: what the tables of BottleCRM fill, as its book file says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.contracts import Proposal

from kamrules_bottlecrm.mapping import filled_by, shipped_book

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.book import BookTable, ColumnMap
    from kamrules.contracts import SeenTable

_WHY = "it is this column in BottleCRM's book file"


def proposals(tables: Sequence[SeenTable]) -> list[Proposal] | None:
    """Return how the tables of BottleCRM fill the vocabulary; None when none of them is BottleCRM's."""
    found = [each for seen in tables for each in _of_table(seen)]
    return found or None


def _of_table(seen: SeenTable) -> Iterator[Proposal]:
    scheme, _, location = seen.uri.partition(":")
    if scheme != "bottlecrm":
        return
    for table in filled_by(location.rpartition("/")[2], shipped_book()):
        yield from _of_columns(table, seen)


def _of_columns(table: BookTable, seen: SeenTable) -> Iterator[Proposal]:
    there = {each.name for each in seen.columns}
    if table.account in there:
        yield Proposal(table.name, "account_id", seen.name, table.account, 1.0, _WHY)
    for name, column in table.columns.items():
        if column.column in there:
            yield _proposal(table, name, column, seen)


def _proposal(table: BookTable, name: str, column: ColumnMap, seen: SeenTable) -> Proposal:
    mapping: dict[str, Any] = {}
    if column.values:
        mapping["values"] = dict(column.values)
    return Proposal(table.name, name, seen.name, str(column.column), 1.0, _WHY, mapping)
