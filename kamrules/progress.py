"""Progress: what long work tells of itself while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

PER_CENT = "%"
"""The unit of work of which nothing else is known than how much of it is done."""


class Progress(Protocol):
    """Is told each step of long work; may be called from any thread, and as often as one likes."""

    def __call__(self, step: str, done: float = 0, of: float = 0, unit: str = "") -> None:
        """Take note of a step and, where that is known, that `done` of its `of` parts are done.

        Another text begins another step. `unit` is what is counted: accounts, rows, tasks, bytes, or `%`.
        """


def silent(step: str, done: float = 0, of: float = 0, unit: str = "") -> None:
    """Tell nobody."""


class Taken(Mapping[str, Any]):
    """A mapping that tells which of its items is taken: it is the one that is about to be worked on."""

    def __init__(self, items: Mapping[str, Any], told: Callable[[str], None]) -> None:
        """Take the items, and whom to tell the name of each that is taken."""
        self._items = items
        self._told = told

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401  whatever the items are
        self._told(name)
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)
