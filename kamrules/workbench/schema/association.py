"""The association: files beside a ruleset that tell editors which schema its TOML files have."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import tomli

from kamrules.diagnostics import DataError, Diagnostic, Severity, UsageError
from kamrules.output import write_file
from kamrules.workbench.schema.books import book_schema
from kamrules.workbench.schema.rulesets import ruleset_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kamrules.document import Ruleset

FOLDER = ".kamrules"
"""Hidden, as the editors' files are: what begins with a point is no part of a ruleset."""
RULESET_SCHEMA = f"{FOLDER}/ruleset.schema.json"
"""Where the schema of a folder's files is, as the first line of a file in that folder names it."""
MARK = "written by kamrules schema --write"

TOMBI = """\
# {mark}: what tombi tells editors of the rules here

[lint.rules]
dotted-keys-out-of-order = "off"
tables-out-of-order = "off"

# kamrules fmt lays files out: the order of rules means something
[lsp]
formatting.enabled = false
"""
TOMBI_ENTRY = """
[[schemas]]
path = "{schema}"
include = ["{files}"]
exclude = ["**/.*.toml"]
"""
TAPLO = """\
# {mark}: what taplo tells editors of the rules here
"""
TAPLO_ENTRY = """
[[rule]]
include = ["{files}"]
exclude = ["**/.*.toml"]
schema = {{ path = "{schema}", enabled = true }}
"""
CONFIGURATIONS = {
    ".tombi.toml": (TOMBI, TOMBI_ENTRY),
    ".taplo.toml": (TAPLO, TAPLO_ENTRY),
}


@dataclass(frozen=True, slots=True)
class Associated:
    """The files that were written, and warnings about those that are left to the user.

    `ruleset` and `book` are the two schemas, as files of a ruleset in its folder name them behind `#:schema`.
    """

    ruleset: str
    book: str
    files: tuple[Path, ...]
    warnings: tuple[Diagnostic, ...] = field(default=())


def associate(place: Path, ruleset: Ruleset, extendable: Iterable[str] = ()) -> Associated:
    """Write the schemas of a ruleset, and what tells editors of them, beside its files.

    `place` is the ruleset's folder, or its one file. Paths in what is written are relative, so the folder
    can move. Nothing is overwritten that this did not write: a configuration of somebody else gets a
    warning (KR880) with what to add. Raises UsageError when a schema's name is taken (KR881), DataError
    when a file cannot be written.
    """
    folder = place if place.is_dir() else place.parent
    stem = "" if place.is_dir() else f"{place.stem}."
    paths = [f"{FOLDER}/{stem}{what}.schema.json" for what in ("ruleset", "book")]
    schemas = (ruleset_schema(ruleset, extendable), book_schema(ruleset))
    texts = {folder / name: _text(each) for name, each in zip(paths, schemas, strict=True)}
    warnings = []
    files = "**/*.toml" if place.is_dir() else place.name
    for name in CONFIGURATIONS:
        text = _configured(folder / name, paths[0], files)
        if isinstance(text, Diagnostic):
            warnings.append(text)
        else:
            texts[folder / name] = text
    for path in list(texts)[:2]:
        _ours(path)
    written = [path for path, text in texts.items() if _read(path) != text]
    for path in written:
        write_file(path, texts[path])
    return Associated(paths[0], paths[1], tuple(written), tuple(warnings))


def _text(schema: dict[str, Any]) -> str:
    marked = {"$schema": schema["$schema"], "$comment": MARK, **schema}
    return json.dumps(marked, ensure_ascii=False, indent=1) + "\n"


def _ours(path: Path) -> None:
    """Raise UsageError when there is a file at the path that is no schema of ours."""
    text = _read(path)
    if text is not None and MARK not in text[:300]:
        message = f"`{path.as_posix()}` was not written by kamrules"
        raise UsageError(Diagnostic("KR881", message, help="move it, then write again"))


def _configured(path: Path, schema: str, files: str) -> str | Diagnostic:
    """Return a configuration that has the association, or a warning when it is not ours to write."""
    head, entry = (
        each.format(mark=MARK, schema=schema, files=files) for each in CONFIGURATIONS[path.name]
    )
    text = _read(path)
    if text is None:
        return head + entry
    if schema in _named(text):
        return text
    if text.startswith(f"# {MARK}"):
        return text.rstrip("\n") + "\n" + entry
    message = f"`{path.as_posix()}` is your own and does not name the schema `{schema}`"
    mend = f"add to it:\n{entry.strip()}"
    return Diagnostic("KR880", message, Severity.WARNING, help=mend)


def _named(text: str) -> set[str]:
    """Return the paths of the schemas that a configuration names."""
    try:
        return set(_paths(tomli.loads(text)))
    except tomli.TOMLDecodeError:
        return set()


def _paths(value: Any) -> Iterator[str]:  # noqa: ANN401  whatever TOML holds
    if isinstance(value, dict):
        if isinstance(value.get("path"), str):
            yield value["path"].removeprefix("./")
        for each in value.values():
            yield from _paths(each)
    elif isinstance(value, list):
        for each in value:
            yield from _paths(each)


def _read(path: Path) -> str | None:
    """Return the text of a file, None when there is none. Raises DataError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return ""
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"`{path.as_posix()}` cannot be read: {reason}"
        raise DataError(Diagnostic("KR802", message)) from error
