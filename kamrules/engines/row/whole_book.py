"""Whole-book steps in the generated function: an account's place, looked up in the book's cut-offs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.engines.cutoffs import places_of
from kamrules.engines.row.pieces import Piece
from kamrules.expression.nodes import BookFunction

if TYPE_CHECKING:
    from kamrules.compiler.program import BookStep, Program
    from kamrules.engines.row.code import Writer

UNITS = "units"
PARTS = (UNITS, *BookFunction)
"""What a step yields, in this order: the value compared, in whole units, and what each function gives."""


def addresses(program: Program) -> list[str]:
    """Return the addresses of all that whole-book steps yield."""
    return [f"{step.address}.{part}" for step in program.book_steps for part in PARTS]


def write_place(writer: Writer, step: BookStep, number: int) -> None:
    """Write what a step yields: unknown without cut-offs, and where the value compared is."""
    piece = writer.value(step.item)
    name = writer.fresh("b")
    units = f"stored_units({piece.source}, {10.0 ** places_of(step.item.type)!r})"
    writer.line(f"{name} = {writer.nullable(Piece(units, piece.needs))}")
    parts = [f"{name}_{part}" for part in BookFunction]
    writer.line(f"if cutoffs is None or {name} is None: {' = '.join(parts)} = None")
    writer.line(f"else: {', '.join(parts)} = cutoffs[{number}]({name})")
    for part, local in zip(PARTS, (name, *parts), strict=True):
        writer.places["step", f"{step.address}.{part}"] = (local, True)
    writer.whole |= {name, f"{name}_{BookFunction.RANK}"}
