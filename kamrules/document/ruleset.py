"""The ruleset as written: its model, and where each of its keys and values stands."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kamrules.document.tree import place_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.diagnostics import Place, SourceText
    from kamrules.document.models import RulesetModel
    from kamrules.document.positions import Path
    from kamrules.document.tree import Entry
    from kamrules.expression.plugged import Functions


Layers = tuple[tuple[tuple[str, str], ...], ...]
"""The files that were read and their texts, ruleset by ruleset, the furthest base first."""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A ruleset read from its files, with what it extends, settings applied, switched-off rules gone.

    `files` are all files read, as shown to the user; `digest` is the SHA-256 (hex) of the content,
    whatever the files are called, however they are laid out and whichever rulesets they came from.
    `own` are the files that are not those of a ruleset it extends; `off` says of the rules that are switched
    off, by their paths, where that is written. `layers` and `settings` are what it was made from: it can be
    made again from them when its files are gone. `functions` are those of plug-ins that its expressions may
    call; the digest knows nothing of them, a program's does.
    """

    model: RulesetModel
    files: tuple[str, ...]
    digest: str
    root: Entry = field(repr=False, compare=False)
    own: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    off: Mapping[Path, Place] = field(default_factory=dict, repr=False, compare=False)
    layers: Layers = field(default=(), repr=False, compare=False)
    settings: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    functions: Functions | None = field(default=None, repr=False, compare=False)

    def text(self, *path: str | int) -> SourceText:
        """Return the string at a path, such as ("class", "key", "when", 1), with its place.

        Raises KeyError when no string was written there.
        """
        return text_of(self.root, path)

    def place(self, *path: str | int, key: bool = False) -> tuple[Place, str]:
        """Return where the value at a path was written, and that line; with `key`, its key.

        A table has the place of its header. What was not written has the place of what is around it.
        """
        return place_of(self.root, path, key=key)


def digest_of(model: RulesetModel) -> str:
    """Return the SHA-256 of what the ruleset says: the model as canonical JSON, in the author's order.

    What it extends is in it already; examples and tests decide nothing.
    """
    content = model.model_dump(
        mode="json",
        by_alias=True,
        exclude_none=True,
        exclude={"ruleset": {"extends"}, "test": True, "persona": True},
    )
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
