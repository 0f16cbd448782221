"""Known CRMs: what their tables and columns are called, and how one is recognised by its names."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import tomli

import kamrules.crms
from kamrules.workbench.mapping.words import lexicon, names_that, pieces, plain, squeezed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kamrules.workbench.mapping.seen import Source

_ENOUGH = 3
"""So many names of a CRM have to be there before a source is taken for one of its."""


@dataclass(frozen=True, slots=True)
class CrmTable:
    """What fills one table of the vocabulary in a CRM: names of its tables, best first, and of its columns.

    `account` are names of the column with the account's id; `values` by column and choice; `only`
    the rows that are meant, by the CRM's column.
    """

    tables: tuple[str, ...]
    account: tuple[str, ...] = ()
    column: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Crm:
    """A CRM: its name, and what it has for each table of the vocabulary."""

    name: str
    tables: Mapping[str, CrmTable]

    def rank(self, table: str, name: str) -> int | None:
        """Return the place of a source's table among those that fill a table, None: it is none of them."""
        known = self.tables.get(table)
        names = [] if known is None else [plain(each) for each in known.tables]
        return names.index(plain(name)) if plain(name) in names else None


@lru_cache(maxsize=1)
def crms() -> tuple[Crm, ...]:
    """Return the CRMs that come with kamrules."""
    files = sorted(resources.files(kamrules.crms).iterdir(), key=lambda each: each.name)
    return tuple(
        _crm(tomli.loads(each.read_text(encoding="utf-8")))
        for each in files
        if each.name.endswith(".toml")
    )


def _crm(data: dict[str, Any]) -> Crm:
    tables = {name: _table(each) for name, each in data.items() if isinstance(each, dict)}
    return Crm(data["name"], tables)


def _table(data: dict[str, Any]) -> CrmTable:
    return CrmTable(
        tables=tuple(data["tables"]),
        account=tuple(data.get("account", data.get("account_id", ()))),
        column={name: tuple(each) for name, each in data.get("column", {}).items()},
        values={
            name: {choice: tuple(some) for choice, some in each.items()}
            for name, each in data.get("values", {}).items()
        },
        only={name: tuple(each) for name, each in data.get("only", {}).items()},
    )


def recognised(sources: Iterable[Source]) -> tuple[Crm, int] | None:
    """Return the CRM that a source is of, and how many names of its own were found; None when it is of none.

    Names that every CRM has count little: a source is taken for a CRM's only by what is peculiar to it.
    """
    found = [(crm, *_met(crm, sources)) for crm in crms()]
    found.sort(key=lambda each: each[1], reverse=True)
    (crm, weight, names), second = found[0], found[1][1]
    return (crm, names) if weight >= _ENOUGH and weight > second else None


def _met(crm: Crm, sources: Iterable[Source]) -> tuple[float, int]:
    """Return the weight of the names of a CRM that sources have, and their number."""
    weight, number = 0.0, 0
    for source in sources:
        best: tuple[float, int] = (0.0, 0)
        names = {plain(each) for each in source.columns}
        for table, known in crm.tables.items():
            if crm.rank(table, source.name) is None:
                continue
            own = {plain(each) for some in (*known.column.values(), known.account) for each in some}
            met = own & names
            score = sum(0.25 if _common(each) else 1.0 for each in met)
            score += 2.0 if met and not _spoken(source.name) else 0.0
            best = max(best, (score, len(met)))
        weight, number = weight + best[0], number + best[1]
    return weight, number


@cache
def _spoken(name: str) -> bool:
    """Whether the name of a table is a word that anybody uses for such a table."""
    known = {
        squeezed(each) for table, some in lexicon().table.items() for each in (pieces(table), *some)
    }
    return squeezed(pieces(name)) in known


@cache
def _common(name: str) -> bool:
    """Whether a name tells nothing of the CRM: it is everywhere, or a word of the vocabulary's own."""
    words = pieces(name)
    ours = {squeezed(pieces(each.rpartition(".")[2])) for each in lexicon().column}
    ids = {squeezed(each) for each in (*lexicon().account, *lexicon().own)}
    return bool({name, squeezed(words)} & (names_that("everywhere") | ours | ids))
