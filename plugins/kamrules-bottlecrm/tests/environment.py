"""The BottleCRM that the tests ask: made once in `.venv-bottlecrm` of the repository, by `make services`.

    python plugins/kamrules-bottlecrm/tests/environment.py

BottleCRM needs Python 3.12 or later, which kamrules does not; so it has an environment of its own. It needs
redis-server too, which is the machine's. What is there already is not made again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / ".venv-bottlecrm"
STAMP = FOLDER / "ready"
# `packaging` is imported by BottleCRM 1.35.0 and lacks among what it asks for
WANTED = ("django-crm==1.35.0", "packaging>=24")
OLDEST, NEWEST = (3, 12), (3, 13)


def ready() -> bool:
    """Whether the environment is there, with what is wanted in it."""
    try:
        return STAMP.read_text(encoding="utf-8") == _stamp()
    except OSError:
        return False


def _stamp() -> str:
    return "\n".join(WANTED) + "\n"


def _python() -> str | None:
    """Return a Python that BottleCRM runs on: this one, one on the path, or one of pyenv's."""
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    named = [f"python{major}.{minor}" for major, minor in (NEWEST, OLDEST)]
    kept = sorted(map(str, versions.glob("3.1[23].*/bin/python")), reverse=True)
    for each in (sys.executable, *named, *kept, "python3"):
        found = shutil.which(each)
        if found is not None and _suits(found):
            return found
    return None


def _suits(python: str) -> bool:
    asked = f"import sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    return subprocess.run([python, "-c", asked], check=False, capture_output=True).returncode == 0


def main() -> None:
    """Make the environment where it is not there."""
    if ready():
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    suiting = _python()
    if suiting is None:
        sys.stderr.write(
            "BottleCRM needs Python 3.12 or 3.13, and none was found on the path or under pyenv; its tests"
            " are skipped\n"
        )
        return
    python = str(FOLDER / "bin/python")
    subprocess.run([suiting, "-m", "venv", str(FOLDER)], check=True)
    quietly = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*quietly, *WANTED], check=True)
    STAMP.write_text(_stamp(), encoding="utf-8")
    if shutil.which("redis-server") is None:
        sys.stderr.write(
            "the tests of kamrules-bottlecrm need redis-server too: apt install redis-server\n"
        )


if __name__ == "__main__":
    main()
