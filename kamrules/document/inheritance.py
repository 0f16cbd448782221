"""Inheritance: how the files of a ruleset, and the rulesets it extends, become one tree of entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, nearest
from kamrules.document.tree import Entry, address_of, fault, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.document.positions import Path

INHERITED = ("languages", "hit", "phase_hit", "strategy_hit")
"""Keys of `[ruleset]` that an extending ruleset takes over when it does not give them itself."""

RULES = (
    "criterion",
    "class",
    "path",
    "tier",
    "phase",
    "strategy",
    "action",
    "signal",
    "persona",
    "test",
)
"""Tables whose members can be switched off; so can the gates of paths and tiers."""

_INSTEAD = {"scale": "curve", "curve": "scale"}
"""Writing the one over an inherited other takes its place."""


def join(into: Entry, other: Entry) -> list[Diagnostic]:
    """Add another file's entries to those of a ruleset; the same address twice is an error."""
    return list(_join(into, other, ()))


def _join(into: Entry, other: Entry, path: Path) -> Iterator[Diagnostic]:
    for key, entry in other.value.items():
        known = into.value.get(key)
        here = (*path, key)
        if known is None:
            into.value[key] = entry
        elif _open(known) and _open(entry):
            yield from _join(known, entry, here)
            if entry.header and not known.header:
                known.document, known.path = entry.document, entry.path
        else:
            first, _ = place_of(known, (), key=True)
            place, excerpt = place_of(entry, (), key=True)
            address = address_of(here)
            message = f"`{address}` is already defined in {first.file}, line {first.line}"
            yield Diagnostic("KR108", message, place=place, excerpt=excerpt, address=address)


def _open(entry: Entry) -> bool:
    """Whether it is a table to which other files may add keys: not one written in braces."""
    spot = entry.spot
    return isinstance(entry.value, dict) and (spot is None or spot.value is None)


def overlay(base: Entry, over: Entry, path: Path = ()) -> Entry:
    """Return base with everything that `over` writes in its place; keys of base come first."""
    if not (isinstance(base.value, dict) and isinstance(over.value, dict)) or _whole(path):
        return over
    merged = dict(base.value)
    if len(path) == 2 and path[0] == "criterion":
        for key, other in _INSTEAD.items():
            if key in over.value and other not in over.value:
                merged.pop(other, None)
    for key, entry in over.value.items():
        known = merged.get(key)
        merged[key] = entry if known is None else overlay(known, entry, (*path, key))
    placed = base if base.header and not over.header else over
    return Entry(merged, placed.document, placed.path)


def _whole(path: Path) -> bool:
    """Whether the value at a path is a condition: a value of its own, never merged key by key."""
    rule = len(path) == 3 or (len(path) == 5 and path[2] == "gate")
    return rule and path[-1] in ("when", "stay") and path[0] in RULES


def extend(layers: Sequence[Entry]) -> Entry:
    """Return the layers, from the furthest base to the extending ruleset, as one tree."""
    *bases, own = layers
    if not bases:
        return own
    tree = _heirloom(bases[0])
    for each in bases[1:]:
        tree = overlay(tree, _heirloom(each))
    merged = overlay(tree, own)
    if "ruleset" not in own.value:
        merged.value.pop("ruleset", None)
    return merged


def _heirloom(base: Entry) -> Entry:
    """Return what a base hands down: all but what names itself."""
    header = base.value.get("ruleset")
    rest = {key: each for key, each in base.value.items() if key != "ruleset"}
    if header is not None and isinstance(header.value, dict):
        kept = {key: each for key, each in header.value.items() if key in INHERITED}
        rest = {"ruleset": Entry(kept, header.document, header.path), **rest}
    return Entry(rest, base.document, base.path)


def switch_off(root: Entry) -> list[Diagnostic]:
    """Remove the rules with `enabled = false`; return errors about those that stand nowhere else."""
    return list(_switch_off(root, root, ()))


def _switch_off(root: Entry, table: Entry, path: Path) -> Iterator[Diagnostic]:
    for section in RULES if not path else ("gate",):
        members = table.value.get(section)
        if members is None or not isinstance(members.value, dict):
            continue
        for key, entry in list(members.value.items()):
            here = (*path, section, key)
            if not isinstance(entry.value, dict):
                continue
            enabled = entry.value.get("enabled")
            if enabled is None or enabled.value is not False:
                if section in ("path", "tier"):
                    yield from _switch_off(root, entry, here)
            elif len(entry.value) > 1:
                del members.value[key]
            else:
                known = [each for each in members.value if each != key]
                yield _nothing_to_switch_off(root, here, known)
                del members.value[key]


def _nothing_to_switch_off(root: Entry, path: Path, known: list[str]) -> Diagnostic:
    close = nearest(str(path[-1]), known)
    address = address_of(path)
    return fault(
        root,
        "KR172",
        f"`{address}` is switched off, but no extended ruleset has it",
        path,
        key=True,
        help=f"did you mean `{address_of((*path[:-1], close))}`?" if close else None,
    )
