"""Words: a text that is one of a few known ones, held as its number among them until it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from kamrules.engines.polars.branches import first_true
from kamrules.engines.polars.literals import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NUMBER = pl.UInt16
MOST = 2**16 - 1
"""So many words one number can tell apart; 0 is none of them."""
FEW = 2**8
"""So many members of an enumeration Polars holds in bytes."""
TOGETHER = 10
"""So many texts are joined in all ways ahead of time."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text as a number, counted from 1 on, among `texts`; unknown where the text is."""

    number: pl.Expr
    texts: tuple[str, ...]

    def is_one_of(self, texts: Sequence[str]) -> pl.Expr:
        """Return whether it is one of some texts; unknown if it is."""
        places = [place for place, each in enumerate(self.texts, start=1) if each in texts]
        first, *others = places or [0]
        found = self.number == literal(first, NUMBER)
        for each in others:
            found |= self.number == literal(each, NUMBER)
        return found

    def changed(self, change: Callable[[str], str]) -> Words:
        """Return what a function makes of the text."""
        return Words(self.number, tuple(change(each) for each in self.texts))

    def among(self, texts: dict[str, int]) -> pl.Expr:
        """Return its number among other texts."""
        numbers = [texts[each] for each in self.texts]
        behind = numbers[0] - 1 if numbers else 0
        if numbers == list(range(behind + 1, behind + 1 + len(numbers))):
            return self.number + literal(behind, NUMBER) if behind else self.number
        return gathered(pl.Series(numbers, dtype=NUMBER), self.number)

    def member(self) -> pl.Expr:
        """Return it as a member of an enumeration, as which it is written fastest."""
        if not self.texts:
            return pl.lit(None, dtype=pl.String)
        texts = list(dict.fromkeys(self.texts))
        number = self if len(texts) == len(self.texts) else self._renumbered(texts)
        held = pl.UInt8 if len(texts) < FEW else NUMBER
        return (number.number - literal(1, NUMBER)).cast(held).cat.to(pl.Enum(texts))

    def _renumbered(self, texts: list[str]) -> Words:
        found = self.among({each: place for place, each in enumerate(texts, start=1)})
        return Words(found, tuple(texts))

    def text(self) -> pl.Expr:
        """Return it as a text."""
        return self.member().cast(pl.String)


def word(text: str) -> Words:
    """Return a text that is written."""
    return Words(literal(1, NUMBER), (text,))


def no_word() -> Words:
    """Return an unknown text."""
    return Words(literal(None, NUMBER), ())


def chosen(branches: Sequence[tuple[pl.Expr, Words]], otherwise: Words) -> Words | None:
    """Return the word of the first branch whose condition is true; None for too many words."""
    texts: dict[str, int] = {}
    for each in (*(found for _, found in branches), otherwise):
        for text in each.texts:
            texts.setdefault(text, len(texts) + 1)
    if len(texts) > MOST:
        return None
    numbers = [(test, found.among(texts)) for test, found in branches]
    return Words(first_true(numbers, otherwise.among(texts)), tuple(texts))


def joined(between: str, parts: Sequence[tuple[pl.Expr, str]]) -> Words | None:
    """Return the texts whose conditions are true, joined: looked up by which these are.

    None for more than TOGETHER. To join texts row by row takes ten times as long.
    """
    if len(parts) > TOGETHER:
        return None
    number: pl.Expr = literal(1, NUMBER)
    for place, (test, _) in enumerate(parts):
        bit, none = literal(1 << place, NUMBER), literal(0, NUMBER)
        number += pl.when(test).then(bit).otherwise(none)
    return Words(number, tuple(_joins(between, [text for _, text in parts])))


def _joins(between: str, texts: Sequence[str]) -> Iterator[str]:
    for which in range(1 << len(texts)):
        yield between.join(text for place, text in enumerate(texts) if which >> place & 1)


def gathered(items: pl.Series, place: pl.Expr) -> pl.Expr:
    """Return the items at places, counted from 1 on; unknown before the first and beyond the last."""
    nothing = pl.Series([None], dtype=items.dtype)
    padded = pl.concat([nothing, items, nothing])
    inside = place.clip(0, len(items) + 1)
    return inside.map_batches(padded.gather, return_dtype=items.dtype, is_elementwise=True)
