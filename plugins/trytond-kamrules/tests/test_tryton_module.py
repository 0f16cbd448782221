"""The checks that Tryton has for every module, run by its own Python."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import tryton_server


@pytest.mark.slow
def test_the_module_passes_tryton_s_own_checks(tmp_path):
    reason = tryton_server.lacking()
    if reason:
        pytest.skip(reason)
    place = tryton_server.Place(tmp_path)
    digest = tryton_server.seeded().stem
    environment = {
        **place.environment,
        "DB_NAME": ":memory:",
        "DB_CACHE": str(tryton_server.CACHE / f"{digest}.checked"),
        "TRYTOND_DATABASE_URI": "sqlite://",
    }
    done = subprocess.run(
        [str(tryton_server.BIN / "python"), "-m", "unittest", "kamrules_module"],
        cwd=Path(__file__).parent / "in_tryton",
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    assert "Ran 2" in done.stderr
