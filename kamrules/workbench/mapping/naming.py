"""How much the name of a source's column, or table, says for what it is in the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from kamrules.expression.types import ACCOUNT_ID
from kamrules.workbench.mapping.words import (
    alike,
    bare,
    lexicon,
    names_that,
    pieces,
    plain,
    squeezed,
    words_of,
)

if TYPE_CHECKING:
    from kamrules.workbench.mapping.crms import Crm
    from kamrules.workbench.mapping.words import Words

SAME, IN_CRM, SAME_BUT_TABLE, SYNONYM, SYNONYM_BUT_TABLE = 0.97, 0.98, 0.95, 0.92, 0.88
_AMBIGUOUS = 0.86
"""For a word that means many things (type, status, value): its values have to bear it out."""
_LIKE = 0.72
_LIKE_ENOUGH = 0.66


@dataclass(frozen=True, slots=True)
class Named:
    """How much a name says, from 0 to 1, and in a few words why."""

    score: float
    why: str = ""


NOTHING = Named(0.0)


@lru_cache(maxsize=200_000)
def column_named(
    name: str, table: str, column: str, *, crm: Crm | None = None, title: str = ""
) -> Named:
    """Return how much a source's column name says that it is a column of a table of the vocabulary."""
    known, words = _targets(table, column, title), words_of(name)
    without = _without(words, table)
    found = [_known(name, table, column, crm)]
    for given, key, whole in (
        (words, _key(words), True),
        (words, plain(bare(name)), True),
        (without, _key(without), False),
    ):
        if given and (target := known.get(key)) is not None:
            found.append(_same(given, target, column, whole=whole))
    best = max(found, key=lambda each: each.score)
    return best if best.score else _like(words, without, table, column)


def account_named(name: str, table: str, *, crm: Crm | None = None, own: bool = False) -> Named:
    """Return how much a column's name says that it holds the account's id; `own` in the table of accounts."""
    known = crm.tables.get(table) if crm is not None else None
    if crm is not None and known is not None:
        names = [plain(each) for each in known.account]
        if plain(name) in names:
            return Named(IN_CRM - 0.01 * names.index(plain(name)), f"{crm.name} calls it so")
    words = words_of(name)
    if words == pieces(ACCOUNT_ID):
        return Named(SAME, "its name")
    if own and words in lexicon().own:
        return Named(SYNONYM, "its name")
    if any(alike(words, each) >= 0.98 for each in lexicon().account):
        return Named(SYNONYM if len(words) > 1 else _AMBIGUOUS, "its name")
    return NOTHING


def table_named(name: str, table: str, *, crm: Crm | None = None) -> Named:
    """Return how much the name of a source's table says that it is a table of the vocabulary."""
    if crm is not None and (place := crm.rank(table, name)) is not None:
        return Named(IN_CRM - 0.02 * place, f"{crm.name} calls it `{name}`")
    words = _unwrapped(name)
    if alike(words, pieces(table)) >= 0.98:
        return Named(SAME, "its name")
    others = lexicon().table.get(table, ())
    if any(alike(words, each) >= 0.98 for each in others):
        return Named(SYNONYM, f"its name is another word for {table}")
    likeness = max((alike(words, each) for each in (pieces(table), *others)), default=0.0)
    if likeness >= 0.5:
        return Named(0.55 + 0.2 * likeness, f"its name is like {table}")
    return NOTHING


def _unwrapped(name: str) -> Words:
    words = pieces(name)
    kept = tuple(
        each for each in words if each not in names_that("wrapping") and not each.isdigit()
    )
    return kept or words


def _known(name: str, table: str, column: str, crm: Crm | None) -> Named:
    known = crm.tables.get(table) if crm is not None else None
    if crm is None or known is None:
        return NOTHING
    names = [plain(each) for each in known.column.get(column, ())]
    if plain(name) not in names:
        return NOTHING
    return Named(IN_CRM - 0.01 * names.index(plain(name)), f"{crm.name} calls it so")


@lru_cache(maxsize=10_000)
def _targets(table: str, column: str, title: str) -> dict[str, tuple[Words, bool]]:
    """Return what a column is called: by the words as one, the words, and whether they are its own name."""
    found: dict[str, tuple[Words, bool]] = {}
    others = lexicon().column.get(f"{table}.{column}", ())
    for name, own in [(column, True), (title, True), *((each, False) for each in others)]:
        if words := words_of(name):
            found.setdefault(_key(words), (words, own))
            # some write them as one word, which cannot be taken apart: numberofemployees
            found.setdefault(plain(name), (words, own))
    return found


def _key(words: Words) -> str:
    """Return words as one, in an order of their own."""
    return squeezed(sorted(words))


def _same(given: Words, target: tuple[Words, bool], column: str, *, whole: bool) -> Named:
    words, own = target
    if own:
        return Named(SAME if whole else SAME_BUT_TABLE, "its name")
    score = SYNONYM if whole else SYNONYM_BUT_TABLE
    if any(set(each) <= names_that("many_meanings") for each in (given, words)):
        score = min(score, _AMBIGUOUS)
    return Named(score, f"it is another word for `{column}`")


def _like(words: Words, without: Words, table: str, column: str) -> Named:
    likeness = 0.0
    for target, own in _targets(table, column, "").values():
        if not _share_a_beginning(target, words) or (
            not own and len(target) == 1 and len(target[0]) <= 4
        ):
            continue
        factor = 1.0 if own else 0.95
        likeness = max(likeness, factor * alike(words, target), factor * alike(without, target))
    return (
        Named(_LIKE * likeness, f"its name is like `{column}`")
        if likeness >= _LIKE_ENOUGH
        else NOTHING
    )


def _share_a_beginning(one: Words, other: Words) -> bool:
    return not {each[:3] for each in one}.isdisjoint(each[:3] for each in other)


@lru_cache(maxsize=50_000)
def _without(words: Words, table: str) -> Words:
    """Return the words of a column's name but those of its table: deal_amount of deals is amount."""
    around = {each for some in (pieces(table), *lexicon().table.get(table, ())) for each in some}
    return tuple(each for each in words if each not in around)
