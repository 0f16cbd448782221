"""Loading what commands work on: plug-ins, a ruleset's program, and earlier decisions, with warnings told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.cli.terminal import say
from kamrules.diagnostics import Diagnostic, RulesetError, UsageError, nearest, render

if TYPE_CHECKING:
    import datetime
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

    folders = (shipped_folder(), *(known or plugins()).ruleset_folders)
    return load_ruleset(name_or_path, folders=folders, set=settings or {})


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


def language_of(program: Program, wanted: str | None) -> str:
    """Return the language wanted, by default the ruleset's first. Raises UsageError for another."""
    if wanted is None:
        return program.languages[0] if program.languages else "en"
    if wanted not in program.languages:
        near = nearest(wanted, program.languages)
        message = (
            f"ruleset `{program.name}` has no texts in `{wanted}`, "
            f"only in {', '.join(f'`{each}`' for each in program.languages)}"
        )
        raise UsageError(
            Diagnostic("KR804", message, help=f"did you mean `{near}`?" if near else None)
        )
    return wanted


def date_of(given: datetime.date | None, book: datetime.date | None = None) -> datetime.date:
    """Return the date given, else the book's. Raises UsageError when there is neither."""
    found = given or book
    if found is None:
        message = "no date to decide on: neither the command nor the book says one"
        raise UsageError(Diagnostic("KR800", message, help="give one, such as --as-of 2026-06-30"))
    return found
