"""Compares output tables cell for cell and shows where they differ, side by side."""

from __future__ import annotations

import math
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.agreement.engines import Tables
    from tests.strategies import Case


class Disagreement(AssertionError):  # noqa: N818  it is a finding
    """Two engines decided differently; carries the case."""

    def __init__(self, case: Case, message: str) -> None:
        super().__init__(message)
        self.case = case


def same(left: Any, right: Any) -> bool:
    """Return whether two cells are equal to the last bit (whole numbers may be of either type)."""
    if left is None or right is None or isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, float | int) and isinstance(right, float | int):
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    return type(left) is type(right) and bool(left == right)


def differences(left: Tables, right: Tables) -> list[str]:
    """Return every difference: table, row, column, both values; order of rows and columns counts."""
    found: list[str] = []
    for name in dict.fromkeys([*left, *right]):
        ours, theirs = left.get(name, []), right.get(name, [])
        if len(ours) != len(theirs):
            found.append(f"{name}: {len(ours)} rows and {len(theirs)}")
        for number, (one, two) in enumerate(zip_longest(ours, theirs, fillvalue={})):
            if one and two and list(one) != list(two):
                found.append(f"{name}: columns {list(one)} and {list(two)}")
                break
            for column in dict.fromkeys([*one, *two]):
                mine, other = one.get(column), two.get(column)
                if not same(mine, other):
                    key = (one or two).get("account_id")
                    found.append(f"{name}[{number}] of {key!r}, {column}: {mine!r} and {other!r}")
    return found


def beside(left: Tables, right: Tables) -> str:
    """Return both outputs of the tables that differ, a row of one above the row of the other."""
    lines: list[str] = []
    for name in left:
        if left[name] == right.get(name) and not differences(
            {name: left[name]}, {name: right[name]}
        ):
            continue
        lines.append(f"{name}:")
        for one, two in zip_longest(left[name], right.get(name, []), fillvalue=None):
            mark = "=" if one == two else "!"
            lines += [f" {mark} {one}", f" {mark} {two}"]
    return "\n".join(lines)
