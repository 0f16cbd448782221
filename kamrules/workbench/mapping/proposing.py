"""Proposing a whole book: tables, ids, columns, and what only several columns or tables together tell."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS
from kamrules.workbench.mapping.crms import recognised
from kamrules.workbench.mapping.dates import latest
from kamrules.workbench.mapping.pairing import SURE, Pair, pairs
from kamrules.workbench.mapping.refining import refined, with_slips
from kamrules.workbench.mapping.tables import matched, rows_meant
from kamrules.workbench.mapping.words import pieces

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence

    from kamrules.contracts import Proposal
    from kamrules.expression.types import Table
    from kamrules.workbench.mapping.crms import Crm
    from kamrules.workbench.mapping.keys import Key
    from kamrules.workbench.mapping.seen import Column, Source
    from kamrules.workbench.mapping.tables import Matched

ORDERS, OPPORTUNITIES, WON = "orders", "opportunities", "won"
_PAST = {"orders": ("date",), "opportunities": ("opened", "closed"), "activities": ("date",),
         "complaints": ("opened", "closed"), "surveys": ("date",)}  # fmt: skip
"""Columns with dates that lie before the date at which a book shows its accounts."""
_FROM_DEALS = 0.65
_SPOKEN = re.compile(r"[^\W\d_].*[^\W\d_]{2}.*", re.DOTALL)
"""A name, and no key: it begins with a letter, and has several in a row."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """What is proposed for one table of the vocabulary.

    `unused` are the source's columns that fill nothing, `lacking` the vocabulary's that nothing fills,
    `others` names of the source's tables that could be meant as well.
    """

    table: str
    source: Source
    sure: float
    why: str
    key: Key | None
    pairs: tuple[Pair, ...]
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    unused: tuple[Column, ...] = ()
    lacking: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A proposed book; `strange` are the source's tables that are none of the vocabulary's.

    `as_of` and `currency` are what the data tell of them, None when they tell nothing.
    """

    tables: tuple[Suggested, ...]
    crm: str | None
    strange: tuple[Source, ...]
    as_of: tuple[datetime.date, str] | None = None
    currency: tuple[str, str] | None = None


def propose(
    sources: Sequence[Source],
    vocabulary: Mapping[str, Table],
    *,
    asked: Sequence[Proposal] = (),
) -> Suggestion:
    """Return what book the tables of a source could be; `asked` is what plug-ins propose.

    Of two proposals for one column the surer one is taken.
    """
    known = recognised(sources)
    crm = known[0] if known else None
    found = [
        _suggested(each, vocabulary[each.table], crm, sources)
        for each in matched(sources, vocabulary, crm)
    ]
    found = _joined(found, asked, sources, vocabulary)
    if (won := _orders_from_deals(found, vocabulary, sources)) is not None:
        found.append(won)
    found = [_told_rest(each, vocabulary[each.table]) for each in found]
    names = list(vocabulary)
    found.sort(key=lambda each: (each.table != ACCOUNTS, names.index(each.table)))
    used = {each.source.uri for each in found}
    strange = tuple(each for each in sources if each.uri not in used and each.table is None)
    as_of, currency = _as_of(found), _currency(found)
    return Suggestion(tuple(found), crm.name if crm else None, strange, as_of, currency)


def _suggested(one: Matched, table: Table, crm: Crm | None, sources: Sequence[Source]) -> Suggested:
    source = one.source
    leave = set(source.taken)
    if one.key is not None and not (
        one.table == ACCOUNTS
        and any(each.column == "name" and each.source == one.key.column for each in one.pairs)
    ):
        leave.add(one.key.column)
    wanted = None if source.table is None else _not_filled(source, table)
    some = pairs(source, table, crm=crm, leave=leave, wanted=wanted)
    some = with_slips(refined(some, source, one.table), source, sources)
    only = rows_meant(source, one.table, crm)
    options = {**source.options, **_options(some, source)}
    key = one.key if source.table is None else None
    if one.table == ACCOUNTS and key is not None and "name" in (wanted or table.columns):
        some = _named(some, source.columns[key.column])
    return Suggested(
        one.table, source, one.sure, one.why, key, tuple(some), only, options, others=one.others
    )


def _named(some: list[Pair], ids: Column) -> list[Pair]:
    """Return the pairs of accounts with their names, where nothing holds them but the column with the ids."""
    if any(each.column == "name" for each in some) or ids.share(_SPOKEN) < 0.9:
        return some
    return [Pair("name", ids.name, 0.9, "the account's id is its name"), *some]


