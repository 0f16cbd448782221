"""Whether a column's values fit a column of the vocabulary, and what the book file has to say of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kamrules.expression.types import Kind
from kamrules.workbench.mapping.choices import Meanings, meanings, only_degrees, truth
from kamrules.workbench.mapping.dates import form_of_dates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.expression.types import Type
    from kamrules.workbench.mapping.seen import Column

_TRUE = frozenset(("true", "yes", "1", "t", "y"))
_FALSE = frozenset(("false", "no", "0", "f", "n"))
_BOTH = _TRUE | _FALSE
_SHOWN = 4
_MOST_CHOICES = 60
_EMPTY = 0.84
"""A column without values is what its name says, unless the name is a mere synonym."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well values fit: a factor from 0 (not at all) to 1, what has to be said of them, and doubts.

    `speaks` says that the values tell by themselves what the column is, whatever it is called.
    """

    factor: float
    mapping: Mapping[str, object] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    speaks: bool = False


NOT_AT_ALL = Fit(0.0)


def fit(column: Column, of: Type, words: Meanings, *, named: bool = True) -> Fit:
    """Return how the values of a sample fit a type; `words` tell what texts mean choices.

    Without a name that speaks for it, no slips are mended.
    """
    if not column.texts:
        return Fit(_EMPTY, doubts=("it is empty in the rows looked at",))
    if of.kind is Kind.CHOICE:
        return _choice(column, of.choices, words, slips=named)
    if not column.known:
        return Fit(_EMPTY, {"unknown": list(column.blanks)}, ("it is empty in the rows looked at",))
    match of.kind:
        case Kind.DATE:
            found = _date(column)
        case Kind.BOOL:
            found = _bool(column)
        case Kind.TEXT:
            found = _text(column, words)
        case _:
            found = _number(column, of, words)
    if column.blanks and found.factor and of.kind is not Kind.TEXT:
        return Fit(found.factor, {**found.mapping, "unknown": list(column.blanks)}, found.doubts, found.notes,
                   found.speaks)  # fmt: skip
    return found


def _date(column: Column) -> Fit:
    found = form_of_dates(column)
    if found is None:
        return NOT_AT_ALL
    mapping = {"format": found.format} if found.format else {}
    if found.other:
        doubt = f'day and month could stand the other way round: "{found.other}"'
        return Fit(0.6, mapping, (doubt,))
    if found.share < 0.98:
        return Fit(0.8, mapping, (f"{1 - found.share:.0%} of its values are no dates",))
    return Fit(1.0, mapping)


def _bool(column: Column) -> Fit:
    if column.type == "BOOLEAN":
        return Fit(1.0)
    if column.distinct > 6:
        return NOT_AT_ALL
    values: dict[str, object] = {}
    read = 0
    for text, n in column.counts.items():
        low = text.strip().casefold()
        if low in _BOTH:
            read += n
        elif (meant := truth(text)) is not None:
            values[text] = meant
            read += n
    share = read / column.known
    if share < 0.95:
        return NOT_AT_ALL
    doubts = () if share == 1 else (f"{1 - share:.0%} of its values are neither yes nor no",)
    return Fit(1.0 if share == 1 else 0.8, {"values": values} if values else {}, doubts)


def _choice(column: Column, choices: tuple[str, ...], words: Meanings, *, slips: bool) -> Fit:
    if column.distinct > _MOST_CHOICES:
        return NOT_AT_ALL
    values: dict[str, object] = {}
    mended: list[str] = []
    lost: list[str] = []
    unknown: list[object] = []
    read, meant = 0, set()
    for text, n in column.texts.most_common():
        found, slip = words.choice(text, choices, slips=slips)
        if found is None:
            (unknown if text in column.blanks else lost).append(text)
            continue
        read += n
        meant.add(found)
        if found != text:
            values[text] = found
        if slip:
            mended.append(text)
    if not read:
        return NOT_AT_ALL
    share = read / (column.texts.total() - sum(column.texts[str(each)] for each in unknown))
    mapping: dict[str, object] = {"values": values} if values else {}
    if unknown:
        mapping["unknown"] = unknown
    notes = tuple(f'"{each}" is taken for a slip of "{values[each]}"' for each in mended)
    if not lost:
        several = len(meant) > 1
        return Fit(1.0, mapping, (), notes, speaks=several and not only_degrees(choices))
    shown = ", ".join(f'"{each}"' for each in lost[:_SHOWN]) + (
        ", ..." if len(lost) > _SHOWN else ""
    )
    doubt = (
        f"{shown} {'is' if len(lost) == 1 else 'are'} none of its choices ({', '.join(choices)})"
    )
    factor = 0.88 if share >= 0.98 else 0.7 if share >= 0.8 else 0.45 if share >= 0.3 else 0.25
    return Fit(factor, mapping, (doubt,), notes)


def _text(column: Column, words: Meanings) -> Fit:
    notes: tuple[str, ...] = ()
    mapping: dict[str, object] = {}
    if values := words.slips(column):
        mapping["values"] = values
        notes = tuple(f'"{old}" is taken for a slip of "{new}"' for old, new in values.items())
    if column.blanks:
        mapping["unknown"] = list(column.blanks)
    if form_of_dates(column) is not None:
        return Fit(0.3, mapping, ("its values are dates",))
    if column.numeric > 0.95:
        return Fit(
            0.6, mapping, ("its values are numbers, perhaps the keys of another table",), notes
        )
    if column.share(_KEY) > 0.95:
        return Fit(0.7, mapping, ("its values look like keys of another table",), notes)
    return Fit(1.0, mapping, (), notes)


_KEY = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?=[A-Za-z0-9]*\d)[0-9a-zA-Z]{15}(?:[0-9a-zA-Z]{3})?",
    re.IGNORECASE,
)
"""A UUID, and an id as Salesforce makes them."""


def _number(column: Column, of: Type, words: Meanings) -> Fit:
    if column.numeric < 0.9:
        named = words.numbers(column)
        return NOT_AT_ALL if named is None else Fit(0.85, {"values": named})
    doubts: list[str] = []
    factor, mapping = 1.0, {}
    if column.numeric < 0.98:
        factor, doubts = 0.8, [f"{1 - column.numeric:.0%} of its values are no numbers"]
    low, high = column.numbers[0], column.numbers[-1]
    match of.kind:
        case Kind.SHARE if high > 1.5 or low < -1.5:
            if high > 400 or low < -400:
                return NOT_AT_ALL
            mapping["times"] = 0.01
            factor *= 0.75
            doubts.append(f"it goes up to {high:g}, so it is taken for percent")
        case Kind.SCORE if low < 0 or high > 100:
            factor *= 0.4
            doubts.append(f"a score is from 0 to 100, and it goes from {low:g} to {high:g}")
        case Kind.SCORE if high <= 10:
            mapping["times"] = 20 if high <= 5 else 10
            factor *= 0.7
            doubts.append(
                f"it goes up to {high:g}, so it is taken for marks out of {5 if high <= 5 else 10}"
            )
        case Kind.INTEGER | Kind.DAYS if any(each % 1 for each in column.numbers):
            factor *= 0.7
            doubts.append("it has fractions")
        case _:
            pass
    return Fit(factor, mapping, tuple(doubts))


def told(doubts: tuple[str, ...]) -> str:
    """Return doubts as one text."""
    return "; ".join(doubts)


__all__ = ["NOT_AT_ALL", "Fit", "Meanings", "fit", "meanings", "told"]
