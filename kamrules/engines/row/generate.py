"""The generated function: a program as one piece of straight-line Python for one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.compiler.program import Hit, WhenUnknown
from kamrules.engines.row.actions import write_actions
from kamrules.engines.row.arithmetic import decayed, rounded, stored_day, stored_units
from kamrules.engines.row.beside import counted
from kamrules.engines.row.code import Writer
from kamrules.engines.row.loops import write_aggregates
from kamrules.engines.row.pieces import small_int
from kamrules.engines.row.placement import write_class, write_first, write_tier
from kamrules.engines.row.whole_book import addresses, write_place
from kamrules.expression.types import ACCOUNTS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from kamrules.compiler.program import Criterion, Program, Score
    from kamrules.engines.layout import Layout
    from kamrules.expression.types import Interval


def generate(program: Program, layout: Layout) -> Callable[..., tuple[object, ...]]:
    """Return the function that decides one prepared account; see kamrules.engines.row.compact."""
    writer = Writer()
    source = write(program, layout, writer)
    return function(source, "decide", writer)


def function(
    source: str, name: str, writer: Writer, **more: Callable[..., Any]
) -> Callable[..., Any]:
    """Return the function of that name in the source; it knows the writer's constants, and `more`."""
    space: dict[str, Any] = {
        "__builtins__": {},
        "min": min, "max": max, "abs": abs, "len": len, "int": int, "bool": bool, "set": set,
        "rounded": rounded,
        "decayed": decayed, "counted": counted, "stored_units": stored_units, "stored_day": stored_day,
        **more, **writer.constants(),
    }  # fmt: skip
    exec(compile(source, "<program>", "exec"), space)  # noqa: S102  our own names and numbers only
    made: Callable[..., Any] = space[name]
    return made


def write(
    program: Program, layout: Layout, writer: Writer, beyond: Callable[[], str] | None = None
) -> str:
    """Return the source of the function; `writer` gathers its constants.

    `beyond` is called when all is written but the result: it may write lines of its own, and returns the
    source of what the function then gives in a pair with the result.
    """
    write_steps(program, layout, writer)
    write_actions(writer, program)
    more = beyond() if beyond is not None else ""
    _write_result(program, writer, more)
    cutoffs = ", cutoffs" if program.book_steps else ""
    head = f"def decide(account, tables, as_of, class_before, tier_before, proposed{cutoffs}):"
    return "\n".join([head, *writer.head, *writer.lines]) + "\n"


def write_steps(
    program: Program, layout: Layout, writer: Writer, only: Container[str] | None = None
) -> None:
    """Write the steps of the program (or those of `only`), each after what it needs."""
    _write_inputs(program, layout, writer)
    aggregates = {each.address: each for each in program.aggregates}
    facts = {each.address: each for each in program.facts}
    scores = {each.address: each for each in program.scores}
    compared = {each.address: (each, place) for place, each in enumerate(program.book_steps)}
    pending = []
    for address in program.order:
        if only is not None and address not in only:
            continue
        if address in aggregates:
            pending.append(aggregates[address])
            continue
        if pending:
            write_aggregates(writer, program, layout, pending)
            pending = []
        if address in facts:
            piece = writer.value(facts[address].value)
            writer.places["step", address] = (writer.keep(piece), bool(piece.needs))
        elif address in scores:
            _write_score(writer, scores[address])
        elif address in compared:
            write_place(writer, *compared[address])
        else:
            _write_placement(writer, program, address)
    if pending:
        write_aggregates(writer, program, layout, pending)


def _write_inputs(program: Program, found: Layout, writer: Writer) -> None:
    names = []
    for index, column in enumerate(found.account):
        names.append(f"c{index}")
        writer.places["account", column] = (f"c{index}", True)
        if program.tables[ACCOUNTS].columns[column].type.kind is Kind.DATE:
            writer.whole.add(f"c{index}")
    if names:
        writer.head.append(f"    ({', '.join(names)},) = account")
    tables = [f"rows{index}" for index in range(len(found.tables))]
    if tables:
        writer.head.append(f"    ({', '.join(tables)},) = tables")
    writer.places["step", "class_before"] = ("class_before", True)
    writer.places["step", "tier_before"] = ("tier_before", True)


def _write_placement(writer: Writer, program: Program, step: str) -> None:
    match step:
        case "class":
            write_class(writer, program)
        case "tier":
            write_tier(writer, program)
        case "phase":
            write_first(writer, "phase", program.phases, unique=program.phase_hit is Hit.UNIQUE)
        case "strategy":
            unique = program.strategy_hit is Hit.UNIQUE
            write_first(writer, "strategy", program.strategies, unique=unique)


def inside(interval: Interval, name: str) -> str:
    """Return source that is true when the value of a name lies in the interval."""
    tests = []
    if interval.low is not None:
        tests.append(f"{name} {'>=' if interval.low_closed else '>'} {interval.low!r}")
    if interval.high is not None:
        tests.append(f"{name} {'<=' if interval.high_closed else '<'} {interval.high!r}")
    return " and ".join(tests) or "True"


