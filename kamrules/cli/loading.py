"""Loading what commands work on: plug-ins, a ruleset's program, and earlier decisions, with warnings told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.cli.terminal import say
from kamrules.diagnostics import Diagnostic, RulesetError, render

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kamrules.compiler import Program
    from kamrules.document import Ruleset
    from kamrules.plugins import Plugins


def plugins() -> Plugins:
    """Return the plug-ins, after telling why some are switched off."""
    from kamrules.plugins import Plugins  # noqa: PLC0415  `--help` does without it

    found = Plugins.load()
    tell(found.warnings)
    return found


def tell(warnings: Iterable[Diagnostic]) -> None:
    """Tell warnings on stderr."""
    warnings = tuple(warnings)
    if warnings:
        say(render(warnings))


def ruleset(
    name_or_path: str, settings: Mapping[str, str] | None = None, known: Plugins | None = None
) -> Ruleset:
    """Return a ruleset by name (shipped, or of a plug-in) or by path. Raises as load_ruleset does."""
    from kamrules.document import load_ruleset, shipped_folder  # noqa: PLC0415

    known = known or plugins()
    folders = (shipped_folder(), *known.ruleset_folders)
    return load_ruleset(
        name_or_path, folders=folders, set=settings or {}, functions=known.functions
    )


def program(
    name_or_path: str, settings: Mapping[str, str] | None = None, known: Plugins | None = None
) -> Program:
    """Return the compiled ruleset, after telling its warnings. Raises RulesetError."""
    from kamrules.compiler import compile_with_warnings  # noqa: PLC0415

    found, diagnostics = compile_with_warnings(ruleset(name_or_path, settings, known))
    if found is None:
        raise RulesetError(*diagnostics)
    tell(diagnostics)
    return found
