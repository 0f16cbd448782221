"""The installed command with this plug-in in reach, and what BottleCRM itself says, for tests to compare."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import urllib3

PLACE = Path(__file__).parents[1]
COMMAND = Path(sys.executable).with_name("kamrules")
DATE = "2026-11-28"
_POOL = urllib3.PoolManager(retries=False)


def variables(folder: Path, url: str, token: str, **more: str) -> dict[str, str]:
    """Return the environment of a command that finds the plug-in as if it were installed."""
    info = folder / "site/kamrules_bottlecrm-0.1.0.dist-info"
    if not info.exists():
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: kamrules-bottlecrm\nVersion: 0.1.0\n"
        )
        (info / "entry_points.txt").write_text("[kamrules]\nbottlecrm = kamrules_bottlecrm\n")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {
        **kept, "PYTHONPATH": f"{folder / 'site'}{os.pathsep}{PLACE}", "PYTHONUTF8": "1", "COLUMNS": "120",
        "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1", "PYTHONWARNINGS": "error",
        "BOTTLECRM_URL": url, "BOTTLECRM_TOKEN": token, **more,
    }  # fmt: skip


def kamrules(
    folder: Path, environ: dict[str, str], *words: str
) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a folder."""
    return subprocess.run(
        [COMMAND, *words], cwd=folder, env=environ, capture_output=True, encoding="utf-8", check=False,
        stdin=subprocess.DEVNULL, timeout=300,
    )  # fmt: skip


def ask(url: str, token: str, method: str, path: str, body: object = None) -> Any:
    """Ask BottleCRM something past the plug-in, and return the JSON of its answer."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    sent = None if body is None else json.dumps(body).encode()
    answer = _POOL.request(method, url + path, body=sent, headers=headers)
    assert answer.status < 300, (answer.status, answer.data)
    return json.loads(answer.data)
