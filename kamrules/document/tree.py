"""Entries: the values of a ruleset, each with the document and the path where it was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import Diagnostic, Place, SourceText

if TYPE_CHECKING:
    from kamrules.document.positions import Path, Spot
    from kamrules.document.reading import Document


@dataclass(slots=True)
class Entry:
    """A table (a dict of entries by key, in the author's order) or a value that is taken whole.

    `path` is where it stands in `document`; after inheritance and normalisation that may differ from
    where it stands in the tree.
    """

    value: Any
    document: Document
    path: Path

    @property
    def spot(self) -> Spot | None:
        """Return where the entry stands in its document, None when that is not known."""
        return spot_of(self.document, self.path)

    @property
    def header(self) -> bool:
        """Whether a table header of its own names it."""
        spot = self.spot
        return spot is not None and spot.header

    def plain(self) -> Any:  # noqa: ANN401  whatever TOML holds
        """Return the values without their origins."""
        if isinstance(self.value, dict):
            return {key: each.plain() for key, each in self.value.items()}
        return self.value


def entries(document: Document) -> Entry:
    """Return a document as entries."""

    def entry(value: Any, path: Path) -> Entry:  # noqa: ANN401
        if isinstance(value, dict):
            value = {key: entry(each, (*path, key)) for key, each in value.items()}
        return Entry(value, document, path)

    return entry(document.data, ())


def spot_of(document: Document, path: Path) -> Spot | None:
    """Return where a path stands in a document, None when that is not known."""
    return document.positions.spots.get(path) if document.positions is not None else None


def origin(root: Entry, path: Path) -> tuple[Document, Path] | None:
    """Return the document and the path in it where the value at a path of the tree was written."""
    entry = root
    for number, part in enumerate(path):
        if not isinstance(entry.value, dict):
            return entry.document, (*entry.path, *path[number:])
        if part not in entry.value:
            return None
        entry = entry.value[part]
    return entry.document, entry.path


def entry_at(root: Entry, path: Path) -> Entry | None:
    """Return the entry at a path of the tree, None when none was written there as such."""
    entry: Entry | None = root
    for part in path:
        if entry is None or not isinstance(entry.value, dict):
            return None
        entry = entry.value.get(part)
    return entry


def written_at(root: Entry, path: Path) -> str | None:
    """Return the TOML text of the value at a path, None when that is not known or not on one line."""
    found = origin(root, path)
    spot = spot_of(*found) if found is not None else None
    if found is None or spot is None or spot.value is None or found[0].positions is None:
        return None
    text = found[0].positions.text[slice(*spot.value)]
    return text if "\n" not in text else None


def value_at(root: Entry, path: Path) -> Any:  # noqa: ANN401
    """Return the plain value at a path of the tree. Raises KeyError when there is none."""
    value: Any = root
    for part in path:
        inner = value.value if isinstance(value, Entry) else value
        try:
            value = inner[part]
        except (KeyError, IndexError, TypeError):
            raise KeyError(path) from None
    return value.plain() if isinstance(value, Entry) else value


def place_of(root: Entry, path: Path, *, key: bool = False) -> tuple[Place, str]:
    """Return where the value at a path was written, and that line.

    Of a table it is its header (or its key); with `key` it is the key of any value. A path that was
    not written has the place of the nearest thing around it that was.
    """
    found = next(filter(None, (origin(root, path[:cut]) for cut in range(len(path), -1, -1))))
    document, where = found
    if document.positions is None:
        return Place(document.file, 1, 1, 1), ""
    while where:
        spot = spot_of(document, where)
        span = spot and ((spot.key if key else spot.value) or spot.key or spot.value)
        if span:
            return document.positions.place(document.file, span)
        where = where[:-1]
    return Place(document.file, 1, 1, 1), document.positions.excerpt(1)


def text_of(root: Entry, path: Path) -> SourceText:
    """Return the string at a path with the place of each character.

    Raises KeyError when no string was written there.
    """
    value = value_at(root, path)
    found = origin(root, path)
    if not isinstance(value, str) or found is None:
        raise KeyError(path)
    document, where = found
    address = address_of(path)
    spot = spot_of(document, where)
    if spot is None or document.positions is None:
        columns = tuple([1] * (len(value) + 1))
        return SourceText(value, document.file, 1, columns, "", address)
    return document.positions.source_text(document.file, spot, value, address)


def address_of(path: Path) -> str:
    """Return a path as the address that messages use: `class.key.when[1]`."""
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path).lstrip(
        "."
    )


def fault(  # noqa: PLR0913  the parts of a diagnostic
    root: Entry,
    code: str,
    message: str,
    path: Path,
    *,
    key: bool = False,
    help: str | None = None,  # noqa: A002  the design's word
) -> Diagnostic:
    """Return an error about the value (or the key) at a path of the tree."""
    place, excerpt = place_of(root, path, key=key)
    return Diagnostic(
        code, message, place=place, excerpt=excerpt, help=help, address=address_of(path) or None
    )
