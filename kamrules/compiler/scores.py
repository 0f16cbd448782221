"""Scores: criteria with their scales and curves, and bands, all without holes or overlaps."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from kamrules.compiler.intervals import INFINITY, cover
from kamrules.compiler.program import Band, Criterion, ScaleStep, Score, WhenUnknown
from kamrules.compiler.validity import Validity
from kamrules.expression import compile_interval
from kamrules.expression.nodes import Constant
from kamrules.expression.types import NUMBER, SCORE, Interval, Kind

if TYPE_CHECKING:
    from kamrules.compiler.draft import Draft
    from kamrules.document import CriterionModel, ScaleModel
    from kamrules.expression.types import Type

SCORES = Interval(0.0, low_closed=True, high=100.0, high_closed=True)
LINE = Interval(None, low_closed=False, high=None, high_closed=False)


def score(draft: Draft, name: str) -> Score:
    """Compile a score with its criteria and bands."""
    each = draft.ruleset.model.score[name]
    criteria = tuple(
        _criterion(draft, key, criterion)
        for key, criterion in draft.ruleset.model.criterion.items()
        if criterion.score == name
    )
    path = ("score", name)
    if not criteria:
        draft.report("KR409", f"score `{name}` has no criterion", *path)
    elif sum(criterion.weight for criterion in criteria) <= 0:
        draft.report("KR405", f"the weights of score `{name}` sum to nothing", *path)
    bands = []
    for key in each.band:
        interval = _interval(draft, SCORE, *path, "band", key)
        if interval is not None:
            bands.append(Band(key, interval, key.replace("_", " ")))
    if bands and len(bands) == len(each.band):
        cover(
            draft, [(band.interval, (*path, "band", band.id)) for band in bands],
            SCORES, "band", *path, "band",
        )  # fmt: skip
    title = each.title or name.replace("_", " ").capitalize()
    return Score(
        f"score.{name}", name, title, criteria, tuple(bands), each.about, tuple(each.source),
        draft.place(*path),
    )  # fmt: skip


def _interval(draft: Draft, of: Type, *path: str | int) -> Interval | None:
    interval, problems = compile_interval(draft.ruleset.text(*path), draft.scope, of)
    draft.diagnostics.extend(problems)
    return interval


def _criterion(draft: Draft, name: str, each: CriterionModel) -> Criterion:
    path = ("criterion", name)
    value = draft.expression(*path, "value")
    found = value if value is not None else Constant(0.0, NUMBER)
    if bool(each.scale) == bool(each.curve):
        draft.report(
            "KR331", f"criterion `{name}` needs a `scale` or a `curve`, and not both", *path
        )
    scale = _scale(draft, found.type, each.scale, name) if each.scale and value is not None else ()
    curve = _curve(draft, found.type, each, name) if each.curve and value is not None else ()
    points = [step.points for step in scale] + [y for _, y in curve] or [0.0]
    unknown = each.unknown
    policy = WhenUnknown.REDISTRIBUTE if unknown == "redistribute" else WhenUnknown.POINTS
    given = None if unknown in {"redistribute", "zero"} else unknown
    return Criterion(
        address=f"criterion.{name}",
        id=name,
        title=each.title or name.replace("_", " ").capitalize(),
        score=each.score,
        weight=draft.number(each.weight, *path, "weight"),
        value=found,
        scale=scale,
        curve=curve,
        unknown=policy,
        unknown_points=draft.number(given, *path, "unknown", most=100),
        least=min(points),
        most=max(points),
        about=each.about,
        source=tuple(each.source),
        validity=Validity(each.valid_from, each.valid_to),
        place=draft.place(*path),
    )


def _scale(draft: Draft, of: Type, lines: list[ScaleModel], name: str) -> tuple[ScaleStep, ...]:
    steps: list[ScaleStep] = []
    spans: list[tuple[Interval, tuple[str | int, ...]]] = []
    rest = False
    for index, line in enumerate(lines):
        path = ("criterion", name, "scale", index)
        points = draft.number(line.points, *path, "points", most=100)
        if line.in_ is None:
            rest = True
            steps.append(ScaleStep(points))
            if index + 1 < len(lines):
                draft.report(
                    "KR335", "the line without `in` takes what is left and stands last", *path
                )
        elif of.numeric:
            interval = _numeric_line(draft, of, line, *path)
            if interval is not None:
                spans.append((interval, (*path, "in")))
                steps.append(ScaleStep(points, interval=interval))
        else:
            steps.append(ScaleStep(points, choices=_choices(draft, of, line, *path)))
    if len(steps) == len(lines):
        if of.numeric:
            whole = LINE
            if of.kind is Kind.SCORE:
                whole = SCORES
            cover(draft, spans, None if rest else whole, "line of the scale", "criterion", name, "scale",
                  whole_numbers=of.kind is Kind.INTEGER)  # fmt: skip
        else:
            _choices_cover(draft, of, steps, name, rest=rest)
    return tuple(steps)


def _numeric_line(draft: Draft, of: Type, line: ScaleModel, *path: str | int) -> Interval | None:
    if isinstance(line.in_, str):
        return _interval(draft, of, *path, "in")
    draft.report("KR333", f'the value is a {of}: write an interval such as "[10..20)"', *path, "in")
    return None


def _choices(draft: Draft, of: Type, line: ScaleModel, *path: str | int) -> tuple[str | bool, ...]:
    written = line.in_ if isinstance(line.in_, list) else [line.in_]
    found: list[str | bool] = []
    for index, each in enumerate(written):
        at = (*path, "in", index) if isinstance(line.in_, list) else (*path, "in")
        if of.kind is Kind.BOOL:
            if isinstance(each, bool):
                found.append(each)
            else:
                draft.report("KR333", "the value is yes or no: write `true` or `false`", *at)
        elif not isinstance(each, str):
            draft.report("KR333", f"the value is a {of}: write its texts in quotes", *at)
        elif of.kind is Kind.CHOICE and each not in of.choices:
            draft.unknown_name("choice", each, of.choices, *at)
        else:
            found.append(each)
    return tuple(found)


def _choices_cover(
    draft: Draft, of: Type, steps: list[ScaleStep], name: str, *, rest: bool
) -> None:
    taken: set[str | bool] = set()
    for index, step in enumerate(steps):
        for each in step.choices or ():
            if each in taken:
                draft.report("KR401", f"`{each}` stands in two lines of the scale",
                             "criterion", name, "scale", index)  # fmt: skip
            taken.add(each)
    if rest:
        return
    path = ("criterion", name, "scale")
    wanted = {Kind.CHOICE: of.choices, Kind.BOOL: (True, False)}.get(of.kind)
    if wanted is None:
        draft.report("KR400", "any other text falls through the scale", *path,
                     help="add a last line without `in`: { points = 0 }")  # fmt: skip
        return
    missing = [each for each in wanted if each not in taken]
    if missing:
        listed = ", ".join(
            f"`{str(each).lower() if isinstance(each, bool) else each}`" for each in missing
        )
        draft.report("KR400", f"no line of the scale holds {listed}", *path,
                     help="add a last line without `in`: { points = 0 }")  # fmt: skip


def _curve(
    draft: Draft, of: Type, each: CriterionModel, name: str
) -> tuple[tuple[float, float], ...]:
    path = ("criterion", name, "curve")
    if not of.numeric:
        draft.report("KR332", f"a curve needs a number, and the value is a {of}", *path)
        return ()
    curve = tuple(
        (
            draft.number(x, *path, index, 0, least=-INFINITY),
            draft.number(y, *path, index, 1, most=100),
        )
        for index, (x, y) in enumerate(each.curve)
    )
    for index, ((x0, _), (x1, _)) in enumerate(pairwise(curve), start=1):
        if x1 <= x0:
            draft.report(
                "KR332", f"the curve's values rise, and {x1:g} follows {x0:g}", *path, index
            )
    for index, (_, y) in enumerate(curve):
        if not 0 <= y <= 100:
            draft.report("KR332", f"points lie from 0 to 100, and {y:g} does not", *path, index, 1)
    return curve
