"""Joining conditions in source: each once, and two bounds of a value as one chain."""

from __future__ import annotations

import re

ABOVE = re.compile(r"(\w+) (>|>=) ([\w.]+)")
BELOW = re.compile(r"(\w+) (<|<=) ([\w.]+)")
"""Comparisons of a local with a local or a number, which cannot fail once the local is known."""


def all_of(parts: list[str]) -> str:
    """Return the conjunction of sources: each once, and two bounds of a value as one chain."""
    parts = [each for each in dict.fromkeys(parts) if each != "True"]
    if "False" in parts:
        return "False"
    for index, part in enumerate(parts):
        above = ABOVE.fullmatch(part)
        if above is None:
            continue
        for other, candidate in enumerate(parts):
            below_ = BELOW.fullmatch(candidate)
            if below_ is not None and below_[1] == above[1]:
                low = f"{above[3]} {'<=' if above[2] == '>=' else '<'} {above[1]}"
                parts[max(index, other)] = f"{low} {below_[2]} {below_[3]}"
                del parts[min(index, other)]
                return all_of(parts)
    return joined(" and ", parts)


def joined(word: str, parts: list[str]) -> str:
    """Return sources joined by ` and ` or ` or `, in parentheses; what is settled is left out."""
    neutral, decisive = ("True", "False") if word == " and " else ("False", "True")
    parts = [each for each in dict.fromkeys(parts) if each != neutral]
    if decisive in parts:
        return decisive
    if not parts:
        return neutral
    return parts[0] if len(parts) == 1 else f"({word.join(parts)})"
