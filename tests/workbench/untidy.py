"""Writes a ruleset held in dicts as TOML that nobody tidied: keys in any order, blanks, comments, quotes."""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING, Any

from tests.strategies.toml import _key, _text

if TYPE_CHECKING:
    from random import Random

FREE = {"column", "band", "gate", "message"}
"""Tables whose keys are names, so that their order may mean something."""


class Untidy:
    """One way of writing; `above` and `behind` tell which comments went where."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.count = 0
        self.above: dict[str, str] = {}
        self.behind: dict[str, str] = {}

    def text(self, tables: dict[str, Any]) -> str:
        """Return the TOML text of a ruleset."""
        lines = [self.comment()] if self.now() else []
        self.table(tables, (), lines)
        return "\n".join(lines) + "\n" * self.chance.randrange(4)

    def now(self, percent: int = 25) -> bool:
        return self.chance.randrange(100) < percent

    def blank(self) -> str:
        return self.chance.choice(["", " ", "  ", "\t"])

    def comment(self, lead: str = "#") -> str:
        self.count += 1
        return f"{self.blank()}{lead}{self.blank()}comment {self.count}{self.blank()}"

    def table(self, table: dict[str, Any], path: tuple[str, ...], lines: list[str]) -> None:
        plain = {k: v for k, v in table.items() if not isinstance(v, dict) or self.inline(path, k)}
        keys = list(plain)
        if len(path) == 2 or (path and path[-1] not in FREE and len(path) == 4):
            self.chance.shuffle(keys)
        if path and (plain or not table or self.now(10)):
            lines += [""] * self.chance.randrange(3)
            if self.now():
                lines.append(self.comment())
            dots = f"{self.blank()}.{self.blank()}".join(_key(each) for each in path)
            header = f"{self.blank()}[{self.blank()}{dots}{self.blank()}]"
            lines.append(header + (self.comment(" #") if self.now(10) else ""))
        for key in keys:
            lines += self.pair(key, plain[key])
        for key, each in table.items():
            if key not in plain:
                self.table(each, (*path, key), lines)

    def inline(self, path: tuple[str, ...], key: str) -> bool:
        return len(path) >= 2 and (key in {"when", "stay", "band"} or self.now(60))

    def pair(self, key: str, value: Any) -> list[str]:
        lines = [""] * (self.chance.randrange(3) if self.now() else 0)
        if self.now():
            lines.append(self.comment())
            self.above[f"comment {self.count}"] = _key(key)
        line = f"{self.blank()}{_key(key)}{self.blank()}={self.blank()}{self.value(value, 0)}"
        if self.now():
            line += self.comment(" #")
            self.behind[f"comment {self.count}"] = _key(key)
        return [*lines, line]

    def gap(self, spread: bool) -> str:  # noqa: FBT001
        """Return what stands between two items: blanks, or a new line with or without comments."""
        if not spread:
            return self.blank()
        return (self.comment(" #") if self.now(10) else "") + "\n" + "\n" * self.now(10) + (
            self.comment() + "\n" if self.now(10) else ""
        )  # fmt: skip

    def group(self, parts: list[str], brackets: str) -> str:
        spread = self.now(30)
        inside = "".join(
            self.gap(spread) + part + self.gap(spread and self.now(10))
            + ("," if number + 1 < len(parts) or (spread and self.now()) else "")
            for number, part in enumerate(parts)
        )  # fmt: skip
        return f"{brackets[0]}{inside}{self.gap(spread)}{brackets[1]}"

    def value(self, value: Any, depth: int) -> str:
        match value:
            case bool():
                return "true" if value else "false"
            case str() if "'" not in value and value.isprintable() and self.now():
                return f"'{value}'"
            case str():
                return _text(value)
            case float():
                return repr(value) if math.isfinite(value) else "nan"
            case datetime.date() | int():
                return str(value)
            case list():
                return self.group([self.value(each, depth + 1) for each in value], "[]")
        pairs = [
            f"{_key(key)}{self.blank()}={self.blank()}{self.value(each, depth + 1)}"
            for key, each in value.items()
        ]
        return self.group(pairs, "{}")
