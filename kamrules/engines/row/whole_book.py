"""Whole-book steps in the generated function: an account's place, looked up in the book's cut-offs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.parts import functions_of
from kamrules.engines.cutoffs import places_of
from kamrules.engines.row.pieces import Piece
from kamrules.expression.nodes import BookFunction

if TYPE_CHECKING:
    from kamrules.compiler.program import BookStep, Program
    from kamrules.engines.row.code import Writer

UNITS, SUMMED = "units", "summed"


def parts_of(step: BookStep) -> tuple[str, ...]:
    """Return what a step yields, in this order: the value compared, in whole units, what is added up, if so,
    and what each function gives.
    """
    return (UNITS, *(() if step.summed is None else (SUMMED,)), *functions_of(step))


def addresses(program: Program) -> list[str]:
    """Return the addresses of all that whole-book steps yield."""
    return [f"{step.address}.{part}" for step in program.book_steps for part in parts_of(step)]


def write_place(writer: Writer, step: BookStep, number: int) -> None:
    """Write what a step yields: unknown without cut-offs, and where the value compared is."""
    name = writer.fresh("b")
    numbers = {name: step.item}
    if step.summed is not None:
        numbers[f"{name}_{SUMMED}"] = step.summed
    for local, item in numbers.items():
        piece = writer.value(item)
        units = f"stored_units({piece.source}, {10.0 ** places_of(item.type)!r})"
        writer.line(f"{local} = {writer.nullable(Piece(units, piece.needs))}")
    parts = [f"{name}_{part}" for part in functions_of(step)]
    unknown = " or ".join(f"{each} is None" for each in ("cutoffs", *numbers))
    writer.line(f"if {unknown}: {' = '.join(parts)} = None")
    writer.line(f"else: {', '.join(parts)} = cutoffs[{number}]({name})")
    for part, local in zip(parts_of(step), (*numbers, *parts), strict=True):
        writer.places["step", f"{step.address}.{part}"] = (local, True)
    writer.whole |= {*numbers, f"{name}_{BookFunction.RANK}"}
