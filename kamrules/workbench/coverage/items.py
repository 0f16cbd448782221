"""Items: everything whose coverage is counted, each as a condition that either engine decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kamrules.compiler.program import Condition
    from kamrules.diagnostics import Place
    from kamrules.expression.nodes import Node


class Part(StrEnum):
    """What is counted: rules at work, smallest conditions true and false, and steps of scales."""

    RULES = "rules"
    ATOMS = "atoms"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be reached: a rule, an atom or a step, and what is true of the accounts that reach it.

    `kind` is that of the rule, or `scale`, `curve` or `band`; `text` tells an atom or a step.
    """

    part: Part
    kind: str
    address: str
    text: str
    place: str | None
    what: Condition | Node

    @property
    def key(self) -> tuple[Part, str, str]:
        """What is equal for the same item of a program with other parameters, or on another day."""
        return self.part, self.address, self.text if self.part is Part.ATOMS else ""


def line_of(place: Place | None) -> str | None:
    """Return a place as file and line."""
    return None if place is None else f"{place.file}:{place.line}"
