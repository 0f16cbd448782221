"""What plug-ins propose, beside what kamrules does: of two proposals the surer one counts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, Severity, nearest
from kamrules.expression.types import ACCOUNT_ID
from kamrules.workbench.mapping.keys import Key
from kamrules.workbench.mapping.pairing import Pair
from kamrules.workbench.mapping.proposing import Suggested

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kamrules.contracts import Proposal
    from kamrules.expression.types import Table
    from kamrules.workbench.mapping.seen import Source

_KEYS = frozenset(("times", "values", "format", "unknown"))


def usable(
    asked: Sequence[Proposal], sources: Sequence[Source], vocabulary: Mapping[str, Table]
) -> tuple[list[Proposal], list[Diagnostic]]:
    """Return the proposals of plug-ins that are about what there is, and warnings about the others."""
    found, warnings = [], []
    for each in asked:
        wrong = _wrong(each, sources, vocabulary)
        if wrong is None:
            found.append(each)
        else:
            what = f"`{each.table}.{each.column}` from `{each.seen}.{each.seen_column}`"
            message = f"a plug-in proposes {what}: {wrong}"
            warnings.append(Diagnostic("KR687", message, Severity.WARNING))
    return found, warnings


def _wrong(
    each: Proposal, sources: Sequence[Source], vocabulary: Mapping[str, Table]
) -> str | None:
    source = _source(each, sources)
    table = vocabulary.get(each.table)
    if table is None:
        near = nearest(each.table, vocabulary)
        return "the ruleset has no such table" + (f", did it mean `{near}`?" if near else "")
    if each.column != ACCOUNT_ID and each.column not in table.columns:
        return "the ruleset has no such column"
    if source is None:
        return f"there is no table `{each.seen}`"
    if each.seen_column not in source.columns:
        return f"`{each.seen}` has no such column"
    if not 0 <= each.sure <= 1:
        return f"it is {each.sure} sure, and has to be from 0 to 1"
    strange = sorted(set(each.mapping) - _KEYS)
    return f"a mapping has no `{strange[0]}`" if strange else None


def _source(each: Proposal, sources: Sequence[Source]) -> Source | None:
    return next((one for one in sources if each.seen in (one.name, one.uri)), None)


def joined(
    found: list[Suggested],
    asked: Sequence[Proposal],
    sources: Sequence[Source],
    vocabulary: Mapping[str, Table],
) -> list[Suggested]:
    """Return the tables with the proposals of plug-ins put in, which have to be usable.

    A table that plug-ins fill from another of the source's tables than kamrules would is filled from theirs
    if they are surer of its columns than kamrules is of the table.
    """
    by_table = {each.table: each for each in found}
    for name in dict.fromkeys(each.table for each in asked):
        some = [each for each in asked if each.table == name]
        best = max(some, key=lambda each: each.sure)
        source = _source(best, sources)
        if source is None or name not in vocabulary:
            continue
        there = by_table.get(name)
        if there is None or (there.source is not source and best.sure > there.sure):
            there = Suggested(name, source, best.sure, best.why, None, ())
        about_it = [each for each in some if _source(each, sources) is there.source]
        by_table[name] = _put_in(there, about_it)
    return list(by_table.values())


def _put_in(there: Suggested, asked: Sequence[Proposal]) -> Suggested:
    key, some = there.key, {each.column: each for each in there.pairs}
    for each in asked:
        if each.column == ACCOUNT_ID:
            if key is None or each.sure > key.sure:
                key = Key(each.seen_column, each.sure, each.why)
            continue
        mine = some.get(each.column)
        if mine is None or each.sure >= mine.sure or mine.source == each.seen_column:
            sure = (
                max(each.sure, mine.sure) if mine and mine.source == each.seen_column else each.sure
            )
            some[each.column] = Pair(
                each.column,
                each.seen_column,
                sure,
                each.why,
                each.mapping or (mine.mapping if mine else {}),
            )
    sure = max([there.sure, *(each.sure for each in asked)])
    return replace(there, key=key, pairs=tuple(some.values()), sure=sure)
