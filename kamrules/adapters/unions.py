"""Several files as one table: columns matched by name, and what is told when some lack one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.book import Problem
from kamrules.diagnostics import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from kamrules.book import BookTable

_TOLD = 3


def union(columns: Mapping[str, Collection[str]]) -> list[str]:
    """Return the columns of all files, each by its first name; names that differ in case are the same."""
    found: dict[str, str] = {}
    for some in columns.values():
        for each in some:
            found.setdefault(each.casefold(), each)
    return list(found.values())


def check_alike(table: BookTable, columns: Mapping[str, Collection[str]]) -> None:
    """Raise DataError when a file has no column at all in common with the first one."""
    (first, some), *others = columns.items()
    wanted = {each.casefold() for each in some}
    for shown, have in others:
        if wanted.isdisjoint(each.casefold() for each in have):
            message = f"`{shown}` has other columns than `{first}`"
            mend = "give all the files the same header, or make them tables of their own"
            raise DataError(table.fault("KR624", message, "from", help=mend))


def lacking(columns: Mapping[str, Collection[str]]) -> Iterator[Problem]:
    """Yield what is told of files that lack columns which others have: their rows leave those unknown."""
    every = union(columns)
    files: dict[tuple[str, ...], list[str]] = {}
    for shown, present in columns.items():
        have = {each.casefold() for each in present}
        if gone := tuple(each for each in every if each.casefold() not in have):
            files.setdefault(gone, []).append(shown)
    for gone, some in list(files.items())[:_TOLD]:
        more = f" and {len(some) - 1:,} more have" if len(some) > 1 else " has"
        names = ", ".join(f"`{each}`" for each in gone[:_TOLD])
        names += f" and {len(gone) - _TOLD:,} more" if len(gone) > _TOLD else ""
        noun = "column" if len(gone) == 1 else "columns"
        message = f"`{some[0]}`{more} no {noun} {names}, which other files of the table have"
        yield Problem("KR651", None, 0, f"{message}; unknown in its rows")
    if len(files) > _TOLD:
        count = sum(len(each) for each in list(files.values())[_TOLD:])
        noun = "file lacks" if count == 1 else "files lack"
        yield Problem("KR651", None, 0, f"{count:,} more {noun} columns that others have")
