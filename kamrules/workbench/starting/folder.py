"""Starting a folder: what it is called, what it extends, and a text that is tried before it is written."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tomli

from kamrules.compiler import compile_with_warnings
from kamrules.diagnostics import DataError, Diagnostic, RulesetError, Severity, UsageError
from kamrules.document import load_ruleset, names, shipped_folder
from kamrules.output import write_file
from kamrules.workbench.schema import associate
from kamrules.workbench.starting.example import example_for
from kamrules.workbench.starting.text import text_for
from kamrules.workbench.testing import run_tests

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.expression.plugged import Functions

FILE = "ruleset.toml"
OTHERWISE = "own"
"""What a ruleset is called in a folder whose name is none."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Started:
    """A new ruleset: its folder and file as shown to the user, its name, what it extends, its tests.

    `pasteable` is the folder as one pastes it into a shell.
    `for_editors` are the files beside it from which editors know its ids; `warnings` tell of those that
    were there already.
    """

    folder: str
    pasteable: str
    file: str
    name: str
    extends: str
    tests: int
    for_editors: tuple[str, ...]
    warnings: tuple[Diagnostic, ...] = ()


def start(
    folder: Path,
    *,
    extends: str,
    name: str | None = None,
    folders: Sequence[Path] = (),
    functions: Functions | None = None,
) -> Started:
    """Write a ruleset into a new or empty folder: it extends another, and has an example of its own.

    `extends` is a name, looked up in `folders` (by default where the shipped rulesets are), or a path;
    `functions` are those of plug-ins that its expressions may call.
    Raises UsageError when the folder is not empty, the name is none, or there is no ruleset to extend,
    RulesetError when that one does not compile, DataError when the file cannot be written.
    """
    _empty(folder)
    called = _called(folder, name)
    wanted = _extended(extends, folder)
    base = load_ruleset(extends, folders=folders, functions=functions)
    program, problems = compile_with_warnings(base)
    if program is None:
        raise RulesetError(*problems)
    words = {
        "name": called,
        "base": base.model.ruleset.name,
        "extends": wanted,
        "shown": _pasteable(folder),
        "extends_shown": _pasteable(Path(extends)),
    }
    text, tests = text_for(example_for(base.model), **words), 2
    if not _works(text, folder, folders, functions):
        text, tests = text_for(None, **words), 0
    write_file(folder / FILE, text)
    extendable = names(folders or (shipped_folder(),))
    done = associate(folder, load_ruleset(folder, folders=folders), extendable)
    return Started(
        folder=folder.as_posix(),
        pasteable=words["shown"],
        file=(folder / FILE).as_posix(),
        name=called,
        extends=wanted,
        tests=tests,
        for_editors=tuple(each.as_posix() for each in done.files),
        warnings=(*_joined(folder), *done.warnings),
    )


def _empty(folder: Path) -> None:
    """Raise UsageError when there is something at the path; hidden files, as of git, are nothing."""
    shown = folder.as_posix()
    try:
        file = next((each for each in (folder, *folder.parents) if each.is_file()), None)
        if file is not None:
            message = f"`{file.as_posix()}` is a file"
            raise UsageError(Diagnostic("KR836", message, help="name a new folder"))
        if not folder.exists():
            return
        inside = sorted(each.name for each in folder.iterdir() if not each.name.startswith("."))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(Diagnostic("KR836", f"`{shown}` cannot be read: {reason}")) from error
    if inside:
        some = ", ".join(f"`{each}`" for each in inside[:3])
        more = f" and {len(inside) - 3} more" if len(inside) > 3 else ""
        message = f"`{shown}` is not empty: it holds {some}{more}"
        raise UsageError(Diagnostic("KR836", message, help="name a folder that does not exist yet"))


def _joined(folder: Path) -> Iterator[Diagnostic]:
    """Yield a warning when a folder above holds a ruleset too, which reads every file below it."""
    for around in folder.resolve().parents:
        for file in sorted(around.glob("*.toml")):
            if _begins_ruleset(file):
                above = Path(os.path.relpath(around)).as_posix()
                message = (
                    f"`{folder.as_posix()}` lies in `{above}`, where `{file.name}` is of a ruleset: read as "
                    "a folder, that one takes these files for its own"
                )
                yield Diagnostic("KR836", message, Severity.WARNING, help="move one of the two")
                return


def _begins_ruleset(file: Path) -> bool:
    """Whether a file has the header of a ruleset."""
    try:
        return isinstance(tomli.loads(file.read_text(encoding="utf-8")).get("ruleset"), dict)
    except (OSError, ValueError):
        return False


def _called(folder: Path, name: str | None) -> str:
    """Return the name of the ruleset: the one given, or that of the folder as far as it can be one."""
    if name is None:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "_", folder.resolve().name).lstrip("._-")
        return plain[:LONGEST_NAME].rstrip("_") or OTHERWISE
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        message = f"a ruleset cannot be called `{name}`"
        mend = f"a name has letters, digits, `.`, `_` and `-`, at most {LONGEST_NAME} of them"
        raise UsageError(Diagnostic("KR837", message, help=mend))
    return name


def _extended(extends: str, folder: Path) -> str:
    """Return what `extends` says of a ruleset in the folder: a name as it is, a path seen from there."""
    path = Path(extends)
    if not extends.strip():
        raise UsageError(Diagnostic("KR100", "the name of the ruleset to extend is empty"))
    if not path.exists():
        return extends
    if path.is_dir() and folder.resolve().is_relative_to(path.resolve()):
        message = f"`{folder.as_posix()}` lies inside `{extends}`, which it would extend"
        raise UsageError(Diagnostic("KR836", message, help="name a folder outside of it"))
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _pasteable(path: Path) -> str:
    """Return a path as one pastes it into a shell; a stand-in for one that no line can show."""
    shown = path.as_posix()
    return shlex.quote(shown) if shown.isprintable() else "DIR"


def _works(text: str, folder: Path, folders: Sequence[Path], functions: Functions | None) -> bool:
    """Whether a text compiles and passes its tests, tried beside the folder that it is for."""
    beside = folder.resolve().parent
    try:
        beside.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".kamrules-", dir=beside) as scratch:
            path = Path(scratch) / FILE
            path.write_text(text, encoding="utf-8", newline="\n")
            report = run_tests(load_ruleset(scratch, folders=folders, functions=functions))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"`{folder.as_posix()}` cannot be written: {reason}"
        raise DataError(Diagnostic("KR802", message)) from error
    except (RulesetError, UsageError):
        return False
    return report.passed
