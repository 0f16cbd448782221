"""Labels: what people read for a choice, in each language of a message."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kamrules.expression.nodes import AccountColumn, Constant, StepValue
from kamrules.expression.types import Kind

if TYPE_CHECKING:
    from kamrules.compiler.draft import Draft
    from kamrules.expression.nodes import Node

PLACEMENTS = {
    "class": "class",
    "class_before": "class",
    "tier": "tier",
    "tier_before": "tier",
    "phase": "phase",
    "strategy": "strategy",
}


def labelled(draft: Draft, slot: Node, language: str) -> Node:
    """Return a slot of a message whose type knows what people read for its choices.

    A class, tier, phase or strategy is called by its title in that language; in the first language, and
    where a translation is missing, every choice is its id in plain words.
    """
    address = _address(slot)
    if slot.type.kind is not Kind.CHOICE or address is None:
        return slot
    texts = draft.ruleset.model.message.get(language, {})
    lead, tail = address
    labels = tuple(
        texts.get(f"{lead}.{each}{tail}") or each.replace("_", " ") for each in slot.type.choices
    )
    if labels == slot.type.choices:
        return slot
    named: Node = replace(slot, type=replace(slot.type, labels=labels))
    return named


def _address(slot: Node) -> tuple[str, str] | None:
    """Return what stands before and after a choice in the address of its label."""
    match slot:
        case AccountColumn(name=name):
            return f"table.accounts.column.{name}.choices", ""
        case Constant(parameter=str() as name):
            return f"parameter.{name}.choices", ""
        case StepValue(address=address) if address in PLACEMENTS:
            return PLACEMENTS[address], ".title"
        case StepValue(address=address) if address.endswith(".band"):
            return address, ""
        case StepValue(address=address):
            return f"{address}.choices", ""
    return None
