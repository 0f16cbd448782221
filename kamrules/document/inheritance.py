"""Inheritance: how the files of a ruleset, and the rulesets it extends, become one tree of entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, nearest
from kamrules.document import messages
from kamrules.document.tree import Entry, address_of, entry_at, fault, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.diagnostics import Place
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

_INSTEAD = {
    "criterion": ("scale", "curve"),
    "signal": ("then", "without", "at_least"),
}
"""Keys of which a rule has one: writing it over an inherited other takes its place."""


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
    if len(path) == 2:
        one_of = _INSTEAD.get(str(path[0]), ())
        if any(key in over.value for key in one_of):
            for key in set(one_of) - over.value.keys():
                merged.pop(key, None)
    for key, entry in over.value.items():
        known = merged.get(key)
        merged[key] = entry if known is None else overlay(known, entry, (*path, key))
    placed = base if base.header and not over.header else over
    return Entry(merged, placed.document, placed.path)


def _whole(path: Path) -> bool:
    """Whether the value at a path is a condition: a value of its own, never merged key by key."""
    rule = len(path) == 3 or (len(path) == 5 and path[2] == "gate")
    return rule and path[-1] in ("when", "stay") and path[0] in RULES


def extend(layers: Sequence[Entry]) -> tuple[Entry, list[Diagnostic]]:
    """Return the layers, from the furthest base to the extending ruleset, as one tree, and what is wrong.

    Switched-off rules are still in it.
    """
    *bases, own = layers
    tree: Entry | None = None
    problems: list[Diagnostic] = []
    for each in bases:
        problems += _strays(tree, each)
        if tree is not None:
            messages.outdate(tree, each)
        tree = _heirloom(each) if tree is None else overlay(tree, _heirloom(each))
    problems += _strays(tree, own)
    if tree is None:
        return own, problems
    messages.outdate(tree, own)
    merged = overlay(tree, own)
    if "ruleset" not in own.value:
        merged.value.pop("ruleset", None)
    return merged, problems


def _heirloom(base: Entry) -> Entry:
    """Return what a base hands down: all but what names itself."""
    header = base.value.get("ruleset")
    rest = {key: each for key, each in base.value.items() if key != "ruleset"}
    if header is not None and isinstance(header.value, dict):
        kept = {key: each for key, each in header.value.items() if key in INHERITED}
        rest = {"ruleset": Entry(kept, header.document, header.path), **rest}
    return Entry(rest, base.document, base.path)


def _strays(base: Entry | None, layer: Entry) -> Iterator[Diagnostic]:
    """Yield errors about rules that a layer switches off although nothing below it has them."""
    for path, entry in _rules(layer, ()):
        if _is_off(entry) and set(entry.value) <= {"enabled", "about"}:
            if base is not None and entry_at(base, path) is not None:
                continue
            members = entry_at(base, path[:-1]) if base is not None else None
            known = members.value if members is not None and isinstance(members.value, dict) else ()
            near = nearest(str(path[-1]), known)
            message = f"`{address_of(path)}` is switched off, but no extended ruleset has it"
            mend = f"did you mean `{address_of((*path[:-1], near))}`?" if near else None
            yield fault(layer, "KR172", message, path, key=True, help=mend)


def switch_off(root: Entry) -> dict[Path, Place]:
    """Remove the rules with `enabled = false`; return their paths, and where that is written."""
    off = {}
    for path, entry in list(_rules(root, ())):
        members = entry_at(root, path[:-1])
        if _is_off(entry) and members is not None:
            off[path] = place_of(root, (*path, "enabled"))[0]
            del members.value[path[-1]]
    return off


def _is_off(entry: Entry) -> bool:
    enabled = entry.value.get("enabled")
    return enabled is not None and enabled.value is False


def _rules(table: Entry, path: Path) -> Iterator[tuple[Path, Entry]]:
    """Yield the rules of a tree with their paths, each after the gates in it."""
    for section in RULES if not path else ("gate",):
        members = table.value.get(section)
        if members is None or not isinstance(members.value, dict):
            continue
        for key, entry in members.value.items():
            if isinstance(entry.value, dict):
                here = (*path, section, key)
                if section in ("path", "tier"):
                    yield from _rules(entry, here)
                yield here, entry
