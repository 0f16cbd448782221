"""Which table of a source is which table of the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.expression.types import ACCOUNTS
from kamrules.workbench.mapping.keys import key_of_accounts, key_of_related
from kamrules.workbench.mapping.naming import table_named
from kamrules.workbench.mapping.pairing import pairs, weight

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kamrules.expression.types import Table
    from kamrules.workbench.mapping.crms import Crm
    from kamrules.workbench.mapping.keys import Key
    from kamrules.workbench.mapping.pairing import Pair
    from kamrules.workbench.mapping.seen import Source

_LEAST = 0.45
_SPELT = {"true": ("true", "t", "1", "yes"), "false": ("false", "f", "0", "no")}
_WITHOUT_NAME = 0.8
"""A table that only its columns tell of is at most so sure."""


@dataclass(frozen=True, slots=True)
class Matched:
    """A table of the vocabulary and the source's table that could fill it."""

    table: str
    source: Source
    sure: float
    why: str
    key: Key | None
    pairs: tuple[Pair, ...]
    others: tuple[str, ...] = ()


def matched(
    sources: Sequence[Source], vocabulary: Mapping[str, Table], crm: Crm | None
) -> list[Matched]:
    """Return which source's table could fill which table of the vocabulary, each filled once.

    A source's table fills a second one only where its CRM keeps both in it.
    """
    found = list(_possible(sources, vocabulary, crm))
    found.sort(key=lambda each: -each[1])
    taken: dict[str, tuple[Source, float, str, tuple[Pair, ...]]] = {}
    used: dict[str, str] = {}
    for table, sure, source, why, some in found:
        if table in taken or not _free(source, table, used, crm):
            continue
        taken[table] = (source, sure, why, some)
        used[source.identity] = table
    beside = {
        table: tuple(
            other.name for each, sure, other, _, _ in found
            if each == table and other is not one[0] and other.identity not in used and sure >= one[1] - 0.15
        )
        for table, one in taken.items()
    }  # fmt: skip
    return list(_with_keys(taken, beside, vocabulary, crm))


def _free(source: Source, table: str, used: Mapping[str, str], crm: Crm | None) -> bool:
    if source.identity not in used:
        return True
    return all(rows_meant(source, each, crm) for each in (table, used[source.identity]))


def rows_meant(source: Source, table: str, crm: Crm | None) -> dict[str, tuple[str, ...]]:
    """Return which rows are meant where a CRM keeps several things in one table, by column."""
    known = crm.tables.get(table) if crm is not None else None
    if known is None or crm is None or crm.rank(table, source.name) is None:
        return {}
    found = {}
    for name, values in known.only.items():
        column = source.columns.get(name)
        wanted = {spelt for each in values for spelt in _SPELT.get(each, (each,))}
        kept = (
            tuple(sorted(each for each in column.texts if each.casefold() in wanted))
            if column
            else ()
        )
        if not kept:
            return {}
        found[name] = kept
    return found


def _possible(
    sources: Sequence[Source], vocabulary: Mapping[str, Table], crm: Crm | None
) -> Iterator[tuple[str, float, Source, str, tuple[Pair, ...]]]:
    for source in sources:
        for name, table in vocabulary.items():
            if source.table is not None and source.table != name:
                continue
            named = table_named(source.name, name, crm=crm)
            if source.table == name:
                yield name, 1.0, source, "the book file says so", ()
                continue
            some = tuple(pairs(source, table, crm=crm))
            by_columns = weight(some)
            if named.score:
                sure = 1 - (1 - named.score) * (1 - 0.5 * by_columns)
                sure = sure if some or not source.rows else min(sure, 0.7)
            else:
                sure = _WITHOUT_NAME * by_columns
            if sure >= _LEAST:
                why = named.why or f"{len(some)} of its columns"
                yield name, sure, source, why, some


def _with_keys(
    taken: Mapping[str, tuple[Source, float, str, tuple[Pair, ...]]],
    beside: Mapping[str, tuple[str, ...]],
    vocabulary: Mapping[str, Table],
    crm: Crm | None,
) -> Iterator[Matched]:
    accounts = taken.get(ACCOUNTS)
    key = None
    if accounts is not None:
        related = [(name, one[0]) for name, one in taken.items() if name != ACCOUNTS]
        key = key_of_accounts(accounts[0], related, crm)
    for name in vocabulary:
        if name not in taken:
            continue
        source, sure, why, some = taken[name]
        if name == ACCOUNTS:
            own = key
        else:
            own = key_of_related(
                source,
                name,
                accounts=accounts[0] if accounts else None,
                key=key.column if key else None,
                crm=crm,
            )
        if name == ACCOUNTS or own is not None or some or source.table is not None:
            yield Matched(name, source, sure, why, own, some, beside[name])
