"""Writing the handbook: its pages in every language as files, and whether those are up to date."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from kamrules.diagnostics import DataError, Diagnostic, UsageError
from kamrules.output import write_file
from kamrules.workbench.handbook import html, markdown
from kamrules.workbench.handbook.actions import actions
from kamrules.workbench.handbook.placement import classes, index, strategies, tiers
from kamrules.workbench.handbook.reference import (
    clauses,
    facts,
    functions,
    parameters,
    vocabulary,
)
from kamrules.workbench.handbook.scores import scores
from kamrules.workbench.handbook.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kamrules.compiler import Program
    from kamrules.workbench.handbook.page import Page

FORMS = {"markdown": markdown, "html": html}
MANIFEST = "handbook.json"
PAGES = (classes, tiers, strategies, scores, actions, facts, vocabulary, parameters, clauses)


def handbook(
    program: Program, languages: Sequence[str], forms: Sequence[str] = tuple(FORMS)
) -> dict[str, str]:
    """Return the files of the handbook: their texts by path, a folder a language when there are several."""
    found = {}
    for language in languages:
        pages = _pages(Telling(program, language))
        folder = f"{language}/" if len(languages) > 1 else ""
        for form in forms:
            for page in pages:
                text = FORMS[form].rendered(page, pages, language)
                found[f"{folder}{page.name}{FORMS[form].ENDING}"] = text
    return found


def _pages(telling: Telling) -> list[Page]:
    program = telling.program
    pages = [each(telling) for each in PAGES]
    if program.functions:
        pages.insert(-1, functions(telling))
    counts = {
        "classes": ("{count} classes", len(program.classes)),
        "tiers": ("{count} tiers", len(program.tiers)),
        "strategies": (
            "{count} strategies and phases",
            len(program.strategies) + len(program.phases),
        ),
        "scores": ("{count} scores", len(program.scores)),
        "actions": ("{count} actions", len(program.actions)),
        "facts": ("{count} facts", len(program.facts)),
        "vocabulary": ("{count} tables", len(program.tables)),
        "parameters": ("{count} parameters", len(program.parameters)),
        "functions": ("{count} functions of plug-ins", len(program.functions)),
        "clauses": ("{count} clauses", len(program.sources)),
    }
    listed = [
        (each.name, each.title, telling.say(counts[each.name][0], count=counts[each.name][1]))
        for each in pages
    ]
    return [index(telling, listed), *pages]


def write_handbook(files: dict[str, str], out: Path) -> list[str]:
    """Write the files into a folder; pages that an earlier handbook left there and this one lacks go.

    Other files in the folder stay. Returns the paths written. Raises UsageError when the folder is a
    file, DataError when a file cannot be written.
    """
    if out.exists() and not out.is_dir():
        message = f"`{os.fspath(out)}` is a file"
        raise UsageError(Diagnostic("KR801", message, help="name a folder for `--out`"))
    stale = sorted(set(_written(out)) - set(files))
    for path, text in files.items():
        write_file(out / path, text)
    write_file(out / MANIFEST, json.dumps(sorted(files), indent=1) + "\n")
    for path in stale:
        try:
            (out / path).unlink(missing_ok=True)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            message = f"`{os.fspath(out / path)}` cannot be removed: {reason}"
            raise DataError(Diagnostic("KR802", message)) from error
    return sorted(files)


def out_of_date(files: dict[str, str], out: Path) -> list[str]:
    """Return the paths below a folder that are missing, differ, or belong to an earlier handbook."""
    found = []
    for path, text in files.items():
        try:
            same = (out / path).read_text(encoding="utf-8") == text
        except (OSError, UnicodeDecodeError):
            same = False
        if not same:
            found.append(path)
    return sorted({*found, *(set(_written(out)) - set(files))})


def _written(out: Path) -> list[str]:
    """Return the paths that an earlier handbook wrote, none that leads out of the folder."""
    try:
        listed = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    paths = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    return [each for each in paths if ".." not in each.split("/") and not each.startswith("/")]
