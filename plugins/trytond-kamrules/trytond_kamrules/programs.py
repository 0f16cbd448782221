"""Rulesets as this module uses them: found by name, with the parameters of the database, compiled once."""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kamrules import (
    Diagnostic,
    KamrulesError,
    Program,
    RulesetError,
    UsageError,
    compile_ruleset,
    load_ruleset,
)
from kamrules.document import shipped_folder
from kamrules.plugins import Plugins
from trytond import config

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 16
"""So many programs are kept compiled: one a ruleset and set of parameters in use."""

_compiled: dict[tuple[object, ...], Program] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A program, and by parameter what is wrong with those values that were left out of it."""

    program: Program
    refused: Mapping[str, str]


def folders() -> tuple[Path, ...]:
    """Return where rulesets are looked up by name.

    First in the folder that `rulesets` in section `[kamrules]` of trytond.conf names, then among those that
    come with kamrules, then in those of its plug-ins.
    """
    own = config.get("kamrules", "rulesets", default="") or ""
    named = tuple(Path(each.strip()) for each in own.split(",") if each.strip())
    return (*named, shipped_folder(), *Plugins.load().ruleset_folders)


def program_of(name: str, settings: Mapping[str, str] | None = None) -> Program:
    """Return a ruleset compiled with parameters set.

    Raises UsageError or RulesetError with everything that is wrong with it.
    """
    places = folders()
    key = (name, tuple(sorted((settings or {}).items())), places, _stamp(places))
    with _lock:
        found = _compiled.get(key)
    if found is None:
        ruleset = load_ruleset(_named(name, places), folders=places, set=settings or {})
        found = compile_ruleset(ruleset)
        with _lock:
            while len(_compiled) >= MOST:
                _compiled.pop(next(iter(_compiled)))
            _compiled[key] = found
    return found


def _stamp(places: tuple[Path, ...]) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a file of a ruleset does: a ruleset may extend any other."""
    found = []
    for place in places:
        for folder, _, names in os.walk(place):
            for each in names:
                if each.endswith(".toml"):
                    path = os.path.join(folder, each)  # noqa: PTH118  a Path takes longer than the rest
                    with contextlib.suppress(OSError):
                        state = os.stat(path)  # noqa: PTH116
                        found.append((path, state.st_mtime_ns, state.st_size))
    return tuple(sorted(found))


def usable(name: str, settings: Mapping[str, str]) -> Loaded:
    """Return a ruleset with those parameters that fit it, and what is wrong with the others.

    A value may have been fine when it was typed, and not be after the ruleset changed. Raises UsageError
    or RulesetError only for what is wrong with the ruleset itself.
    """
    try:
        return Loaded(program_of(name, settings), {})
    except (UsageError, RulesetError):
        program = program_of(name)
    refused: dict[str, str] = {}
    fitting: dict[str, str] = {}
    for parameter, text in settings.items():
        try:
            program = program_of(name, {**fitting, parameter: text})
        except (UsageError, RulesetError) as error:
            refused[parameter] = told(error)
        else:
            fitting[parameter] = text
    return Loaded(program, refused)


def told(error: KamrulesError) -> str:
    """Return what kamrules says of an error, for a person before a form: no excerpt of a file."""
    lines = []
    for each in error.diagnostics:
        mend = f" ({each.help})" if each.help else ""
        lines.append(f"{each.code}: {each.message}{mend}")
    return "\n".join(lines)


def _named(name: str, places: tuple[Path, ...]) -> str:
    """Return a ruleset's name. Raises UsageError for a path.

    Who may configure Tryton in the browser is not who may read the server's files.
    """
    if not name or "/" in name or "\\" in name or name.startswith("."):
        message = f"`{name}` is no name of a ruleset"
        mend = "name one; folders for your own are set in trytond.conf, section kamrules"
        raise UsageError(Diagnostic("KR100", message, help=mend))
    # a folder of the same name where the server was started is not meant
    for folder in places:
        for found in (folder / name, folder / f"{name}.toml"):
            if found.exists():
                return str(found)
    return name
