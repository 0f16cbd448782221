"""What texts of a CRM mean: a choice in another language or spelling, yes or no, or a slip of the pen."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from kamrules.workbench.mapping.words import lexicon, pieces, squeezed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.workbench.mapping.crms import Crm
    from kamrules.workbench.mapping.seen import Column
    from kamrules.workbench.mapping.words import Words

_SLIP = 0.88
_SHORTEST_SLIP = 6
_MOST_SLIPS_AMONG = 400


@dataclass(frozen=True, eq=False)
class Meanings:
    """What texts mean in one column of the vocabulary.

    `own` is what the CRM says of the column by choice, `other` words of other languages by choice, and
    `known` what many write in such a column.
    """

    own: Mapping[str, tuple[str, ...]]
    other: Mapping[str, tuple[Words, ...]]
    known: tuple[str, ...]

    def choice(
        self, text: str, choices: tuple[str, ...], *, slips: bool = True
    ) -> tuple[str | None, bool]:
        """Return the choice that a text means, and whether it is one only if a slip is mended."""
        if text in choices:
            return text, False
        known = _index(self, choices)
        given = squeezed(pieces(text)) or text.strip().casefold()
        if given in known:
            return known[given], False
        if not slips or len(given) < _SHORTEST_SLIP:
            return None, False
        near = difflib.get_close_matches(given, known, n=3, cutoff=_SLIP)
        meant = {known[each] for each in near if abs(len(each) - len(given)) <= 2}
        return (meant.pop(), True) if len(meant) == 1 else (None, False)

    def numbers(self, column: Column) -> dict[str, object] | None:
        """Return what numbers the texts of a column stand for, None when not all of them stand for one."""
        choices = tuple({**self.own, **self.other})
        if not choices or column.distinct > 12:
            return None
        found: dict[str, object] = {}
        for text in column.counts:
            meant, _ = self.choice(text, choices)
            if meant is None:
                return None
            if meant != text:
                found[text] = int(meant)
        return found

    def slips(self, column: Column) -> dict[str, object]:
        """Return texts that are slips of texts which many write in such a column, with what is meant."""
        if not self.known or column.distinct > _MOST_SLIPS_AMONG:
            return {}
        folded = {each.casefold(): each for each in self.known}
        found: dict[str, object] = {}
        for text in sorted(column.counts):
            given = text.casefold()
            if given in folded or len(given) < _SHORTEST_SLIP:
                continue
            near = difflib.get_close_matches(given, folded, n=2, cutoff=_SLIP)
            if len(near) == 1 and abs(len(near[0]) - len(given)) <= 1:
                found[text] = _cased(text, folded[near[0]])
        return found


@lru_cache(maxsize=10_000)
def _index(words: Meanings, choices: tuple[str, ...]) -> dict[str, str]:
    """Return the choice that each known text means, by the text as one word."""
    found: dict[str, str] = {}
    for choice in choices:
        others = (*words.other.get(choice, ()), *lexicon().degrees.get(choice, ()))
        for each in (pieces(choice), *others):
            found.setdefault(squeezed(each), choice)
    # what the CRM itself says goes before what words mean elsewhere
    for choice in choices:
        for text in words.own.get(choice, ()):
            found[squeezed(pieces(text)) or text.casefold()] = choice
    return found


def truth(text: str) -> bool | None:
    """Return whether a text of another language says yes or no, None when it says neither."""
    given = pieces(text) or (text.strip().casefold(),)
    for name, meant in (("true", True), ("false", False)):
        if given in lexicon().degrees[name]:
            return meant
    return None


def only_degrees(choices: tuple[str, ...]) -> bool:
    """Whether choices only say how much, so that they tell nothing of what the column is."""
    return all(each in {*lexicon().degrees, "some", "strong", "weak", "much"} for each in choices)


def _cased(text: str, meant: str) -> str:
    """Return what is meant as the column writes its texts."""
    if text.islower():
        return meant.casefold()
    return meant[:1].upper() + meant[1:] if text[:1].isupper() else meant


@lru_cache(maxsize=10_000)
def meanings(table: str, column: str, crm: Crm | None) -> Meanings:
    """Return what texts mean in a column of the vocabulary, with what a CRM says of its own."""
    found = lexicon()
    known = crm.tables.get(table) if crm is not None else None
    own = known.values.get(column, {}) if known is not None else {}
    return Meanings(own, found.choice.get(f"{table}.{column}", {}), found.known.get(column, ()))
