"""Sharing: lines that each wait for several tests, written so that a test of many is made once."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.engines.row.joining import all_of, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kamrules.engines.row.source import Source

NAMES = re.compile(r"[a-z]\w*")
CHANGING = re.compile(r"r\d+")
"""Names of a row's columns, which change from row to row."""
ASSIGNED = re.compile(r"\s*(\w+) = ")
WORDS = {"and", "or", "not", "is", "in", "if", "else", "as_of"}
HARMLESS = re.compile(r"\w+ (<|<=|>|>=|==|in|not in) [\w.]+")
"""Tests that no other needs to have passed: whatever reads an unknown value looks at it itself first."""
DEEPEST = 40
"""Python takes no more than 100 levels of indentation."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """Lines to run when all tests are true; a test may need the ones before it."""

    tests: tuple[str, ...]
    lines: tuple[str, ...]


def guarded(tests: Iterable[str], *lines: str) -> Guarded:
    """Return lines under tests, each once."""
    return Guarded(tuple(each for each in dict.fromkeys(tests) if each != "True"), lines)


def hoisted(parts: list[Guarded], lines: Sequence[str]) -> tuple[str, list[Guarded]]:
    """Return a test to be made before the first row, and what is left of the parts.

    Where it fails no row can count. It is "True" where a part has none that is the same for all rows.
    `lines` are those at the head of the loop: what they assign changes from row to row too.
    """
    assigned = {name[1] for each in lines if (name := ASSIGNED.match(each))}

    def same(test: str) -> bool:
        names = NAMES.findall(test)
        return not any(each in assigned or CHANGING.fullmatch(each) for each in names)

    found = [tuple(test for test in each.tests if same(test)) for each in parts]
    if not all(found):
        return "True", parts
    if len(set(found)) == 1:
        parts = [guarded([test for test in each.tests if test not in found[0]], *each.lines)
                 for each in parts]  # fmt: skip
    return joined(" or ", [all_of(list(each)) for each in found]), parts


def write_shared(writer: Source, parts: list[Guarded]) -> None:
    """Write parts that do not depend on each other: the test that most have in common comes first."""
    parts = [each for each in parts if "False" not in each.tests]
    while parts and writer.depth < DEEPEST:
        counts = Counter(test for each in parts for test in _first(each.tests))
        test, count = max(counts.items(), key=lambda each: each[1], default=("", 0))
        if count < 2:
            break
        inner = [each for each in parts if test in _first(each.tests)]
        parts = [each for each in parts if each not in inner]
        writer.line(f"if {test}:")
        writer.depth += 1
        write_shared(writer, [guarded([one for one in each.tests if one != test], *each.lines)
                              for each in inner])  # fmt: skip
        writer.depth -= 1
    for each in parts:
        _write(writer, each)


def _write(writer: Source, part: Guarded) -> None:
    if part.tests:
        writer.line(f"if {all_of(list(part.tests))}:")
        writer.depth += 1
    for line in part.lines:
        writer.line(line)
    if part.tests:
        writer.depth -= 1


def _first(tests: tuple[str, ...]) -> list[str]:
    """Return the tests that may be made before all others: nothing before them looks at what they read."""
    found = []
    looked_at: set[str] = set()
    for test in tests:
        names = {each for each in NAMES.findall(test) if each not in WORDS}
        if not names & looked_at:
            found.append(test)
        if not HARMLESS.fullmatch(test):
            looked_at |= names
    return found
