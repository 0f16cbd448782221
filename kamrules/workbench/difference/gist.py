"""Gist: a whole rule in a few words, for one that is added or gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kamrules.document.positions import Path
    from kamrules.workbench.difference.canon import Canon

TOLD = {
    "parameter": ("value",),
    "fact": ("value",),
    "criterion": ("weight", "value"),
    "class": ("when",),
    "path": ("from", "to"),
    "tier": ("level",),
    "phase": ("when",),
    "strategy": ("when",),
    "action": ("when",),
    "gate": ("when",),
    "column": ("type",),
    "signal": ("after", "then", "without", "at_least", "within_days", "same", "for_days"),
}
"""Which keys of a rule tell what it is."""
ALONE = {"value", "when", "type"}
"""Keys whose values speak for themselves."""
WORDS = {"at_least": "at least", "within_days": "within", "for_days": "for"}
"""What keys are called where the value says the rest."""


def gist(side: Canon, path: Path) -> str:
    """Return what a rule says, in a line."""
    sort = str(path[-2])
    if sort == "band":
        return side.text(path) or ""
    if sort == "table":
        return ", ".join(side.value((*path, "column")) or ()) or "no columns"
    told = []
    for key in TOLD.get(sort, ()):
        text = side.text((*path, key))
        if text is not None:
            told.append(text if key in ALONE else f"{WORDS.get(key, key)} {text}")
    return ", ".join(told) or ("always" if "when" in TOLD.get(sort, ()) else str(path[-1]))
