"""Running kamrules' commands: in this process, which is fast, or as the installed command."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from kamrules.cli.entry import kamrules

COMMAND = Path(sys.executable).parent / "kamrules"


@dataclass(frozen=True)
class Told:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


def run(*words: str | Path, stdin: str | bytes | None = None, **environ: str) -> Told:
    """Run a command in this process, with output to no terminal."""
    clean = {"NO_COLOR": "1", "COLUMNS": "100", "KAMRULES_LOAD_PLUGINS": "", **environ}
    result = CliRunner().invoke(kamrules, [str(each) for each in words], input=stdin, env=clean)
    return Told(result.exit_code, result.stdout, result.stderr)


def environment(**more: str) -> dict[str, str]:
    """Return the environment in which the installed command is started."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KAMRULES_")}
    return {**kept, "KAMRULES_LOAD_PLUGINS": "", "COLUMNS": "100", **more}


def start(*words: str | Path, cwd: Path, stdin: str = "", **environ: str) -> Told:
    """Start the installed command and wait for it."""
    done = subprocess.run(
        [str(COMMAND), *(str(each) for each in words)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        env=environment(**environ),
        check=False,
    )
    return Told(done.returncode, done.stdout, done.stderr)
