"""Source in the making: lines of generated Python, and the pool of constants that they speak of."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(slots=True)
class Source:
    """Lines at a depth; names that are our own; every text of an author in the pool.

    `whole` has the names that hold ints.
    """

    lines: list[str] = field(default_factory=list)
    depth: int = 1
    pool: dict[object, str] = field(default_factory=dict)
    names: int = 0
    whole: set[str] = field(default_factory=set)

    def line(self, text: str) -> None:
        """Add a line at the current depth."""
        self.lines.append("    " * self.depth + text)

    def fresh(self, letter: str = "t") -> str:
        """Return a new local name."""
        self.names += 1
        return f"{letter}{self.names}"

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Let names that are made meanwhile be made again: nothing written later reads them.

        A function of fewer names is entered faster, and Python gives a large one memory of its own each time.
        """
        names, whole = self.names, set(self.whole)
        yield
        self.names, self.whole = names, whole

    def constant(self, value: object) -> str:
        """Return the pool's name for a constant (strings, tuples, dicts as item tuples)."""
        key = (type(value), value)
        if key not in self.pool:
            self.pool[key] = f"k{len(self.pool)}"
        return self.pool[key]

    def constants(self) -> Mapping[str, object]:
        """Return the pool as the function's globals."""
        return {name: value for (_, value), name in self.pool.items()}  # type: ignore[misc,has-type]
