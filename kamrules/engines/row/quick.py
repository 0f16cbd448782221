"""Quick preparation: one generated function for facts in which everything is as it should be.

Whatever is not (an unknown name, a value of another type, a choice that is none) raises Wrong, or what such
values themselves raise, and the careful way of `prepare` says what is wrong. So the two give the same, and
nothing is checked twice.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from kamrules.engines.row.source import Source
from kamrules.engines.row.stored import Wrong, day, stored
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS, PLACES, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kamrules.engines.layout import Layout
    from kamrules.expression.types import Column, Table, Type

    Key = tuple[str, bool]
    Facts = tuple[str, tuple[Any, ...], tuple[list[tuple[Any, ...]] | None, ...]]

ODD = (Wrong, AttributeError, TypeError, UnicodeEncodeError)
"""What the quick way raises for facts that need a second look."""
EXACT = 2**53
"""Below it a double holds every whole number."""
HALVES = 2.0**51
"""Below it a double holds every half."""
ROUNDER = 1.5 * 2.0**52
"""Adding it to a double and taking it away again rounds to a whole number, halves to the even one."""
KNOWN_DAYS = 100_000
"""So many dates and texts of dates are remembered; a book has few different ones."""


class _Days(dict[str | datetime.date, int]):
    """Days since 1970-01-01 by a date or its ISO text."""

    def __missing__(self, key: str | datetime.date) -> int:
        found = day(key)
        if len(self) < KNOWN_DAYS and type(key) in {str, datetime.date}:
            self[key] = found
        return found


DAYS = _Days()


def quick_facts(
    tables: Mapping[str, Table], layout: Layout
) -> Callable[[Mapping[str, Any]], Facts]:
    """Return a function from facts to the account's id, its cells and its rows, as Layout holds them.

    A row's column is a double, or whole units where Layout says so. For facts that are not plainly right the
    function raises one of ODD.
    """
    writer = Source(depth=1)
    line = writer.line
    line(f"account_id = facts.get({writer.constant(ACCOUNT_ID)})")
    line("if type(account_id) is not str or not account_id: raise Wrong")
    laid_out = dict(layout.tables)
    results = {}
    related = [name for name in tables if name != ACCOUNTS]
    for number, name in enumerate(related):
        results[name] = f"rows{number}"
        _write_table(writer, tables[name], laid_out.get(name, ()), name, results[name])
    line("row = facts")
    line(f"names = {1 + len(related)}")
    for each in results.values():
        line(f"if {each} is None: names -= 1")
    rest = {name: one for name, one in tables[ACCOUNTS].columns.items() if name != ACCOUNT_ID}
    cells = _write_row(writer, rest, [(name, False) for name in layout.account], "c",
                       besides=(ACCOUNT_ID, *related))  # fmt: skip
    owns = [cells.get((name, False), "account_id") for name in layout.account]
    rows = [results[name] for name, _ in layout.tables]
    line(f"return account_id, ({_listed(owns)}), ({_listed(rows)})")
    space: dict[str, Any] = {
        "__builtins__": {"type": type, "float": float, "int": int, "str": str, "list": list,
                         "len": len},
        "Wrong": Wrong, "days": DAYS, "stored": stored, **writer.constants(),
    }  # fmt: skip
    source = "\n".join(["def quick(facts):", *writer.lines]) + "\n"
    exec(compile(source, "<rows>", "exec"), space)  # noqa: S102  our own names only
    made: Callable[[Mapping[str, Any]], Facts] = space["quick"]
    return made


def _listed(names: Sequence[str]) -> str:
    return "".join(f"{each}, " for each in names)


def _write_table(writer: Source, table: Table, used: Sequence[Key], name: str, result: str) -> None:
    """Write the reading of a related table's rows into a list of tuples, None where the table is lacking."""
    line = writer.line
    line(f"given = facts.get({writer.constant(name)})")
    line(f"{result} = None")
    line("if given is not None:")
    writer.depth += 1
    line("if type(given) is not list: raise Wrong")
    line(f"{result} = []")
    line("for row in given:")
    writer.depth += 1
    line("names = 0")
    cells = _write_row(writer, table.columns, used, "v")
    line(f"{result}.append(({_listed([cells[each] for each in used])}))")
    writer.depth -= 2


def _write_row(
    writer: Source,
    columns: Mapping[str, Column],
    used: Sequence[Key],
    letter: str,
    *,
    besides: Sequence[str] = (),
) -> dict[Key, str]:
    """Write the reading of `row`; return the names of the used cells.

    `names` counts those of `besides` that the row has before, and after it also the columns that it has.
    """
    own = {each: f"{letter}{number}" for number, each in enumerate(used) if each[0] in columns}
    writer.line(f"names += {len(columns)}")
    for name, column in columns.items():
        wanted = {exact: cell for (each, exact), cell in own.items() if each == name}
        _write_column(writer, name, column.type, wanted)
    known = writer.constant(frozenset([*columns, *besides]))
    # a row with no more names than were counted has no other; one that has a None is looked through
    writer.line(f"if len(row) != names and not row.keys() <= {known}: raise Wrong")
    return own


def _write_column(writer: Source, name: str, of: Type, wanted: Mapping[bool, str]) -> None:
    """Write the reading of one column into what is wanted: its value, or (True) its whole units."""
    line = writer.line
    cell = wanted.get(False) or wanted.get(True) or "v"
    line(f"{cell} = row.get({writer.constant(name)})")
    line(f"if {cell} is None:")
    if len(wanted) > 1:
        line(f"    {wanted[True]} = None")
    line("    names -= 1")
    match of.kind:
        case Kind.TEXT:
            line(f"elif type({cell}) is not str: raise Wrong")
            # what cannot be written as UTF-8 raises UnicodeEncodeError
            line(f"elif not {cell}.isascii(): {cell}.encode()")
        case Kind.CHOICE:
            line(f"elif {cell} not in {writer.constant(frozenset(of.choices))}: raise Wrong")
        case Kind.BOOL:
            line(f"elif {cell} is not True and {cell} is not False: raise Wrong")
        case Kind.DATE:
            line(f"else: {cell} = days[{cell}]")
        case _:
            _write_number(writer, of.kind, cell, wanted)


def _write_number(writer: Source, kind: Kind, cell: str, wanted: Mapping[bool, str]) -> None:
    """Write how a known number is stored; docs/semantics.md says how it is rounded."""
    line = writer.line
    places, stored_ = PLACES[kind], f"stored({cell}, {writer.constant(kind)})"
    power, value, units = 10.0**places, wanted.get(False), wanted.get(True)
    if not wanted:
        line(f"elif type({cell}) is not float and type({cell}) is not int: {stored_}")
        return
    line(f"elif type({cell}) is float and {-HALVES!r} < (u := {cell} * {power!r}) < {HALVES!r}:")
    line(f"    w = u + {ROUNDER!r} - {ROUNDER!r}")
    line("    u -= w")
    # halves went to the even neighbour; ours go away from zero
    line("    if u == 0.5 and w >= 0.0: w += 1.0")
    line("    elif u == -0.5 and w <= 0.0: w -= 1.0")
    if units:
        line(f"    {units} = int(w)")
    if value:
        line(f"    {value} = w / {power!r}")
    most = EXACT // 10**places
    line(f"elif type({cell}) is int and {-most} < {cell} < {most}:")
    if units:
        line(f"    {units} = {cell} * {10**places}")
    if value:
        line(f"    {value} = {cell} * 1.0")
    line("else:")
    line(f"    u = {stored_}")
    if value:
        line(f"    {value} = None if u is None else u / {power!r}")
    if units:
        line(f"    {units} = u")
