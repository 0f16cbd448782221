"""Labels: what people read for a choice, in each language of a message."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kamrules.expression.nodes import AccountColumn, Constant, StepValue
from kamrules.expression.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.expression.nodes import Node

PLACEMENTS = {
    "class": "class",
    "class_before": "class",
    "tier": "tier",
    "tier_before": "tier",
    "phase": "phase",
    "strategy": "strategy",
}


def labelled(slot: Node, texts: Mapping[str, str]) -> Node:
    """Return a slot of a message whose type knows what people read for its choices.

    `texts` are the ruleset's in the message's language, by address: those of the choices, or of a class,
    tier, phase or strategy its title. A choice without one is its id in plain words.
    """
    addresses = label_addresses(slot)
    labels = tuple(
        texts.get(address) or plain(choice)
        for choice, address in zip(slot.type.choices, addresses, strict=False)
    )
    if not addresses or labels == slot.type.choices:
        return slot
    named: Node = replace(slot, type=replace(slot.type, labels=labels))
    return named


def label_addresses(slot: Node) -> tuple[str, ...]:
    """Return the addresses of what people read for the choices of a slot; none where it is no choice."""
    found = _address(slot) if slot.type.kind is Kind.CHOICE else None
    if found is None:
        return ()
    lead, tail = found
    return tuple(f"{lead}.{each}{tail}" for each in slot.type.choices)


def plain(choice: str) -> str:
    """Return an id in plain words: `preferred supplier`."""
    return choice.replace("_", " ")


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
