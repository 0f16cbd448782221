"""Telling a backtest: as plain data, as rows of tables, as sentences on what the book cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kamrules.workbench.backtest.backtesting import Backtest, Group, Moves, Then

NONE = {"class": "unknown", "tier": "no tier"}
AGAINST = "against"


def as_data(found: Backtest) -> dict[str, Any]:
    """Return everything as plain data."""
    program, dated = found.program, found.dated
    return {
        "ruleset": {"name": program.name, "version": program.version, "digest": program.digest},
        "accounts": found.accounts,
        "remembered": found.remembered,
        "outcome": found.outcome,
        "outcome_days": found.days if found.outcome is not None else None,
        "against": found.against,
        "until": found.until.isoformat(),
        "dates": [_then(each) for each in found.dates],
        "moves": {"class": _moves(found.class_moves), "tier": _moves(found.tier_moves)},
        "foretold": {
            name: {"dates": dates, "lift": lift, "correlation": correlation}
            for name, dates, lift, correlation in means(found)
        },
        "dated_by": dict(dated.by),
        "unusable_tables": dict(dated.unusable),
        "undated_rows": {name: rows for name, (rows, _) in dated.undated.items()},
        "later_dates": list(dated.later),
        "as_of_today": list(found.as_of_today),
        "notes": list(notes(found)),
    }


def _then(one: Then) -> dict[str, Any]:
    return {
        "as_of": one.as_of.isoformat(),
        "classes": [_group(each) for each in one.classes],
        "tiers": [_group(each) for each in one.tiers],
        "moves": {"class": _moves(one.class_moves), "tier": _moves(one.tier_moves)},
        "outcome_over": one.over,
        "foretold": {
            name: {"accounts": each.accounts, "lift": each.lift, "correlation": each.correlation}
            for name, each in one.foretold.items()
        },
    }


def _group(one: Group) -> dict[str, Any]:
    return {"id": one.id, "accounts": one.accounts, "known": one.known, "mean_outcome": one.mean}


def _moves(moves: Moves) -> list[dict[str, Any]]:
    return [{"from": was, "to": now, "accounts": accounts} for was, now, accounts in moves]


def means(found: Backtest) -> Iterator[tuple[str, int, float | None, float | None]]:
    """Yield for each number that ranked accounts the dates with an outcome, mean lift, mean correlation."""
    over = [each for each in found.dates if each.over]
    for name in dict.fromkeys(name for each in over for name in each.foretold):
        some = [each.foretold[name] for each in over if name in each.foretold]
        lifts = [each.lift for each in some if each.lift is not None]
        ranks = [each.correlation for each in some if each.correlation is not None]
        yield name, len(some), _mean(lifts), _mean(ranks)


def _mean(values: list[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def ids(found: Backtest, what: str) -> list[str | None]:
    """Return the classes (highest first) or tiers that occur, None last."""
    program = found.program
    levels = {each.id: each.level for each in program.classes}
    if what == "tier":
        levels = {each.id: each.level for each in program.tiers}
    known = sorted(levels, key=lambda each: -levels[each])
    groups = [each.classes if what == "class" else each.tiers for each in found.dates]
    occur = {one.id for each in groups for one in each}
    return [each for each in [*known, None] if each in occur]


def name_of(what: str, of: str | None) -> str:
    """Return how a class or tier is called, none included."""
    return NONE[what] if of is None else of


def by_date(found: Backtest, what: str) -> Iterator[tuple[str, ...]]:
    """Yield for each date how many accounts are in each class or tier, and how many moved since before."""
    columns = ids(found, what)
    for each in found.dates:
        groups = each.classes if what == "class" else each.tiers
        counts = {one.id: one.accounts for one in groups}
        moves = each.class_moves if what == "class" else each.tier_moves
        moved = sum(accounts for was, now, accounts in moves if was != now)
        told = f"{moved:,}" if moves else ""
        yield (each.as_of.isoformat(), *(f"{counts.get(one, 0):,}" for one in columns), told)


def matrix(moves: Moves, order: Iterable[str | None], what: str) -> Iterator[tuple[str, ...]]:
    """Yield the lines of a migration matrix: class (or tier) before, then how many went to which."""
    order = list(order)
    counts = {(was, now): accounts for was, now, accounts in moves}
    for was in order:
        cells = [counts.get((was, now), 0) for now in order]
        if any(cells):
            yield (name_of(what, was), *(f"{each:,}" if each else "-" for each in cells))


def foretold_rows(found: Backtest) -> Iterator[tuple[str, ...]]:
    """Yield for each number that ranked accounts its mean lift and rank correlation."""
    for name, _, lift, correlation in means(found):
        told = found.against or "" if name == AGAINST else name
        yield (
            told,
            "-" if lift is None else f"{lift:.2f}",
            "-" if correlation is None else f"{correlation:+.3f}",
        )


def notes(found: Backtest) -> Iterator[str]:
    """Yield what the book cannot tell of the past."""
    dated = found.dated
    for name, why in dated.unusable.items():
        yield f"`{name}` cannot be used on past dates: {why}; what is read from it is unknown there"
    for name, (rows, everything) in dated.undated.items():
        yield f"{rows:,} of {everything:,} rows of `{name}` have no date and are left out on every date"
    if dated.later:
        named = ", ".join(f"`{each}`" for each in dated.later)
        yield f"Dates that lie later than the decision are unknown to it: {named} (--planned keeps one)"
    if dated.by:
        named = ", ".join(f"`{name}.{column}`" for name, column in dated.by.items())
        yield f"Rows were there from the date that dates them, and what else they say is as now: {named}"
    if found.as_of_today:
        named = ", ".join(f"`{each}`" for each in found.as_of_today)
        yield f"The accounts' own columns are as they are now: {named}"
    missing = [each.as_of.isoformat() for each in found.dates if not each.over]
    if found.outcome is None:
        yield "Nothing was foretold: there are no orders with date and amount; --outcome names something else"
    elif missing:
        yield (
            f"No outcome yet on {', '.join(missing)}: it takes {found.days:,} days, and the book tells "
            f"until {found.until}"
        )
