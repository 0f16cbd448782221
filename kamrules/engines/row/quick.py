"""Quick preparation: one generated function a table for rows in which everything is as it should be.

Whatever is not (an unknown name, a value of another type, a choice that is none) raises Careful, and the
careful way of `prepare` says what is wrong. So the two give the same, and nothing is checked twice.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from kamrules.engines.row.source import Source
from kamrules.expression.types import DIGITS, PLACES, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kamrules.expression.types import Column, Type

EPOCH = datetime.date(1970, 1, 1).toordinal()
LIMIT = 10**DIGITS
KNOWN_DAYS = 100_000
"""So many texts of dates are remembered; a book has few different ones."""


class Careful(Exception):  # noqa: N818  a turn to the other way, not an error
    """Something in a row needs a second look."""


class _Days(dict[str, int]):
    """Days since 1970-01-01 by the ISO text of a date."""

    def __missing__(self, text: str) -> int:
        try:
            found = datetime.date.fromisoformat(text).toordinal() - EPOCH
        except ValueError:
            raise Careful from None
        if len(self) < KNOWN_DAYS:
            self[text] = found
        return found


DAYS = _Days()


def quick_rows(
    columns: Mapping[str, Column], used: Sequence[tuple[str, bool]], *, skip: Sequence[str] = ()
) -> Callable[[Sequence[Mapping[str, Any]]], list[tuple[Any, ...]]]:
    """Return a function from rows to tuples of the used columns, as Layout holds them.

    `skip` are names that a row may have besides. Numbers are doubles, or whole units where Layout says
    so. For rows that are not plainly right the function raises Careful, or what they themselves raise:
    AttributeError, TypeError, UnicodeEncodeError.
    """
    writer = Source(depth=2)
    names = {each: f"v{number}" for number, each in enumerate(used)}
    for name, column in columns.items():
        wanted = [(key, own) for key, own in names.items() if key[0] == name]
        _write_column(writer, name, column.type, wanted)
    cells = "".join(f"{own}, " for own in names.values())
    known = writer.constant(frozenset([*columns, *skip]))
    lines = [
        "def quick(rows):",
        "    found = []",
        "    for row in rows:",
        f"        if not row.keys() <= {known}: raise Careful",
        *writer.lines,
        f"        found.append(({cells}))",
        "    return found",
    ]
    space: dict[str, Any] = {
        "__builtins__": {"type": type, "float": float, "int": int, "str": str, "round": round,
                         "bool": bool, "AttributeError": AttributeError},
        "Careful": Careful, "days": DAYS, "date": datetime.date, "EPOCH": EPOCH, **writer.constants(),
    }  # fmt: skip
    exec(compile("\n".join(lines) + "\n", "<rows>", "exec"), space)  # noqa: S102  our own names only
    made: Callable[[Sequence[Mapping[str, Any]]], list[tuple[Any, ...]]] = space["quick"]
    return made


def _write_column(
    writer: Source, name: str, of: Type, wanted: list[tuple[tuple[str, bool], str]]
) -> None:
    """Write the reading of one column into `v`, and into the names that want it."""
    line = writer.line
    line(f"v = row.get({writer.constant(name)})")
    owns = [own for _, own in wanted]
    line("if v is None:")
    line(f"    {' = '.join([*owns, 'v'])} = None")
    match of.kind:
        case Kind.TEXT:
            line("elif type(v) is not str: raise Careful")
            # what cannot be written as UTF-8 raises UnicodeEncodeError
            line("elif not v.isascii(): v.encode()")
        case Kind.CHOICE:
            line(f"elif type(v) is not str or v not in {writer.constant(frozenset(of.choices))}:")
            line("    raise Careful")
        case Kind.BOOL:
            line("elif v is not True and v is not False: raise Careful")
        case Kind.DATE:
            line("elif type(v) is str: v = days[v]")
            line("elif type(v) is date: v = v.toordinal() - EPOCH")
            line("else: raise Careful")
        case _:
            _write_number(writer, PLACES[of.kind], wanted)
            return
    if owns:
        line(f"{' = '.join(owns)} = v")


def _write_number(writer: Source, places: int, wanted: list[tuple[tuple[str, bool], str]]) -> None:
    line = writer.line
    line("elif type(v) is float:")
    line(f"    u = v * {10.0**places!r}")
    line(f"    if -{float(LIMIT)!r} < u < {float(LIMIT)!r}:")
    line("        v = round(u)")
    line("        u -= v")
    # round takes halves to the even neighbour; ours go away from zero
    line("        if u == 0.5 and v >= 0: v += 1")
    line("        elif u == -0.5 and v <= 0: v -= 1")
    line("    else: v = None")
    line("elif type(v) is int:")
    line(f"    v *= {10**places}")
    line(f"    if not -{LIMIT} < v < {LIMIT}: v = None")
    line("else: raise Careful")
    for (_, exact), own in wanted:
        held = "v" if exact else f"None if v is None else v / {10.0**places!r}"
        line(f"{own} = {held}")
