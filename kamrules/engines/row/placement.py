"""Placement: class, tier, phase and strategy, with what memory says (docs/semantics.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.program import Hit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.compiler.program import Class, Gate, Phase, Program, Strategy
    from kamrules.engines.row.code import Writer

MET, UNMET, UNKNOWN = 1, 0, 2
"""How the generated function writes a gate's state."""


def _gates(writer: Writer, gates: Sequence[Gate]) -> None:
    for gate in gates:
        name = writer.fresh("g")
        met = writer.holds(gate.when)
        unmet = writer.fails(gate.when)
        writer.line(f"{name} = {MET} if {met} else {UNMET} if {unmet} else {UNKNOWN}")
        writer.places["gate", gate.address] = (name, False)


def _met(writer: Writer, gates: Sequence[Gate]) -> str:
    names = [writer.places["gate", each.address][0] for each in gates]
    return " and ".join(f"{name} == {MET}" for name in names) or "True"


def write_class(writer: Writer, program: Program) -> None:
    """Write the class: `class_now`, `class_move`, `fault` (None, or the ids of classes that hold)."""
    for path in program.paths:
        _gates(writer, path.gates)
    _write_by_conditions(writer, program)
    # worked out before the chain of tests begins, since they may need lines of their own
    gone = [
        writer.fails(each.stay if each.stay is not None else each.when) for each in program.classes
    ]
    writer.line("fault = None")
    writer.line("class_now = class_move = None")
    writer.line("if several is not None: fault = several")
    for each, test in zip(program.classes, gone, strict=True):
        _write_by_memory(writer, program, each, test)
    writer.line("elif placed is not None:")
    writer.line(f"    class_now = placed; class_move = {writer.constant('placed')}")
    writer.places["step", "class"] = ("class_now", True)


def _write_by_conditions(writer: Writer, program: Program) -> None:
    """Write `placed` (an id or None), `level`, and `several`: None unless the ruleset is at fault."""
    writer.line("placed = several = None")
    writer.line("level = 0")
    holds = [writer.holds(each.when) for each in program.classes]
    if program.class_hit is Hit.FIRST:
        for number, (each, test) in enumerate(zip(program.classes, holds, strict=True)):
            writer.line(f"{'elif' if number else 'if'} {test}:")
            writer.line(f"    placed = {writer.constant(each.id)}; level = {each.level}")
    else:
        writer.line("hits = ()")
        for each, test in zip(program.classes, holds, strict=True):
            name = writer.constant(each.id)
            writer.line(f"if {test}:")
            writer.line(f"    placed = {name}; level = {each.level}; hits += ({name},)")
        writer.line("if len(hits) > 1: placed = None; several = hits")
    fails = [f"({writer.fails(each.when)})" for each in program.classes]
    if fails:
        writer.line(
            f"if placed is None and several is None and {' and '.join(fails)}: several = ()"
        )


def _write_by_memory(writer: Writer, program: Program, each: Class, gone: str) -> None:
    """Write what becomes of an account that was in a class before; `gone`: its `stay` is false."""
    writer.line(f"elif class_before == {writer.constant(each.id)}:")
    writer.depth += 1
    held = f"class_now = class_before; class_move = {writer.constant('held')}"
    writer.line("if placed is None:")
    writer.line(f"    if not ({gone}): {held}")
    writer.line("elif placed == class_before:")
    writer.line(f"    class_now = class_before; class_move = {writer.constant('stayed')}")
    writer.line(f"elif level < {each.level}:")
    writer.line(f"    if {gone}: class_now = placed; class_move = {writer.constant('down')}")
    writer.line(f"    else: {held}")
    _write_ways_up(writer, program, each)
    writer.line(f"else: {held}")
    writer.depth -= 1


def _write_ways_up(writer: Writer, program: Program, origin: Class) -> None:
    levels = {each.id: each.level for each in program.classes}
    for path in program.paths:
        if path.origin == origin.id and levels[path.target] > origin.level:
            writer.line(f"elif level >= {levels[path.target]} and {_met(writer, path.gates)}:")
            up = writer.constant("up")
            writer.line(f"    class_now = {writer.constant(path.target)}; class_move = {up}")


def write_tier(writer: Writer, program: Program) -> None:
    """Write the tier: `tier_now`, `tier_move`; tiers count from 1 here, 0 is none."""
    tiers = program.tiers
    for tier in tiers:
        _gates(writer, tier.gates)
    writer.line("highest = 0")
    for number, tier in enumerate(tiers, start=1):
        writer.line(
            f"if highest == {number - 1} and {_met(writer, tier.gates)}: highest = {number}"
        )
    ids = writer.constant((None, *(each.id for each in tiers)))
    levels = writer.constant((None, *(each.level for each in tiers)))
    known = writer.constant(tuple(each.id for each in tiers))
    writer.line(f"if tier_before in {known}:")
    writer.depth += 1
    writer.line("before = 0")
    for number, tier in enumerate(tiers, start=1):
        name = writer.constant(tier.id)
        writer.line(f"{'elif' if number > 1 else 'if'} tier_before == {name}: before = {number}")
    writer.line("kept = 0")
    for number, tier in enumerate(tiers, start=1):
        lost = [f"({writer.fails(each.stay or each.when)})" for each in tier.gates]
        keeps = " and ".join(f"not {each}" for each in lost) or "True"
        writer.line(f"if kept == {number - 1} and before >= {number} and {keeps}: kept = {number}")
    writer.line(f"if kept < before: reached = kept; tier_move = {writer.constant('down')}")
    writer.line(f"elif highest > before: reached = before + 1; tier_move = {writer.constant('up')}")
    writer.line(
        f"elif highest == before: reached = before; tier_move = {writer.constant('stayed')}"
    )
    writer.line(f"else: reached = before; tier_move = {writer.constant('held')}")
    writer.depth -= 1
    writer.line("else:")
    writer.line(
        f"    reached = highest; tier_move = {writer.constant('placed')} if highest else None"
    )
    writer.line(f"tier_now = {ids}[reached]")
    writer.line(f"tier_level = {levels}[reached]")
    writer.places["step", "tier"] = ("tier_now", True)
    writer.places["step", "tier.level"] = ("tier_level", True)


def write_first(
    writer: Writer, what: str, rules: Sequence[Phase | Strategy], *, unique: bool
) -> None:
    """Write the first rule whose `when` is true, or with `unique` the only one."""
    name = f"{what}_now"
    tests = [writer.holds(each.when) for each in rules]
    writer.line(f"{name} = None")
    if unique:
        writer.line("hits = 0")
        for each, test in zip(rules, tests, strict=True):
            writer.line(f"if {test}: {name} = {writer.constant(each.id)}; hits += 1")
        writer.line(f"if hits > 1: {name} = None")
    else:
        for number, (each, test) in enumerate(zip(rules, tests, strict=True)):
            word = "elif" if number else "if"
            writer.line(f"{word} {test}: {name} = {writer.constant(each.id)}")
    writer.places["step", what] = (name, True)
