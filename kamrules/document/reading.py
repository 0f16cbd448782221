"""Reading one TOML file: its values from tomli, its positions, and every way in which that can fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tomli

from kamrules.diagnostics import Diagnostic, Place
from kamrules.document.broken import explain
from kamrules.document.positions import DEEPEST, Positions, index

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_FILE = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a ruleset: the name shown to the user, its values, and where they stand.

    `positions` is None when the index disagrees with tomli's values; places are then the file as such.
    """

    file: str
    data: dict[str, Any]
    positions: Positions | None


class UnreadableError(Exception):
    """A file that cannot be used; carries the reasons. `usage` says that the file system was the reason."""

    def __init__(self, *diagnostics: Diagnostic, usage: bool = False) -> None:
        """Keep the diagnostics."""
        super().__init__()
        self.diagnostics = diagnostics
        self.usage = usage


def read_document(path: Path, file: str) -> Document:
    """Return the document at a path, shown to the user as `file`.

    Raises UnreadableError.
    """
    return parse_document(read_text(path, file), file)


def read_text(path: Path, file: str) -> str:
    """Return the text at a path, shown to the user as `file`. Raises UnreadableError."""
    return _decode(_content(path, file), file)


def parse_document(text: str, file: str) -> Document:
    """Return the document that a TOML text is. Raises UnreadableError."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    positions = index(text)
    if positions.too_deep:
        # tomli recurses, so what is too deep must not even reach it
        raise UnreadableError(_too_deep(positions, file))
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise UnreadableError(explain(error.msg, error.pos, positions, file)) from None
    except (ValueError, RecursionError):
        raise UnreadableError(_unusable(file)) from None
    return Document(file, data, positions if positions.agrees(data) else None)


def _content(path: Path, file: str) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise UnreadableError(
            Diagnostic("KR100", f"there is no file `{file}`"), usage=True
        ) from None
    except IsADirectoryError:
        message = f"`{file}` is a folder, a file is wanted"
        raise UnreadableError(Diagnostic("KR101", message), usage=True) from None
    except PermissionError:
        message = f"`{file}` may not be read: permission denied"
        raise UnreadableError(Diagnostic("KR101", message), usage=True) from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise UnreadableError(
            Diagnostic("KR101", f"`{file}` cannot be read: {reason}"), usage=True
        ) from None
    if len(content) > LARGEST_FILE:
        message = f"`{file}` is larger than 4 MiB, the most that a file of a ruleset may be"
        raise UnreadableError(Diagnostic("KR103", message, help="split it into several files"))
    return content


def _decode(content: bytes, file: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode().removeprefix("\ufeff")
        line = before.count("\n") + 1
        start = before.rpartition("\n")[2]
        byte = content[error.start]
        excerpt = start + content[error.start :].split(b"\n")[0].decode("latin-1").rstrip("\r")
        place = Place(file, line, len(start) + 1, len(start) + 2)
        message = f"this is not UTF-8: byte 0x{byte:02X} begins no character"
        if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            message = "this is UTF-16, a ruleset is written in UTF-8"
            excerpt = ""
        raise UnreadableError(
            Diagnostic(
                "KR104", message, place=place, excerpt=excerpt, help="save the file as UTF-8"
            )
        ) from None


def _too_deep(positions: Positions, file: str) -> Diagnostic:
    at = positions.stopped or 0
    place, excerpt = positions.place(file, (at, at + 1))
    message = f"tables, lists and dotted keys nest at most {DEEPEST} levels deep"
    return Diagnostic("KR107", message, place=place, excerpt=excerpt)


def _unusable(file: str) -> Diagnostic:
    message = f"`{file}` holds a number with more digits than kamrules reads"
    return Diagnostic("KR109", message, place=Place(file, 1, 1, 1))
