"""Actions: which fire, which are held back, in what order; the nearest miss."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from kamrules.compiler.program import Logic
from kamrules.expression.nodes import Constant

if TYPE_CHECKING:
    from kamrules.compiler.program import Condition, Program
    from kamrules.engines.row.code import Writer

MOST = 100_000
"""Priorities in thousandths: 100.000."""
MOST_BLOCKS = 2_000
"""So many pairs of class and action are written out one by one; beyond, actions are written once."""


def write_actions(writer: Writer, program: Program) -> None:
    """Write `chosen` (proposed), `held` (held back) and `miss`.

    `chosen` is a list of keys, priority in thousandths times the number of actions plus what is left
    behind the action in the order written, so that sorting keys downwards ranks the actions. `held` is
    a list of (key, why): why is 0 for excluded, else the day on which it was proposed.
    """
    writer.line("chosen = []")
    writer.line("held = []")
    writer.line("live = 0")
    if len(program.classes) * len(program.actions) <= MOST_BLOCKS:
        for number, each in enumerate(program.classes):
            word = "elif" if number else "if"
            writer.line(f"{word} class_now == {writer.constant(each.id)}:")
            _write_block(writer, program, {"class": each.id})
        writer.line("else:" if program.classes else "if True:")
        _write_block(writer, program, {"class": None})
    else:
        writer.line("if True:")
        _write_block(writer, program, {})
    writer.line("if len(chosen) > 1: chosen.sort(reverse=True)")
    writer.line("if len(held) > 1: held.sort(reverse=True)")
    _write_miss(writer, program)


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


def _write_block(writer: Writer, program: Program, assumed: dict[str, str | None]) -> None:
    """Write all actions for accounts of one class; what can never fire there is left out.

    `live` has a bit for every action that excludes others.
    """
    writer.depth += 1
    writer.line("pass")
    writer.assumed = assumed
    excluding = dict.fromkeys(one for each in program.actions for one in each.excluded_by)
    bits = {each: 1 << index for index, each in enumerate(excluding)}
    for index in _order(program):
        with writer.passing():
            _write_action(writer, program, index, bits)
    writer.assumed = {}
    writer.depth -= 1


def _write_action(writer: Writer, program: Program, index: int, bits: dict[str, int]) -> None:
    action = program.actions[index]
    before = len(writer.lines)
    test = writer.holds(action.when)
    if test == "False":
        del writer.lines[before:]
        return
    writer.line(f"if {test}:")
    writer.depth += 1
    key = key_of(writer, program, index)
    if action.excluded_by:
        writer.line(f"if live & {sum(bits[each] for each in action.excluded_by)}:")
        writer.line(f"    held.append(({key}, 0))")
        writer.line("else:")
        writer.depth += 1
    if action.id in bits:
        writer.line(f"live |= {bits[action.id]}")
    if action.cooldown_days > 1:
        day = f"(day := proposed.get({writer.constant(action.id)})) is not None"
        writer.line(f"if proposed and {day} and 0 < as_of - day < {action.cooldown_days}:")
        writer.line(f"    held.append(({key}, day))")
        writer.line(f"else: chosen.append({key})")
    else:
        writer.line(f"chosen.append({key})")
    writer.depth -= 2 if action.excluded_by else 1


def key_of(writer: Writer, program: Program, index: int) -> str:
    """Return source for the key by which an action is ranked; see write_actions."""
    action = program.actions[index]
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
    # none fires, so that every action lacks one member or more: the first that lacks one is nearest
    writer.line("for once in (0,):")
    writer.depth += 1
    for index, action in enumerate(program.actions):
        with writer.passing():
            lacking = [f"(0 if {writer.holds(each)} else 1)" for each in members(action.when)]
        writer.line(f"lacks = {' + '.join(lacking) or '0'}")
        writer.line("if lacks < least:")
        writer.line(f"    least = lacks; miss = {index}")
        writer.line("    if lacks == 1: break")
    writer.depth -= 2
