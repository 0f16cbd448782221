"""A plug-in for one test: a distribution in a folder that is put on the path of the started command."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def plug_in(folder: Path, code: str) -> dict[str, str]:
    """Write a plug-in called `probe` and return the environment that lets kamrules find it."""
    site = folder / "data"
    info = site / "probe-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: probe\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[kamrules]\nprobe = kamrules_probe\n")
    head = "import os, signal, threading\nfrom kamrules import hookimpl\n\nkamrules_api = 2\n"
    (site / "kamrules_probe.py").write_text(head + textwrap.dedent(code))
    return {
        "PYTHONPATH": str(site),
        "PYTHONDONTWRITEBYTECODE": "1",
        "KAMRULES_LOAD_PLUGINS": "probe",
    }
