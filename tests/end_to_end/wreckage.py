"""What a killed run may leave: the old output or the new, a state that agrees; the next run clears up."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.manifest import flaws
from kamrules.memory import Memory

if TYPE_CHECKING:
    from pathlib import Path

OUT, STATE, SINK = "results", "state.db", "sink.db"


@dataclass(frozen=True)
class Kept:
    """What a run has left: the run of its output, and all that the state and the sink hold."""

    run: str | None
    state: tuple[str, ...]
    sink: tuple[str, ...]


def kept(folder: Path) -> Kept:
    """Return what is in a folder, the state as kamrules opens it; output has to be whole or not there."""
    out, state = folder / OUT, folder / STATE
    run = None
    if out.exists():
        wrong = [f"{each.file} {each.message}" for each in flaws(out)]
        assert not wrong, wrong
        run = json.loads((out / "run.json").read_text(encoding="utf-8"))["run"]
    if state.exists():
        with Memory.open(state) as memory:
            belongs = memory.output()
        if belongs is not None:
            assert belongs[0] == run, "the state belongs to another output"
    return Kept(run, dump(state), dump(folder / SINK))


def dump(path: Path) -> tuple[str, ...]:
    """Return all that a SQLite file holds."""
    if not path.exists():
        return ()
    with closing(sqlite3.connect(path)) as database:
        return tuple(sorted(database.iterdump()))


def left_over(folder: Path) -> list[str]:
    """Return the names of what no run leaves that was not killed."""
    marks = (".kamrules-", "-journal", "-wal")
    return sorted(
        each.name for each in folder.iterdir() if any(mark in each.name for mark in marks)
    )
