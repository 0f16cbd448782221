"""A page of the handbook: how accounts are scored, criterion by criterion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.program import WhenUnknown
from kamrules.expression.types import SCORE
from kamrules.workbench.handbook.page import Heading, Page, Paragraph, Rows, words
from kamrules.workbench.handbook.telling import rule_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.compiler.program import Criterion, ScaleStep, Score
    from kamrules.expression.types import Interval, Type
    from kamrules.workbench.handbook.page import Block, Text
    from kamrules.workbench.handbook.telling import Telling


def scores(telling: Telling) -> Page:
    """Return all scores with their bands and criteria."""
    title = telling.say("Scores")
    blocks: list[Block] = [Heading(1, words(title))]
    for score in telling.program.scores:
        blocks += _score(telling, score)
    return Page("scores", title, tuple(blocks))


def _score(telling: Telling, score: Score) -> Iterator[Block]:
    yield Heading(2, words(score.title), score.address)
    yield from telling.about(score.about)
    if score.bands:
        header = (telling.say("Band"), telling.say("Points"))
        rows = [
            (words(each.title), words(_span(telling, each.interval, SCORE))) for each in score.bands
        ]
        yield Rows(header, tuple(rows))
    yield from telling.from_clauses(score.source)
    whole = sum(each.weight for each in score.criteria)
    for each in score.criteria:
        yield from _criterion(telling, each, each.weight / whole if whole else 0)


def _criterion(telling: Telling, one: Criterion, share: float) -> Iterator[Block]:
    yield Heading(3, words(one.title), one.address)
    yield from telling.about(one.about)
    unknown = telling.value(one.unknown_points, SCORE)
    if one.unknown is WhenUnknown.REDISTRIBUTE:
        unknown = telling.say("left out; its weight goes to the others")
    yield rule_lines(
        (
            (telling.say("Weight"), words(f"{one.weight:g} ({share:.0%})")),
            (telling.say("Measures"), words(telling.sentences.tell(one.value))),
            (telling.say("Reads"), telling.reads(one.value)),
            (telling.say("When unknown"), words(unknown)),
        )
    )
    header = (telling.say("Value"), telling.say("Points"))
    if one.curve:
        rows = tuple(
            (words(telling.value(x, one.value.type)), words(telling.value(points, SCORE)))
            for x, points in one.curve
        )
        yield Rows(header, rows)
        yield Paragraph(words(telling.say("between these points along a line")))
    elif one.scale:
        rows = tuple(
            (_step(telling, each, one), words(telling.value(each.points, SCORE)))
            for each in one.scale
        )
        yield Rows(header, rows)
    yield from telling.from_clauses(one.source)


def _step(telling: Telling, step: ScaleStep, one: Criterion) -> Text:
    if step.interval is not None:
        return words(_span(telling, step.interval, one.value.type))
    if step.choices is None:
        return words(telling.say("Every other value"))
    shown = [
        telling.naming.choice(each, one.value)
        if isinstance(each, str)
        else telling.value(each, one.value.type)
        for each in step.choices
    ]
    return words(", ".join(shown))


def _span(telling: Telling, interval: Interval, kind: Type) -> str:
    """Return an interval as authors write it, its ends as people read them."""
    low = "" if interval.low is None else telling.value(interval.low, kind)
    high = "" if interval.high is None else telling.value(interval.high, kind)
    return (
        f"{'[' if interval.low_closed else '('}{low}..{high}{']' if interval.high_closed else ')'}"
    )
