"""Actions: which fire, which are held back, in what order; the nearest miss; the gaps."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from kamrules.compiler.program import Logic
from kamrules.engines.row.placement import UNKNOWN
from kamrules.expression.nodes import Constant

if TYPE_CHECKING:
    from kamrules.compiler.program import ActionRule, Condition, GapRule, Program
    from kamrules.engines.row.code import Writer

MOST = 100_000
"""Priorities in thousandths: 100.000."""


def write_actions(writer: Writer, program: Program) -> None:
    """Write `chosen` (proposed), `held` (held back), `miss` and `gaps`.

    `chosen` is a list of keys, priority in thousandths times the number of actions plus what is left
    behind the action in the order written, so that sorting keys downwards ranks the actions. `held` is
    a list of (key, why): why is 0 for excluded, else the day on which it was proposed.
    """
    names = _order(program)
    for index in names:
        _write_action(writer, program, index)
    _collect(writer, program)
    _write_miss(writer, program)
    writer.line(f"gaps = ({_gaps(writer, program)})")


def _order(program: Program) -> list[int]:
    """Return the actions' numbers so that each comes after those that exclude it."""
    number = {each.id: index for index, each in enumerate(program.actions)}
    graph = {
        index: [number[one] for one in each.excluded_by]
        for index, each in enumerate(program.actions)
    }
    if not any(graph.values()):
        return list(graph)
    return list(TopologicalSorter(graph).static_order())


def _tangled(program: Program) -> set[int]:
    """Return the numbers of the actions that exclude or are excluded."""
    number = {each.id: index for index, each in enumerate(program.actions)}
    found = {index for index, each in enumerate(program.actions) if each.excluded_by}
    return found | {number[one] for each in program.actions for one in each.excluded_by}


def _write_action(writer: Writer, program: Program, index: int) -> None:
    """Write whether a tangled action fires and is live; the others are written when collected."""
    if index not in _tangled(program):
        return
    action = program.actions[index]
    number = {each.id: place for place, each in enumerate(program.actions)}
    writer.line(f"fires{index} = True if {writer.holds(action.when)} else False")
    blockers = " or ".join(f"live{number[one]}" for one in action.excluded_by)
    live = f"fires{index} and not ({blockers})" if blockers else f"fires{index}"
    writer.line(f"live{index} = {live}")


def _collect(writer: Writer, program: Program) -> None:
    writer.line("chosen = []")
    writer.line("held = []")
    tangled = _tangled(program)
    for index, action in enumerate(program.actions):
        if index in tangled:
            writer.line(f"if live{index}:")
            _push(writer, program, index, action)
            if action.excluded_by:
                writer.line(f"elif fires{index}:")
                writer.depth += 1
                writer.line(f"held.append(({_key(writer, program, index, action)}, 0))")
                writer.depth -= 1
        else:
            writer.line(f"if {writer.holds(action.when)}:")
            _push(writer, program, index, action)
    writer.line("if len(chosen) > 1: chosen.sort(reverse=True)")
    writer.line("if len(held) > 1: held.sort(reverse=True)")


def _push(writer: Writer, program: Program, index: int, action: ActionRule) -> None:
    writer.depth += 1
    key = _key(writer, program, index, action)
    if action.cooldown_days > 1:
        day = f"proposed.get({writer.constant(action.id)}) if proposed else None"
        writer.line(f"day = {day}")
        writer.line(
            f"if day is not None and 0 < as_of - day < {action.cooldown_days}: held.append(({key}, day))"
        )
        writer.line(f"else: chosen.append({key})")
    else:
        writer.line(f"chosen.append({key})")
    writer.depth -= 1


def _key(writer: Writer, program: Program, index: int, action: ActionRule) -> str:
    count = len(program.actions)
    rest = count - 1 - index
    if isinstance(action.priority, Constant):
        value = min(max(float(action.priority.value), 0.0), 100.0)
        return repr(int(value * 1000.0 + 0.5) * count + rest)
    read = writer.keep(writer.value(action.priority))
    name = writer.fresh("q")
    inside = f"{MOST} if {read} >= 100 else int({read} * 1000.0 + 0.5)"
    milli = f"0 if {read} is None or {read} <= 0 else {inside}"
    writer.line(f"{name} = ({milli}) * {count} + {rest}")
    return name


def members(condition: Condition) -> tuple[Condition, ...]:
    """Return the members that count for a nearest miss: those of a top-level "all", else the whole."""
    return condition.members if condition.logic is Logic.ALL else (condition,)


def _write_miss(writer: Writer, program: Program) -> None:
    """Write `miss`: None, or the number of the action that lacks the fewest members."""
    writer.line("miss = None")
    if not program.actions:
        return
    writer.line("if not chosen and not held:")
    writer.depth += 1
    writer.line("least = 1000000")
    for index, action in enumerate(program.actions):
        lacking = " + ".join(f"(0 if {writer.holds(each)} else 1)" for each in members(action.when))
        writer.line(f"lacks = {lacking or '0'}")
        writer.line(f"if lacks < least: least = lacks; miss = {index}")
    writer.depth -= 1


def _gaps(writer: Writer, program: Program) -> str:
    """Return source for a tuple with a bool for every gap rule."""
    return "".join(f"{_gap(writer, rule)}, " for rule in program.gaps)


def _gap(writer: Writer, rule: GapRule) -> str:
    piece = writer.value(rule.step)
    if not piece.needs:
        return "False"
    tests = []
    for address in rule.dependents:
        if address.startswith("criterion."):
            tests.append(f"{writer.places['read', address][0]} is None")
        else:
            tests.append(f"{writer.places['gate', address][0]} == {UNKNOWN}")
    return f"not ({' and '.join(piece.needs)}) and ({' or '.join(tests)})"