def _not_filled(source: Source, table: Table) -> set[str]:
    """Return the columns of the vocabulary that a book file leaves open."""
    return {each for each in table.columns if each not in source.filled}


def _options(some: Sequence[Pair], source: Source) -> dict[str, object]:
    """Return what has to be said of how numbers are written in a text file."""
    forms = {
        source.columns[each.source].form for each in some if source.columns[each.source].textual
    }
    if not source.uri.startswith("csv:"):
        return {}
    if "comma" in forms and "point" not in forms:
        return {"decimal": ","}
    return {"thousands": ","} if "point" in forms and "comma" not in forms else {}


def _joined(
    found: list[Suggested],
    asked: Sequence[Proposal],
    sources: Sequence[Source],
    vocabulary: Mapping[str, Table],
) -> list[Suggested]:
    """Return what is proposed together with what plug-ins propose."""
    from kamrules.workbench.mapping.asking import joined  # noqa: PLC0415  most have no such plug-in

    return joined(found, asked, sources, vocabulary) if asked else found


def _orders_from_deals(
    found: Sequence[Suggested], vocabulary: Mapping[str, Table], sources: Sequence[Source]
) -> Suggested | None:
    """Return won deals as orders, where a source has deals and nothing that was invoiced."""
    tables = {each.table: each for each in found}
    deals = tables.get(OPPORTUNITIES)
    if (
        deals is None
        or ORDERS in tables
        or ORDERS not in vocabulary
        or deals.source.table is not None
    ):
        return None
    by_column = {each.column: each for each in deals.pairs}
    stage, amount = by_column.get("stage"), by_column.get("amount")
    closed = by_column.get("closed") or by_column.get("expected")
    if stage is None or amount is None or closed is None:
        return None
    values = stage.mapping.get("values", {})
    meant = values if isinstance(values, dict) else {}
    won = tuple(
        text for text in deals.source.columns[stage.source].counts if meant.get(text, text) == WON
    )
    if not won:
        return None
    others = pairs(
        deals.source,
        vocabulary[ORDERS],
        crm=None,
        leave={stage.source, amount.source, closed.source},
        wanted={"product", "margin", "promised", "delivered"},
    )
    some = [
        replace(
            closed, column="date", why="the day on which the deal was won", notes=(), others=()
        ),
        replace(amount, column="amount", why="the value of the deal", notes=(), others=()),
        *with_slips(others, deals.source, sources),
    ]
    why = "no table of orders or invoices was found, so won deals are taken for orders"
    return Suggested(ORDERS, deals.source, _FROM_DEALS, why, deals.key, tuple(some), {stage.source: won},
                     deals.options)  # fmt: skip


def _told_rest(one: Suggested, table: Table) -> Suggested:
    """Return it with the columns that are left on both sides."""
    used = {each.source for each in one.pairs} | set(one.source.taken) | set(one.only)
    if one.key is not None:
        used.add(one.key.column)
    filled = {each.column for each in one.pairs} | one.source.filled
    unused = tuple(each for each in one.source.columns.values() if each.name not in used)
    lacking = tuple(each for each in table.columns if each not in filled and each != ACCOUNT_ID)
    return replace(one, unused=unused, lacking=lacking)


def _as_of(found: Sequence[Suggested]) -> tuple[datetime.date, str] | None:
    """Return the last day on which something is known to have happened, and where it stands."""
    days = [
        (day, f"{one.table}.{pair.source}")
        for one in found
        if one.sure >= SURE
        for pair in one.pairs
        if pair.column in _PAST.get(one.table, ()) and pair.sure >= SURE
        and (day := latest(one.source.columns[pair.source])) is not None
    ]  # fmt: skip
    return max(days, default=None)


def _currency(found: Sequence[Suggested]) -> tuple[str, str] | None:
    """Return the currency that all amounts are in, and where it stands; None when there are several."""
    said = [
        (next(iter(column.counts)), f"{one.table}.{column.name}")
        for one in found
        for column in one.source.columns.values()
        if "currency" in pieces(column.name) and column.distinct == 1
    ]
    codes = {code for code, _ in said}
    return said[0] if len(codes) == 1 and len(said[0][0]) == 3 and said[0][0].isupper() else None
