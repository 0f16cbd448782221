"""What several columns together tell: in what revenue is written, what a deal's date is, mended slips."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kamrules.expression.types import ACCOUNTS
from kamrules.workbench.mapping.words import pieces, squeezed, times_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.workbench.mapping.pairing import Pair
    from kamrules.workbench.mapping.seen import Column, Source

_GUESSED = 0.7
_A_HEAD = (15_000, 3_000_000)
"""Yearly revenue for each employee lies between these in most companies, in most currencies."""
_SMALL = 100_000
_AMOUNTS = ("annual_revenue", "estimated_spend", "potential", "budget", "amount", "margin", "value")
_ROUNDED = {1_000: "thousands", 10_000: "tens of thousands", 1_000_000: "millions"}
_LOOKED_UP = 0.6


def refined(some: list[Pair], source: Source, table: str) -> list[Pair]:
    """Return the pairs of a table with what only several of its columns tell."""
    some = [_in_units(each, source.columns[each.source]) for each in some]
    if table == ACCOUNTS:
        return _revenue(some, source)
    if table == "opportunities":
        return _days_of_deals(some, source)
    return some


def _in_units(pair: Pair, column: Column) -> Pair:
    """Return a pair with the factor that its source's name tells of; what it tells is never sure."""
    times = times_in(column.name)
    if times is None or pair.column not in _AMOUNTS or "times" in pair.mapping:
        return pair
    return _times(pair, times, f"its name says that it is in {_ROUNDED[times]}")


def _times(pair: Pair, times: int, doubt: str) -> Pair:
    return replace(pair, mapping={**pair.mapping, "times": times}).doubted(_GUESSED, doubt)


def _revenue(some: list[Pair], source: Source) -> list[Pair]:
    """Return the pairs with the factor of yearly revenue that its size, or that a head, tells of."""
    by_column = {each.column: each for each in some}
    revenue = by_column.get("annual_revenue")
    if revenue is None or "times" in revenue.mapping:
        return some
    column = source.columns[revenue.source]
    middle = column.median
    if middle is None:
        return some
    staff = by_column.get("employees")
    found = revenue
    heads = source.columns[staff.source].median if staff is not None else _heads(source)
    if heads:
        a_head = middle / heads
        fitting = [
            each for each in (1, 1_000, 1_000_000) if _A_HEAD[0] <= a_head * each <= _A_HEAD[1]
        ]
        if fitting and 1 not in fitting:
            told = f"{middle:g} for {heads:g} people would be {a_head:.2g} a head, so it is taken to be in"
            found = _times(revenue, fitting[-1], f"{told} {_ROUNDED[fitting[-1]]}")
    elif column.numbers[-1] < _SMALL:
        told = f"its largest value is {column.numbers[-1]:g}, so it is taken to be in millions"
        found = _times(revenue, 1_000_000, told)
    return [found if each is revenue else each for each in some]


def _heads(source: Source) -> float | None:
    """Return the middle number of employees where a column is called so but fills nothing."""
    named = (each for each in source.columns.values() if "employee" in pieces(each.name))
    return next((each.median for each in named if each.numeric > 0.9), None)


def _days_of_deals(some: list[Pair], source: Source) -> list[Pair]:
    """Return the pairs with a deal's one date where it belongs: closed if open deals have none."""
    by_column = {each.column: each for each in some}
    stage = by_column.get("stage")
    pair = by_column.get("closed") or by_column.get("expected")
    if stage is None or pair is None or ("closed" in by_column and "expected" in by_column):
        return some
    still, done = _filled_by_stage(stage, pair, source)
    if still is None or done is None:
        return some
    if done > 0.9 and still < 0.1:
        why = f"{pair.why}; open deals have none"
        found = replace(pair, column="closed", why=why)
        return [found if each is pair else each for each in some]
    if still > 0.9 and done > 0.9:
        why = f"{pair.why}; open deals have it too"
        expected = replace(pair, column="expected", why=why)
        closed = replace(pair, column="closed", notes=(), others=()).doubted(
            0.6,
            "it fills `expected` as well; of deals that are won or lost it mostly is the day of that",
        )
        both = {"expected": expected, "closed": closed}
        kept = [each for each in some if each is not pair]
        return [*kept, *both.values()]
    return some


def _filled_by_stage(stage: Pair, pair: Pair, source: Source) -> tuple[float | None, float | None]:
    """Return the share of open deals that have a date, and of those won or lost; None: there are none."""
    values = stage.mapping.get("values", {})
    meant = values if isinstance(values, dict) else {}
    told: dict[bool, list[bool]] = {True: [], False: []}
    for text, day in zip(
        source.columns[stage.source].cells, source.columns[pair.source].cells, strict=True
    ):
        if text is not None and (means := meant.get(text, text)) in {"open", "won", "lost"}:
            told[means == "open"].append(bool(day and day.strip()))
    still, done = (sum(each) / len(each) if each else None for each in (told[True], told[False]))
    return still, done


def with_slips(some: list[Pair], source: Source, sources: Sequence[Source]) -> list[Pair]:
    """Return the pairs with texts mended that another table of the source writes in another way.

    Where a table of products knows `GTX Pro`, a deal's `GTXPro` is meant to be that.
    """
    return [_mended(each, source, sources) for each in some]


def _mended(pair: Pair, source: Source, sources: Sequence[Source]) -> Pair:
    column = source.columns[pair.source]
    if (
        "values" in pair.mapping
        or not column.textual
        or column.distinct > 1_000
        or not column.distinct
    ):
        return pair
    for other in sources:
        for known in other.columns.values():
            if other is source or not known.unique or pieces(known.name) != pieces(column.name):
                continue
            strange = [each for each in column.counts if each not in known.counts]
            if not strange or len(strange) > (1 - _LOOKED_UP) * column.distinct:
                continue
            folded = {squeezed(pieces(each)): each for each in known.counts}
            values = {
                each: folded[squeezed(pieces(each))]
                for each in sorted(strange)
                if squeezed(pieces(each)) in folded
            }
            if values:
                notes = tuple(
                    f'"{old}" is "{new}" in `{other.name}`' for old, new in values.items()
                )
                return replace(
                    pair, mapping={**pair.mapping, "values": values}, notes=(*pair.notes, *notes)
                )
    return pair
