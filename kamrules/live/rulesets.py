"""The rulesets of a live book: the one in use, and those that decided before, kept with their files."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.compiler import compile_with_warnings
from kamrules.diagnostics import DataError, Diagnostic, RulesetError
from kamrules.document import Ruleset, load_ruleset
from kamrules.document.loading import reload_ruleset

if TYPE_CHECKING:
    from pathlib import Path

    from kamrules.compiler.program import Program
    from kamrules.expression.plugged import Functions
    from kamrules.live.store import Store

_PROGRAMS = 8
"""So many programs are held compiled."""


@dataclass(frozen=True, slots=True)
class Current:
    """A ruleset that is in use: as written, compiled, and what compiling it warned of."""

    ruleset: Ruleset
    program: Program
    warnings: tuple[Diagnostic, ...]

    @property
    def named(self) -> tuple[str, str, str]:
        """Its name, version and digest."""
        return self.program.name, self.program.version, self.program.digest

    def kept(self) -> tuple[str, str, str, str]:
        """Return what a store keeps: digest, name, version, and the files as text."""
        name, version, digest = self.named
        files = {"layers": self.ruleset.layers, "settings": dict(self.ruleset.settings)}
        return digest, name, version, json.dumps(files, separators=(",", ":"))


def compiled(ruleset: str | Path | Ruleset) -> Current:
    """Return a ruleset, by name or path or loaded, checked and compiled. Raises as load_ruleset does."""
    found = ruleset if isinstance(ruleset, Ruleset) else load_ruleset(ruleset)
    program, diagnostics = compile_with_warnings(found)
    if program is None:
        raise RulesetError(*diagnostics)
    return Current(found, program, tuple(diagnostics))


class Programs:
    """Programs by digest: of the ruleset in use, and of earlier ones as the store keeps them.

    `functions` are those of plug-ins that rulesets may call; a store keeps the calls, not the functions.
    """

    def __init__(self, store: Store, functions: Functions | None = None) -> None:
        self._store = store
        self.functions = functions
        self._found: OrderedDict[str, Program] = OrderedDict()
        self._guard = threading.Lock()

    def add(self, program: Program) -> Program:
        """Know a program, and return the one that stands for all of its digest.

        Two that are equal but not the same would be compared from end to end wherever one is looked up.
        """
        with self._guard:
            found = self._found.setdefault(program.digest, program)
            self._found.move_to_end(program.digest)
            while len(self._found) > _PROGRAMS:
                self._found.popitem(last=False)
            return found

    def get(self, digest: str) -> Program:
        """Return a program, compiled again if need be.

        Raises DataError when its ruleset is not kept, or does not compile to the same any more (KR820).
        """
        with self._guard:
            found = self._found.get(digest)
        if found is not None:
            return found
        text = self._store.ruleset_files(digest)
        if text is None:
            message = f"the store does not keep the ruleset `{digest[:12]}`"
            raise DataError(Diagnostic("KR820", message))
        files = json.loads(text)
        layers = tuple(
            tuple((shown, content) for shown, content in layer) for layer in files["layers"]
        )
        ruleset = reload_ruleset(layers, files["settings"], self.functions)
        program = compiled(ruleset).program
        if program.digest != digest:
            called = ", ".join(f"`{each.name}`" for each in program.functions)
            changed = f"its files or functions of plug-ins ({called})" if called else "its files"
            message = f"the ruleset kept as `{digest[:12]}` is another one: {changed} were changed"
            raise DataError(Diagnostic("KR820", message))
        return self.add(program)
