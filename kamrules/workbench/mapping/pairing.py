"""Which column of a source fills which column of one table of the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS, Kind
from kamrules.workbench.mapping.choices import meanings
from kamrules.workbench.mapping.fitting import NOT_AT_ALL, fit
from kamrules.workbench.mapping.naming import column_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kamrules.expression.types import Column as Wanted
    from kamrules.expression.types import Table
    from kamrules.workbench.mapping.crms import Crm
    from kamrules.workbench.mapping.fitting import Fit
    from kamrules.workbench.mapping.seen import Column, Source

SURE = 0.8
"""What is less sure than this is left to the user."""
LEAST = 0.42
"""What is less sure than this is not worth showing."""
_NEAR = 0.06
_SPEAKING = 0.6
_MOSTLY_DIFFERENT = 0.8


@dataclass(frozen=True, slots=True)
class Pair:
    """A column of the vocabulary and the source's column that could fill it.

    `sure` is from 0 to 1; `why` tells what speaks for it, `doubts` what against it, `notes` what the user
    has to know, `others` which columns could be meant too.
    """

    column: str
    source: str
    sure: float
    why: str
    mapping: Mapping[str, object] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def doubted(self, sure: float, doubt: str) -> Pair:
        """Return it at most so sure, and why."""
        return replace(self, sure=min(self.sure, sure), doubts=(*self.doubts, doubt))


def pairs(
    source: Source,
    table: Table,
    *,
    crm: Crm | None,
    leave: Iterable[str] = (),
    wanted: Iterable[str] | None = None,
) -> list[Pair]:
    """Return the pairs of a source's columns and a table's, each column of the vocabulary at most once.

    `leave` are columns of the source that are in use already, `wanted` columns of the vocabulary to fill
    (all by default). A column of the source comes twice only if its name says both, and then says so.
    """
    left = set(leave)
    names = [each for each in table.columns if each != ACCOUNT_ID]
    wanted = set(names if wanted is None else wanted)
    found = [
        pair
        for name in names
        if name in wanted
        for column in source.columns.values()
        if column.name not in left
        and (pair := _pair(column, table, table.columns[name], crm)) is not None
    ]
    found.sort(key=lambda each: (-each.sure, names.index(each.column)))
    taken: dict[str, Pair] = {}
    used: set[str] = set()
    for pair in found:
        if pair.column in taken or pair.source in used:
            continue
        taken[pair.column] = _beside_others(pair, found, used)
        used.add(pair.source)
    return [taken[name] for name in names if name in taken and taken[name].sure >= LEAST]


def _pair(column: Column, table: Table, wanted: Wanted, crm: Crm | None) -> Pair | None:
    named = column_named(column.name, table.name, wanted.name, crm=crm, title=wanted.title)
    if not named.score and wanted.type.kind is not Kind.CHOICE:
        return None
    found = fit(
        column, wanted.type, meanings(table.name, wanted.name, crm), named=bool(named.score)
    )
    if wanted.type.kind is Kind.TEXT:
        found = _of_names(found, column, table.name, wanted.name)
    if found is NOT_AT_ALL or not found.factor:
        return None
    score, why = named.score, named.why
    if not score:
        if not found.speaks:
            return None
        score, why = _SPEAKING, "its values are choices of it"
    elif found.speaks:
        score, why = 1 - 0.6 * (1 - score), f"{why}, and its values are choices of it"
    return Pair(
        wanted.name,
        column.name,
        score * found.factor,
        why,
        found.mapping,
        found.doubts,
        found.notes,
    )


def _of_names(found: Fit, column: Column, table: str, wanted: str) -> Fit:
    """Return how a text fits where names are wanted: those of accounts differ, mostly."""
    if (table, wanted) != (ACCOUNTS, "name") or not column.known:
        return found
    if column.distinct >= _MOSTLY_DIFFERENT * column.known:
        return found
    doubt = f"only {column.distinct:,} of its {column.known:,} values differ"
    return replace(found, factor=found.factor * 0.6, doubts=(*found.doubts, doubt))


def _beside_others(pair: Pair, found: list[Pair], used: set[str]) -> Pair:
    """Return a pair with the columns that could be meant as well; it is less sure with them."""
    others = [
        each
        for each in found
        if each.column == pair.column
        and each.source not in used
        and each.source != pair.source
        and each.sure > pair.sure - _NEAR
        and not _better_elsewhere(each, found)
    ]
    if not others:
        return pair
    listed = tuple(each.source for each in others)
    close = any(each.sure > pair.sure - _NEAR / 6 for each in others)
    sure = min(pair.sure, 0.7) if close else pair.sure
    return replace(pair, sure=sure, others=listed)


def _better_elsewhere(pair: Pair, found: list[Pair]) -> bool:
    return any(each.source == pair.source and each.sure > pair.sure for each in found)


def weight(found: Iterable[Pair]) -> float:
    """Return how much the pairs of a table say that it is this table, from 0 to 1."""
    doubt = 1.0
    for each in _telling(found):
        doubt *= 1 - 0.3 * each
    return 1 - doubt


def _telling(found: Iterable[Pair]) -> Iterator[float]:
    for each in found:
        if each.sure >= SURE:
            yield 0.3 if each.column in _ANYWHERE else 1.0


_ANYWHERE = frozenset(
    ("name", "date", "amount", "kind", "opened", "closed", "subject", "level", "due", "updated")
)
"""Columns that many tables have, so that they tell little of which one it is."""
