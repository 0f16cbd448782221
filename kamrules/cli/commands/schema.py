"""`kamrules schema`: the JSON Schema of what authors write and of what comes out, for editors too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from kamrules.cli import loading, options
from kamrules.cli.terminal import put, say

if TYPE_CHECKING:
    from kamrules.document import Ruleset
    from kamrules.workbench.schema import Associated

KINDS = ("ruleset", "book", "decision")


@click.command(
    short_help="Print a JSON Schema, or write it for editors.",
    epilog="Example: kamrules schema ruleset kam > ruleset.schema.json",
)
@click.argument("what", type=click.Choice(KINDS), metavar="ruleset|book|decision")
@click.argument("ruleset", required=False)
@click.option("--write", is_flag=True,
              help="Write the schemas of RULESET's files and of its books beside it, and what tombi and"
              " taplo read, so that editors complete and explain.")  # fmt: skip
@options.as_json
def command(what: str, ruleset: str | None, *, write: bool, as_json: bool) -> None:
    """Print the JSON Schema of a ruleset's files, of a book file, or of a decision on stdout.

    With RULESET its own ids, facts and columns, inherited ones too, are the choices. With --write run it
    again after adding ids. Exit status: 0 done; 2 wrong usage; 3 the ruleset cannot be read; 4 a file
    cannot be written.
    """
    if what == "decision" and (ruleset is not None or write):
        raise click.UsageError("a decision's schema is the same for every ruleset, and is printed")
    if write:
        _write(ruleset, as_json=as_json)
    else:
        put(json.dumps(_schema(what, ruleset), ensure_ascii=False, indent=2))


def _schema(what: str, name_or_path: str | None) -> dict[str, Any]:
    if what == "decision":
        from kamrules.decision import Decision  # noqa: PLC0415  `--help` does without it

        return Decision.model_json_schema(by_alias=True)
    from kamrules.workbench.schema import book_schema, ruleset_schema  # noqa: PLC0415

    ruleset, names = _found(name_or_path)
    return book_schema(ruleset) if what == "book" else ruleset_schema(ruleset, names)


def _found(name_or_path: str | None) -> tuple[Ruleset | None, list[str]]:
    """Return the ruleset, if one is asked for, and the names by which one can extend others."""
    from kamrules.document import names, shipped_folder  # noqa: PLC0415

    known = loading.plugins()
    found = None if name_or_path is None else loading.ruleset(name_or_path, known=known)
    return found, names((shipped_folder(), *known.ruleset_folders))


def _write(name_or_path: str | None, *, as_json: bool) -> None:
    from pathlib import Path  # noqa: PLC0415

    from kamrules.diagnostics import Diagnostic, UsageError  # noqa: PLC0415
    from kamrules.workbench.schema import associate  # noqa: PLC0415

    ruleset, names = _found(name_or_path)
    if name_or_path is None or ruleset is None:
        raise click.UsageError("--write needs RULESET, the path of the ruleset to write beside")
    place = Path(name_or_path)
    if not place.exists():
        message = f"`{place}` came with kamrules or a plug-in; schemas are written beside your own"
        raise UsageError(Diagnostic("KR882", message, help="leave out --write to print the schema"))
    done = associate(place, ruleset, names)
    loading.tell(done.warnings)
    if as_json:
        put(_json(done))
        return
    for each in done.files:
        say(f"written: {each.as_posix()}")
    if not done.files:
        say(f"{place.as_posix()}: nothing to change")
    book = (place if place.is_dir() else place.parent) / done.book
    say(f"first line of a book file: #:schema {book.as_posix()} (as seen from that file)")


def _json(done: Associated) -> str:
    data = {
        "ruleset": done.ruleset,
        "book": done.book,
        "files": [each.as_posix() for each in done.files],
        "warnings": [each.as_json() for each in done.warnings],
    }
    return json.dumps(data, ensure_ascii=False, indent=2)
