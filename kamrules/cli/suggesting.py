"""Proposing a book file on the command line: where it goes, and what is told beside it."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from kamrules.cli import loading
from kamrules.cli.progress import shown
from kamrules.cli.terminal import put, say
from kamrules.diagnostics import Diagnostic, UsageError
from kamrules.output import write_file
from kamrules.workbench.mapping import SURE, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.workbench.mapping import Told


def propose(  # noqa: PLR0913  the command line's options
    source: str,
    out: Path | None,
    percent: int | None,
    ruleset: str,
    settings: Mapping[str, str],
    *,
    as_json: bool,
) -> int:
    """Write a proposed book file to a new file or to stdout, and return the exit status.

    Raises UsageError when the file is there already, and as kamrules.workbench.mapping.suggest does.
    """
    if out is not None and os.path.lexists(out):
        message = f"`{out}` is there already, and a proposal overwrites nothing"
        raise UsageError(Diagnostic("KR690", message, help="name another file behind --out"))
    known = loading.plugins()
    program = loading.program(ruleset, settings, known)
    sure = SURE if percent is None else percent / 100
    base = out.parent if out is not None else Path()
    with shown(quiet=as_json) as progress:
        told = suggest(source, program.tables, known, sure=sure, base=base, progress=progress)
    loading.tell(told.warnings)
    if out is not None:
        write_file(out, told.text)
    if as_json:
        put(json.dumps(told.as_json(), ensure_ascii=False, indent=2))
    elif out is None:
        put(told.text.removesuffix("\n"))
    if not as_json:
        say(_summary(told, sure, out))
    return 0 if told.has_accounts else 1


def _summary(told: Told, sure: float, out: Path | None) -> str:
    """Return one line for people about how much was found, and what to do next."""
    live = unsure = 0
    for each in told.suggestion.tables:
        good = sum(each.sure >= sure and pair.sure >= sure for pair in each.pairs)
        live, unsure = live + good, unsure + len(each.pairs) - good
    tables = len(told.suggestion.tables)
    where = f"{out}: " if out is not None else ""
    text = (
        f"{where}{_counted(tables, 'table')}; {_counted(live, 'column')} sure,"
        f" {unsure} behind a # for you to decide"
    )
    if out is None or told.adds:
        return text
    return f"{text}\nnext: kamrules inspect {shlex.quote(str(out))}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
