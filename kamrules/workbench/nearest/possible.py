"""The generated function: whether a question may hold, step by step through the program."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from kamrules.compiler.program import Condition, Hit, Logic, WhenUnknown
from kamrules.engines.row.arithmetic import decayed, rounded
from kamrules.engines.row.question import Every, Holds, Lacks, Question, Some, steps_of
from kamrules.expression.nodes import IsUnknown
from kamrules.expression.types import Kind
from kamrules.workbench.nearest import placing, ranges
from kamrules.workbench.nearest.bounds import BoundsWriter
from kamrules.workbench.nearest.measured import NUMBERS
from kamrules.workbench.nearest.pieces import Number, Truth, Values
from kamrules.workbench.nearest.plugged import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kamrules.compiler.program import Criterion, Gate, Program, Score
    from kamrules.engines.layout import Layout
    from kamrules.expression.nodes import Node
    from kamrules.workbench.nearest.needs import Atom

REMEMBERED = 4_096
CALLED = (
    ranges.product, ranges.quotient, ranges.hull, ranges.first_known,
    ranges.equal, ranges.at_least, placing.one_of, placing.class_of, placing.tier_of, answers,
)  # fmt: skip


def possible(program: Program, layout: Layout, question: Question) -> Callable[..., bool]:
    """Return a function (boxes, as_of, class_before, tier_before): whether the question may hold.

    `boxes` has one item for each column of the layout: (low, high, may be unknown, may be known) for numbers,
    a frozenset of values (None: unknown) for the others.
    """
    writer = BoundsWriter(program)
    _steps(writer, program, layout, steps_of(program, question))
    made: Callable[..., bool] = _function(writer, _answer(writer, question))
    return made


def probe(
    program: Program,
    layout: Layout,
    question: Question,
    atoms: Sequence[Atom],
    scores: Sequence[str],
) -> Callable[..., tuple[tuple[bool, ...], tuple[ranges.Range, ...]]]:
    """Return a function of boxes: whether each atom may be so, and the points of the scores' criteria.

    The question's steps must be all that atoms and scores need.
    """
    writer = BoundsWriter(program)
    _steps(writer, program, layout, steps_of(program, question))
    flags = []
    for each in atoms:
        truth = writer.truth(each.node)
        flags.append(truth.true if each.wanted else truth.false)
    points = [
        writer.places[one.address].whole  # type: ignore[union-attr]  # points are numbers
        for each in program.scores
        if each.address in scores
        for one in each.criteria
    ]
    made: Callable[..., Any] = _function(writer, f"({_listed(flags)}, {_listed(points)})")
    return made


def spans(
    program: Program, layout: Layout, nodes: Sequence[Node]
) -> Callable[..., tuple[Any, ...]]:
    """Return a function of boxes: what each node may be, a range, a set of values or a truth."""
    writer = BoundsWriter(program)
    read = tuple(Condition("", Logic.EXPRESSION, "", expression=IsUnknown(each)) for each in nodes)
    _steps(writer, program, layout, steps_of(program, Every(tuple(Holds(each) for each in read))))
    found = []
    for each in nodes:
        piece = writer.value(each)
        found.append(piece.name if isinstance(piece, Values) else piece.whole)
    made: Callable[..., Any] = _function(writer, _listed(found))
    return made


def _listed(sources: Sequence[str]) -> str:
    return f"({', '.join(sources)},)" if sources else "()"


def _steps(writer: BoundsWriter, program: Program, layout: Layout, wanted: frozenset[str]) -> None:
    _inputs(writer, program, layout)
    facts = {each.address: each for each in program.facts}
    scores = {each.address: each for each in program.scores}
    for address in program.order:
        if address not in wanted:
            continue
        if address in facts:
            writer.places[address] = writer.value(facts[address].value)
        elif address in scores:
            _score(writer, scores[address])
        else:
            _placement(writer, address)


def _function(writer: BoundsWriter, answer: str) -> Callable[..., Any]:
    source = "\n".join(
        ["def may(boxes, as_of, class_before, tier_before):", *writer.lines, f"    return {answer}"]
    )
    space: dict[str, Any] = {
        "__builtins__": {"min": min, "max": max, "abs": abs, "bool": bool},
        **{each.__name__: each for each in CALLED},
        "rounded": rounded, "decayed": decayed, "infinity": ranges.INFINITY,
        "nothing": frozenset({None}), "none": frozenset(), "frozenset": frozenset, **writer.pool,
    }  # fmt: skip
    exec(compile(source + "\n", "<bounds>", "exec"), space)  # noqa: S102  our own names and numbers only
    made: Callable[..., Any] = space["may"]
    return made


def _inputs(writer: BoundsWriter, program: Program, layout: Layout) -> None:
    columns = program.tables["accounts"].columns
    for index, name in enumerate(layout.account):
        kind = columns[name].type.kind
        if kind in NUMBERS:
            piece = writer.number(f"boxes[{index}]")
            writer.places[f"account:{name}"] = piece
        elif kind is Kind.BOOL:
            box = writer.set(f"boxes[{index}]")
            writer.places[f"account:{name}"] = Truth(
                writer.set(f"True in {box}"),
                writer.set(f"False in {box}"),
                writer.set(f"None in {box}"),
            )
        else:
            writer.places[f"account:{name}"] = Values(writer.set(f"boxes[{index}]"))
    writer.places["class_before"] = Values(writer.set("frozenset((class_before,))"))
    writer.places["tier_before"] = Values(writer.set("frozenset((tier_before,))"))


def _score(writer: BoundsWriter, score: Score) -> None:
    points = [_criterion(writer, each) for each in score.criteria]
    mean = _remembered(writer, ranges.mean_of, tuple(each.weight for each in score.criteria))
    whole = ", ".join(each.whole for each in points)
    value = writer.number(f"{mean}(({whole},))" if points else "(0.0, 0.0, True, False)")
    bands = _remembered(
        writer, ranges.bands_of, tuple((each.id, each.interval) for each in score.bands)
    )
    writer.places[score.address] = value
    writer.places[f"{score.address}.band"] = Values(writer.set(f"{bands}({value.whole})"))
    for part in ("low", "high"):  # seldom read; never outside of these
        writer.places[f"{score.address}.{part}"] = Number("0.0", "100.0", "True", "True")


def _criterion(writer: BoundsWriter, criterion: Criterion) -> Number:
    """Write the points of a criterion."""
    read = writer.value(criterion.value)
    unknown, known = _states(writer, read)
    low, high = writer.fresh(), writer.fresh()
    match read:
        case Number() if criterion.curve:
            curve = _remembered(writer, ranges.curve_range, criterion.curve)
            source = f"{curve}({read.low}, {read.high})"
        case Number():
            scale = _remembered(writer, ranges.scale_range, criterion.scale)
            source = f"{scale}({read.low}, {read.high})"
        case Values(name=name):
            scale = _remembered(writer, ranges.scale_choices, criterion.scale)
            source = f"{scale}({name})"
        case Truth():
            scale = _remembered(writer, ranges.scale_choices, criterion.scale)
            some = f"((True,) if {read.true} else ()) + ((False,) if {read.false} else ())"
            source = f"{scale}({some})"
    writer.lines.append(f"    {low}, {high} = {source}")
    if criterion.unknown is WhenUnknown.POINTS:
        given = repr(criterion.unknown_points)
        some = f"({low}, {high}, False, {known})"
        part = writer.number(
            f"hull({some}, ({given}, {given}, False, True)) if {unknown} else {some}"
        )
        points = Number(part.low, part.high)
    else:
        points = Number(low, high, unknown, known)
    writer.places[criterion.address] = points
    return points


def _remembered(writer: BoundsWriter, function: Callable[..., Any], first: object) -> str:
    """Return the name of a function whose first argument is given, and which knows what it has found before.

    From one box to the next few facts change, so most of what is asked has been asked before.
    """
    return writer.constant(lru_cache(maxsize=REMEMBERED)(partial(function, first)))


def _states(writer: BoundsWriter, read: Number | Values | Truth) -> tuple[str, str]:
    """Return sources: may be unknown, may be known."""
    match read:
        case Number():
            return read.unknown, read.known
        case Values(name=name):
            return writer.set(f"None in {name}"), writer.set(f"{name} != nothing")
        case Truth():
            return read.unknown, writer.set(f"{read.true} or {read.false}")


def _placement(writer: BoundsWriter, step: str) -> None:
    program = writer.program
    match step:
        case "class":
            _class(writer, program)
        case "tier":
            _tier(writer, program)
        case "phase" | "strategy":
            rules = program.phases if step == "phase" else program.strategies
            hit = program.phase_hit if step == "phase" else program.strategy_hit
            holds = _whole([writer.condition(each.when) for each in rules])
            ids = writer.constant(tuple(each.id for each in rules))
            found = writer.set(f"frozenset(one_of({ids}, {holds}, unique={hit is Hit.UNIQUE}))")
            writer.places[step] = Values(found)


def _class(writer: BoundsWriter, program: Program) -> None:
    ids = writer.constant(tuple(each.id for each in program.classes))
    levels = writer.constant(tuple(each.level for each in program.classes))
    holds = _whole([writer.condition(each.when) for each in program.classes])
    stays = _whole([writer.condition(each.stay or each.when) for each in program.classes])
    ways = [
        f"({each.origin!r}, {each.target!r}, {_met(writer, each.gates).whole})"
        for each in program.paths
    ]
    some = f"({', '.join(ways)},)" if ways else "()"
    unique = program.class_hit is Hit.UNIQUE
    found = writer.set(
        f"class_of({ids}, {levels}, {holds}, {stays}, {some}, class_before, {unique})"
    )
    writer.places["class"] = Values(found)


def _tier(writer: BoundsWriter, program: Program) -> None:
    met, keeps = [], []
    for tier in program.tiers:
        met.append(_met(writer, tier.gates))
        stays = [writer.condition(each.stay or each.when) for each in tier.gates]
        keeps.append(writer.all_of(stays))
    ids = writer.constant(tuple(each.id for each in program.tiers))
    found = writer.set(f"tier_of({ids}, {_whole(met)}, {_whole(keeps)}, tier_before)")
    writer.places["tier"] = Values(found)
    levels = writer.constant({each.id: float(each.level) for each in program.tiers})
    some = writer.set(f"[{levels}[each] for each in {found} if each is not None]")
    writer.places["tier.level"] = Number(
        writer.set(f"min({some}) if {some} else 0.0"), writer.set(f"max({some}) if {some} else 0.0"),
        writer.set(f"None in {found}"), writer.set(f"bool({some})"),
    )  # fmt: skip


def _met(writer: BoundsWriter, gates: Sequence[Gate]) -> Truth:
    return writer.all_of([writer.condition(each.when) for each in gates])


def _whole(parts: Sequence[Truth]) -> str:
    return f"({', '.join(each.whole for each in parts)},)" if parts else "()"


def _answer(writer: BoundsWriter, question: Question) -> str:
    match question:
        case Holds(condition=condition):
            return f"({writer.condition(condition).true})"
        case Lacks(condition=condition):
            one = writer.condition(condition)
            return f"({one.false} or {one.unknown})"
        case Every(parts=parts):
            return "(" + (" and ".join(_answer(writer, each) for each in parts) or "True") + ")"
        case Some(parts=parts):
            return "(" + (" or ".join(_answer(writer, each) for each in parts) or "False") + ")"
