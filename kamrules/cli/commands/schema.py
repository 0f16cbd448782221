"""`kamrules schema`: the JSON Schema of what authors write and of what comes out."""

from __future__ import annotations

import json
from typing import Any

import click

from kamrules.cli.terminal import put


def _ruleset() -> dict[str, Any]:
    from kamrules.document import json_schema  # noqa: PLC0415  `--help` does without it

    return json_schema()


def _book() -> dict[str, Any]:
    from kamrules.book.mapping import BookModel  # noqa: PLC0415
    from kamrules.document import json_schema  # noqa: PLC0415

    return json_schema(BookModel)


def _decision() -> dict[str, Any]:
    from kamrules.decision import Decision  # noqa: PLC0415

    return Decision.model_json_schema(by_alias=True)


SCHEMAS = {"ruleset": _ruleset, "book": _book, "decision": _decision}


@click.command(
    short_help="Print a JSON Schema, for editors and programs.",
    epilog="Example: kamrules schema ruleset > ruleset.schema.json",
)
@click.argument("what", type=click.Choice(list(SCHEMAS)))
def command(what: str) -> None:
    """Print the JSON Schema of a ruleset's files, of a book file, or of a decision on stdout."""
    put(json.dumps(SCHEMAS[what](), ensure_ascii=False, indent=2))
