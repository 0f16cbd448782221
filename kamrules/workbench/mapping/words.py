"""Names of tables and columns as words: what they are in other languages, and how alike two of them are."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import tomli

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Words = tuple[str, ...]

_OWN_FIELDS = re.compile(
    r"^(hs_|x_studio_|x_|msdyn_|new_|cr[0-9a-f]{3,4}_|custom_|custom\.|cf_|udf_|u_|properties\.|fields\.)"
    r"|(__c|__pc|_c|_cache)$",
    re.IGNORECASE,
)
"""What CRMs put before or behind the names of fields that are not everybody's."""
_PIECES = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")


@cache
def _data() -> dict[str, Any]:
    text = (resources.files(__package__) / "words.toml").read_text(encoding="utf-8")
    return tomli.loads(text)


@cache
def names_that(what: str) -> frozenset[str]:
    """Return the names that are `everywhere`, have `many_meanings`, wrap tables (`wrapping`), and so on."""
    return frozenset(_data()["names"][what])


@cache
def pieces(name: str) -> Words:
    """Return the words of a name without case, accents and plural `s`: CustomerNo is customer, no."""
    plain = "".join(
        each
        for each in unicodedata.normalize("NFKD", name.replace("ß", "ss"))
        if not unicodedata.combining(each)
    )
    return tuple(_singular(each.casefold()) for each in _PIECES.findall(plain))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@cache
def bare(name: str) -> str:
    """Return a column's name without what CRMs put around the names of fields of one's own."""
    return _OWN_FIELDS.sub("", _OWN_FIELDS.sub("", name)) or name


@cache
def plain(name: str) -> str:
    """Return a name without case, points, underscores and the like, as CRMs and exports vary them."""
    return re.sub(r"[\W_]+", "", name).casefold()


@cache
def words_of(name: str) -> Words:
    """Return the words of a column's name that tell what it holds: no units, no CRM's own beginning."""
    found = pieces(bare(name))
    aside = names_that("little") | names_that("currencies") | names_that("times")
    return tuple(each for each in found if each not in aside) or found


def times_in(name: str) -> int | None:
    """Return what a column's name says its amounts have to be multiplied by, None when it says nothing."""
    times: dict[str, int] = _data()["names"]["times"]
    return next((times[each] for each in pieces(name) if each in times), None)


def squeezed(words: Iterable[str]) -> str:
    """Return words as one, since some CRMs write them so: numberofemployees."""
    return "".join(words)


def alike(one: Words, other: Words) -> float:
    """Return how alike two names are, from 0 to 1, where 1 is: the same words, in this or another order."""
    if not one or not other:
        return 0.0
    if one == other or squeezed(one) == squeezed(other):
        return 1.0
    if sorted(one) == sorted(other):
        return 0.98
    left, shared = list(other), 0.0
    for word in one:
        best = max(left, key=lambda each: _similar(word, each), default=None)
        if best is not None and (score := _similar(word, best)) >= 0.75:
            shared += score
            left.remove(best)
    return shared / (len(one) + len(other) - shared)


@lru_cache(maxsize=100_000)
def _similar(one: str, other: str) -> float:
    """Return how alike two words are: the share of their runs of three letters that they have in common."""
    if one == other:
        return 1.0
    if min(len(one), len(other)) < 4:
        return 0.0
    left, right = _threes(one), _threes(other)
    return 2 * len(left & right) / (len(left) + len(right))


def _threes(word: str) -> set[str]:
    padded = f" {word} "
    return {padded[at : at + 3] for at in range(len(padded) - 2)}


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Other words for what the vocabulary names; `column` (as written) and `choice` by "table.column"."""

    table: Mapping[str, tuple[Words, ...]]
    column: Mapping[str, tuple[str, ...]]
    account: tuple[Words, ...]
    own: tuple[Words, ...]
    choice: Mapping[str, Mapping[str, tuple[Words, ...]]]
    degrees: Mapping[str, tuple[Words, ...]]
    known: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Return the words that come with kamrules."""
    data = _data()
    return Lexicon(
        table=_phrases(data["table"]),
        column={name: tuple(each) for name, each in data["column"].items()},
        account=tuple(words_of(each) for each in data["account"]["names"]),
        own=tuple(words_of(each) for each in data["account"]["own"]),
        choice={name: _phrases(each) for name, each in data["choice"].items()},
        degrees=_phrases(data["degrees"]),
        known={name: tuple(each) for name, each in data["known"].items()},
    )


def _phrases(data: Mapping[str, Any]) -> dict[str, tuple[Words, ...]]:
    return {name: tuple(words_of(each) for each in some) for name, some in data.items()}
