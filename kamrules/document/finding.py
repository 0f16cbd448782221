"""Finding rulesets: by path, or by name in the folders where rulesets are kept."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class Location:
    """Where a ruleset is: a folder or a file, and the words in which the user is told of it."""

    path: Path
    shown: str

    @property
    def folder(self) -> Path:
        """Return the folder from which its `extends` paths count."""
        return self.path if self.path.is_dir() else self.path.parent

    @property
    def shown_folder(self) -> str:
        """Return that folder as the user is told of it."""
        return self.shown if self.path.is_dir() else os.path.dirname(self.shown)  # noqa: PTH120  keeps ""

    @property
    def identity(self) -> str:
        """Return what is equal for two ways of naming the same ruleset."""
        return os.path.realpath(self.path)


def shipped_folder() -> Path:
    """Return the folder of the shipped rulesets: in the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "rulesets"
    return inside if inside.is_dir() else package.parent / "rulesets"


def find(wanted: str | Path, folders: Sequence[Path]) -> Location | Diagnostic:
    """Return where a ruleset is that a user names by path, or by name; a path that exists wins."""
    shown = os.fspath(wanted)
    if _exists(Path(shown)):
        return Location(Path(shown), Path(shown).as_posix())
    return _by_name(shown, folders) or _not_found(shown, folders)


def find_extended(wanted: str, start: Location, folders: Sequence[Path]) -> Location | Diagnostic:
    """Return where a ruleset is that another one extends, by path relative to it or by name."""
    if _URL.match(wanted) or wanted.startswith(("/", "\\", "~")) or "\x00" in wanted:
        return Diagnostic(
            "KR171",
            f"`{wanted}` is neither a name nor a relative path; nothing else can be extended",
        )
    path = start.folder / wanted
    if _exists(path):
        shown = os.path.normpath(os.path.join(start.shown_folder, wanted))  # noqa: PTH118
        return Location(path, Path(shown).as_posix())
    return _by_name(wanted, folders) or _not_found(wanted, folders, code="KR171")


def toml_files(location: Location) -> tuple[list[tuple[Path, str]], list[Diagnostic]]:
    """Return the files of a ruleset, sorted by name, each with the name shown to the user.

    Hidden files and folders are left out, and links to folders are not followed.
    """
    if not location.path.is_dir():
        return [(location.path, location.shown)], []
    problems: list[Diagnostic] = []
    found: list[str] = []

    def refuse(error: OSError) -> None:
        reason = (error.strerror or str(error)).lower()
        problems.append(Diagnostic("KR101", f"`{error.filename}` cannot be read: {reason}"))

    for folder, folders, files in os.walk(location.path, onerror=refuse):
        folders[:] = [each for each in folders if not each.startswith(".")]
        found += [
            (Path(folder) / each).relative_to(location.path).as_posix()
            for each in files
            if each.endswith(".toml") and not each.startswith(".")
        ]
    if not found and not problems:
        message = f"folder `{location.shown}` holds no .toml file, so it is no ruleset"
        problems.append(Diagnostic("KR102", message))
    shown = "" if location.shown == "." else f"{location.shown.rstrip('/')}/"
    return [(location.path / each, f"{shown}{each}") for each in sorted(found)], problems


def names(folders: Sequence[Path]) -> list[str]:
    """Return the names by which rulesets are found in the folders."""
    return sorted({name for folder in folders for name in _names_in(folder)})


def _names_in(folder: Path) -> Iterator[str]:
    try:
        inside = sorted(folder.iterdir())
    except OSError:
        return
    for each in inside:
        if each.name.startswith("."):
            continue
        if each.suffix == ".toml" and each.is_file():
            yield each.stem
        elif each.is_dir() and next(each.rglob("*.toml"), None) is not None:
            yield each.name


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _by_name(name: str, folders: Sequence[Path]) -> Location | None:
    if not _NAME.fullmatch(name):
        return None
    for folder in folders:
        for path in (folder / name, folder / f"{name}.toml"):
            if _exists(path):
                return Location(path, _shown(path))
    return None


def _shown(path: Path) -> str:
    """Return a path as seen from the current folder if it lies in there, else whole."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return path.as_posix()


def _not_found(wanted: str, folders: Sequence[Path], code: str = "KR100") -> Diagnostic:
    if not _NAME.fullmatch(wanted) or wanted.endswith(".toml"):
        return Diagnostic(code, f"there is no file or folder `{wanted}`")
    known = names(folders)
    close = nearest(wanted, known)
    listed = f"; rulesets found by name: {', '.join(known)}" if known else ""
    mend = f"did you mean `{close}`?" if close else None
    return Diagnostic(code, f"there is no ruleset `{wanted}`{listed}", help=mend)