def _write_score(writer: Writer, score: Score) -> None:
    """Write a score's value, its bounds and its band: one look at each criterion, in the order written.

    Known criteria add to `up` and `down`, whose quotient is the value; what unknown ones could add goes into
    the bounds alone. All four are summed in the order written, as every engine does.
    """
    number = writer.fresh("s")
    value, low, high, band = (f"{number}_{part}" for part in ("value", "low", "high", "band"))
    up, down = f"{number}_up", f"{number}_down"
    whole = 0.0
    for each in score.criteria:
        whole += each.weight
    writer.line(f"{up} = {down} = {low} = {high} = 0.0")
    for each in score.criteria:
        _write_criterion(writer, each, (up, down, low, high))
    writer.line(f"{value} = {up} / {down} if {down} else None")
    if whole:
        writer.line(f"{low} /= {whole!r}; {high} /= {whole!r}")
        writer.line(f"if {value} is not None:")
        writer.line(f"    if {value} < {low}: {low} = {value}")
        writer.line(f"    if {value} > {high}: {high} = {value}")
    else:
        writer.line(f"{low} = {high} = None")
    _write_band(writer, score, value, band)
    for part, name in (("", value), (".low", low), (".high", high), (".band", band)):
        writer.places["step", f"{score.address}{part}"] = (name, True)


def _write_band(writer: Writer, score: Score, value: str, band: str) -> None:
    source = "None"
    for each in reversed(score.bands):
        source = f"{writer.constant(each.id)} if {inside(each.interval, value)} else {source}"
    writer.line(f"{band} = None if {value} is None else {source}")


def _write_criterion(writer: Writer, criterion: Criterion, sums: tuple[str, str, str, str]) -> None:
    """Write the points of a criterion, and what it adds to a score's sums."""
    read = writer.keep(writer.value(criterion.value))
    points = writer.fresh("p")
    weight = criterion.weight
    up, down, low, high = sums
    redistribute = criterion.unknown is WhenUnknown.REDISTRIBUTE
    writer.line(f"if {read} is None:")
    writer.depth += 1
    if redistribute:
        writer.line(f"{points} = None")
    else:
        writer.line(f"{points} = {criterion.unknown_points!r}")
        writer.line(f"{up} += {weight * criterion.unknown_points!r}; {down} += {weight!r}")
    for bound, least_or_most in ((low, criterion.least), (high, criterion.most)):
        if added := weight * least_or_most:
            writer.line(f"{bound} += {added!r}")
    writer.depth -= 1
    source = _curve(writer, criterion, read) if criterion.curve else _scale(writer, criterion, read)
    writer.line("else:")
    writer.line(f"    {points} = {source}")
    writer.line(f"    m = {weight!r} * {points}")
    writer.line(f"    {up} += m; {down} += {weight!r}; {low} += m; {high} += m")
    writer.places["step", criterion.address] = (points, redistribute)
    writer.places["read", criterion.address] = (read, True)


def _scale(writer: Writer, criterion: Criterion, read: str) -> str:
    source = "0.0"
    for step in reversed(criterion.scale):
        if step.interval is not None:
            test = inside(step.interval, read)
        elif step.choices is not None:
            test = f"{read} in {writer.constant(step.choices)}"
        else:
            test = "True"
        source = repr(step.points) if test == "True" else f"{step.points!r} if {test} else {source}"
    return f"({source})"


def _curve(writer: Writer, criterion: Criterion, read: str) -> str:
    """Return source for the points on a curve; a number of days or rows is compared with ints."""

    def number(x: float) -> str:
        return repr(int(x)) if read in writer.whole and small_int(x) else repr(x)

    (first, low), (last, high) = criterion.curve[0], criterion.curve[-1]
    stretches = list(zip(criterion.curve, criterion.curve[1:], strict=False))
    source = repr(high)
    for place, ((x0, p0), (x1, p1)) in enumerate(reversed(stretches)):
        line = f"{p0!r} + {p1 - p0!r} * (({read} - {number(x0)}) / {x1 - x0!r})"
        # what is beyond the last point was told apart before
        source = f"{line} if {read} <= {number(x1)} else {source}" if place else line
    ends = f"{low!r} if {read} <= {number(first)} else {high!r} if {read} > {number(last)}"
    return f"({ends} else {source})"


def _write_result(program: Program, writer: Writer, beyond: str) -> None:
    place = {
        address: name for (sort, address), (name, _) in writer.places.items() if sort == "step"
    }
    read = {address: name for (sort, address), (name, _) in writer.places.items() if sort == "read"}
    scores = [
        f"({', '.join(place[each.address + part] for part in ('', '.low', '.high', '.band'))})"
        for each in program.scores
    ]
    criteria = [each.address for score in program.scores for each in score.criteria]
    facts = [place[each.address] for each in program.facts]
    parts = [
        "class_now", "class_move", "fault", "tier_now", "tier_move", "phase_now", "strategy_now",
        _tuple(scores),
        _tuple([place[each] for each in criteria]),
        _tuple([read[each] for each in criteria]),
        _tuple(gate_names(writer)),
        "chosen", "held", "miss",
        _tuple(facts),
        _tuple([place[each.address] for each in program.aggregates]
               + [place[address] for address in addresses(program)]),
    ]  # fmt: skip
    result = f"({', '.join(parts)})"
    writer.line(f"return ({result}, {beyond})" if beyond else f"return {result}")


def gate_names(writer: Writer) -> list[str]:
    """Return the locals that hold the gates' states, paths' gates first."""
    gates = [
        (address, name) for (sort, address), (name, _) in writer.places.items() if sort == "gate"
    ]
    return [name for address, name in sorted(gates, key=lambda each: each[0].startswith("tier."))]


def _tuple(items: list[str]) -> str:
    return f"({', '.join(items)},)" if items else "()"
