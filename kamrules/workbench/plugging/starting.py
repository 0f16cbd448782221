"""Starting a plug-in: its name, its folder, and its files from templates, written whole or not at all."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from kamrules import __version__
from kamrules.contracts import API_VERSION
from kamrules.diagnostics import DataError, Diagnostic, UsageError
from kamrules.output import write_file

if TYPE_CHECKING:
    from collections.abc import Collection

LICENSES = {
    "MIT": "MIT",
    "BSD-3-Clause": "BSD-3-Clause",
    "proprietary": "LicenseRef-Proprietary",
}
"""The licences there are a text for, and how packaging calls them."""

LONGEST_NAME = 40
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_FILES = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    "{module}.py": "module.py.txt",
    "tests/test_{module}.py": "test.py.txt",
}


@dataclass(frozen=True, slots=True)
class Started:
    """A new plug-in: its name, its folder as shown and as one pastes it into a shell, and its files."""

    name: str
    folder: str
    pasteable: str
    files: tuple[str, ...]


def start(
    name: str,
    *,
    folder: Path | None = None,
    license: str = "MIT",  # noqa: A002  packaging's word
    holder: str | None = None,
    taken: Collection[str] = (),
) -> Started:
    """Write a plug-in into a new or empty folder, by default `kamrules-NAME`.

    `license` is one of LICENSES, `holder` who holds the copyright; `taken` are names of sources and sinks
    that there are already. Raises UsageError for a name that will not do and for a folder that is not empty,
    DataError when a file cannot be written.
    """
    _check(name, taken)
    target = folder if folder is not None else Path(f"kamrules-{name}")
    _empty(target)
    words = {
        "name": name,
        "module": f"kamrules_{name.replace('-', '_')}",
        "license": LICENSES[license],
        "holder": holder or f"the authors of kamrules-{name}",
        "version": __version__,
        "api": str(API_VERSION),
    }
    files = {path.format(**words): _filled(template, words) for path, template in _FILES.items()}
    files["LICENSE"] = _filled(f"license.{license.casefold()}.txt", words)
    for path, text in files.items():
        write_file(target / path, text)
    shown = target.as_posix()
    return Started(name, shown, shlex.quote(shown), tuple(sorted(files)))


def _filled(template: str, words: dict[str, str]) -> str:
    text = (resources.files(__package__) / "template" / template).read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: words[found[1]], text)


def _check(name: str, taken: Collection[str]) -> None:
    """Raise UsageError for a name that cannot be a distribution's, a module's and a scheme's at once."""
    if name in taken:
        message = f"there is a source or sink `{name}` already, and a name is taken once"
        raise UsageError(Diagnostic("KR692", message, help="choose another name"))
    if _good(name):
        return
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold().removeprefix("kamrules")).strip("-")
    good = _good(plain) and plain not in taken
    if name.startswith("kamrules"):
        message = f"`{name}` cannot be a plug-in's name: its distribution would be called `kamrules-{name}`"
        raise UsageError(
            Diagnostic("KR691", message, help=f"did you mean `{plain}`?" if good else None)
        )
    message = (
        f"`{name}` cannot be a plug-in's name: 2 to {LONGEST_NAME} small letters, digits and single hyphens,"
        " a letter first"
    )
    mend = f"did you mean `{plain}`?" if good else None
    raise UsageError(Diagnostic("KR691", message, help=mend))


def _good(name: str) -> bool:
    return (
        _NAME.fullmatch(name) is not None
        and 2 <= len(name) <= LONGEST_NAME
        and not name.startswith("kamrules")
    )


def _empty(folder: Path) -> None:
    """Raise UsageError when there is something at the path; hidden files, as of git, are nothing."""
    shown = folder.as_posix()
    try:
        if not os.path.lexists(folder):
            return
        if not folder.is_dir():
            message = f"`{shown}` is there already, and is no folder"
            raise UsageError(Diagnostic("KR693", message, help="name another folder behind --out"))
        inside = sorted(each.name for each in folder.iterdir() if not each.name.startswith("."))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(Diagnostic("KR802", f"`{shown}` cannot be written: {reason}")) from error
    if inside:
        message = f"`{shown}` is not empty: it holds `{inside[0]}`"
        mend = "name a folder that does not exist yet behind --out"
        raise UsageError(Diagnostic("KR693", message, help=mend))
