"""Whether the output of a run is whole: its files as they were written, a state file that belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.diagnostics import DataError, Diagnostic, UsageError
from kamrules.manifest import flaws, report_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AGAIN = "run again; the folder is then replaced as a whole"
Told = tuple[str, str, bool, str, str]
"""A part, its state, whether that is good, what is told of it, and how to mend it."""


def output_findings(out: Path | None, state: Path | None) -> list[Told]:
    """Return what is to be told of an output folder and of a state file. Raises UsageError, DataError."""
    if out is None:
        mend = "as in kamrules doctor results --state state.db"
        message = "`--state` is looked at together with the output folder it belongs to"
        raise UsageError(Diagnostic("KR675", message, help=mend))
    if not out.is_dir():
        raise UsageError(Diagnostic("KR675", f"there is no output folder `{out}`"))
    try:
        found = list(_files(out))
        return found if state is None else [*found, _state(out, state)]
    except OSError as error:
        message = f"output folder `{out}` cannot be read: {(error.strerror or str(error)).lower()}"
        raise DataError(Diagnostic("KR676", message)) from error


def _files(out: Path) -> Iterator[Told]:
    wrong = list(flaws(out))
    for each in wrong:
        yield (each.file, "wrong", False, each.message, AGAIN)
    if not wrong:
        manifest = (report_in(out) or {})["manifest"].values()
        size = sum(each["bytes"] for each in manifest)
        told = f"{len(manifest)} files, {size:,} bytes, as the run wrote them"
        yield (str(out), "whole", True, told, "")


def _state(out: Path, state: Path) -> Told:
    from kamrules.memory import Memory  # noqa: PLC0415  only now

    if not state.exists():
        raise UsageError(Diagnostic("KR808", f"there is no state file `{state}`"))
    with Memory.open(state) as memory:
        known = memory.output()
    run = (report_in(out) or {}).get("run")
    if known is None:
        told = "does not say which output it belongs to: an earlier kamrules wrote it"
        return (str(state), "unknown", False, told, "run again with this state file")
    if run is not None and known[0] == run:
        return (str(state), "agrees", True, "belongs to the run that wrote the output", "")
    told = f"belongs to another run than the output; the last one with it wrote `{known[1]}`"
    mend = "look at that folder, or run again with this state file"
    return (str(state), "differs", False, told, mend)
