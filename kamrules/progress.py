"""Progress: what long work tells of itself while it goes on."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Is told each step of long work."""

    def __call__(self, step: str, done: int = 0, of: int = 0) -> None:
        """Take note of a step and, where that is known, that `done` of its `of` parts are done."""


def silent(step: str, done: int = 0, of: int = 0) -> None:
    """Tell nobody."""
