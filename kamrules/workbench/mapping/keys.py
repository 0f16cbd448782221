"""The account's id: which column of the accounts is it, and which columns of other tables hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.expression.types import ACCOUNTS
from kamrules.workbench.mapping.naming import SYNONYM, account_named, column_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kamrules.workbench.mapping.crms import Crm
    from kamrules.workbench.mapping.naming import Named
    from kamrules.workbench.mapping.seen import Column, Source

_JOINS = 0.9
_JOINS_PARTLY = 0.25
_FEW = 3
_ALL = 0.98


@dataclass(frozen=True, slots=True)
class Key:
    """A column that holds the account's id: how sure that is, why, and what the user has to know of it."""

    column: str
    sure: float
    why: str
    notes: tuple[str, ...] = ()


def contained(column: Column, ids: Column) -> float:
    """Return the share of a column's different values that are among those of another."""
    if not column.distinct:
        return 0.0
    return sum(each in ids.counts for each in column.counts) / column.distinct


def key_of_accounts(
    accounts: Source, related: Iterable[tuple[str, Source]], crm: Crm | None
) -> Key | None:
    """Return the column with the account's id in the table of accounts, None when no column can be it.

    `related` are the other tables with what they are. Of the columns that have another value in every row,
    the one is taken in which the values of other tables are found; its name decides where they do not.
    """
    related = list(related)
    found = [
        one
        for column in accounts.columns.values()
        if column.known
        and column.filled >= _ALL
        and column.distinct >= _ALL * column.known
        and (one := _candidate(column, accounts, related, crm)) is not None
    ]
    return max(found, key=lambda each: each.rank).key() if found else None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A column that could be the account's id: tables that hold its values, and what its name says."""

    column: Column
    joins: tuple[str, ...]
    named: Named
    is_name: bool

    @property
    def rank(self) -> tuple[int, float, bool]:
        return len(self.joins), self.named.score, not self.is_name

    def key(self) -> Key:
        sure, notes = self.named.score, []
        if self.joins:
            sure = max(sure, 0.9) if sure or len(self.joins) > 1 else 0.75
            sure = min(0.99, sure + 0.03)
        elif not sure:
            sure = 0.5
        twice = self.column.known - self.column.distinct
        if twice:
            sure = min(sure, 0.9 if self.joins else 0.7)
            notes.append(f"{twice:,} of its values occur twice")
        if self.is_name:
            notes.append("names serve as ids: two companies of one name would be one")
        why = [self.named.why] if self.named.why else []
        if self.joins:
            why.append(f"{_listed(self.joins)} hold its values")
        if not twice:
            why.append("it has another value in every row")
        return Key(self.column.name, sure, ", ".join(why), tuple(notes))


def _candidate(
    column: Column, accounts: Source, related: Sequence[tuple[str, Source]], crm: Crm | None
) -> _Candidate | None:
    named = account_named(column.name, ACCOUNTS, crm=crm, own=True)
    joins = tuple(table for table, each in related if _joined(each, table, column, accounts, crm))
    is_name = column_named(column.name, ACCOUNTS, "name", crm=crm).score >= SYNONYM
    if not named.score and not joins and not is_name:
        return None
    return _Candidate(column, joins, named, is_name)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _joined(source: Source, table: str, ids: Column, accounts: Source, crm: Crm | None) -> bool:
    """Whether a related table has a column that is named for an account and holds ids of this kind."""
    for column in source.columns.values():
        if not account_named(column.name, table, crm=crm).score:
            continue
        share = contained(column, ids)
        if share >= _JOINS or (share >= _JOINS_PARTLY and not (accounts.whole and source.whole)):
            return True
    return False


def key_of_related(
    source: Source,
    table: str,
    *,
    accounts: Source | None,
    key: str | None,
    crm: Crm | None,
) -> Key | None:
    """Return the column of a related table that holds the account's id, None when none seems to.

    By its name, and by whether its values are ids of the accounts, of which `key` is the column.
    """
    ids = accounts.columns.get(key) if accounts is not None and key is not None else None
    found = []
    for column in source.columns.values():
        if source is accounts and column.name == key:
            continue
        named = account_named(column.name, table, crm=crm)
        share = contained(column, ids) if ids is not None else 0.0
        one = _judged(
            column, named, share, ids, whole=source.whole and (accounts is None or accounts.whole)
        )
        if one is not None:
            found.append(one)
    return max(found, key=lambda each: each.sure) if found else None


def _judged(
    column: Column, named: Named, share: float, ids: Column | None, *, whole: bool
) -> Key | None:
    """Return how much speaks for a column, of whose values a share are ids of accounts; None: too little."""
    if not named.score:
        return _by_values(column, share)
    if ids is None or not column.known:
        return Key(column.name, 0.75 * named.score, named.why)
    if share >= _JOINS:
        strange = (f"{1 - share:.1%} of its values are ids of no account",)
        why = f"{named.why}, and its values are ids of accounts"
        sure = min(0.99, named.score + 0.05)
        return Key(column.name, sure, why, strange if share < 1 and whole else ())
    if share >= _JOINS_PARTLY or not whole:
        note = f"{share:.0%} of its values are ids of the accounts looked at"
        sure = (0.85 if share >= _JOINS_PARTLY else 0.6) * named.score
        return Key(column.name, sure, named.why, (note,))
    note = f"only {share:.0%} of its values are ids of accounts"
    if not share:
        note = "none of its values is the id of an account"
    return Key(column.name, 0.5 * named.score, named.why, (note,))


def _by_values(column: Column, share: float) -> Key | None:
    """Return what values alone say; small whole numbers are ids of everything, and say nothing."""
    telling = column.textual and sum(map(len, column.counts)) >= 4 * column.distinct
    if share < _JOINS or not telling or column.distinct < _FEW:
        return None
    why = f"{share:.0%} of its values are ids of accounts"
    return Key(column.name, 0.86 if share == 1 else 0.78, why)
