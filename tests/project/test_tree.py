"""The source tree keeps to its own rules: small files, one version, a wheel that has everything."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import tomli

import kamrules

ROOT = Path(kamrules.__file__).parent.parent
CODE = [
    path
    for folder in ("kamrules", "tests", "benchmarks", "plugins")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
LONGEST = 400
FORBIDDEN = {"utils", "helpers", "common", "base", "handler", "misc"}


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_says_first_what_it_is_for(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert not text or text.startswith(('"""', 'r"""'))
    assert path.stem not in FORBIDDEN


def test_the_version_stands_in_one_place():
    project = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" not in project
    assert "version" in project["dynamic"]
    assert f"## {kamrules.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_wheel_holds_rulesets_pages_and_the_type_marker(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet"]
    done = subprocess.run(
        [*command, "--wheel-dir", str(tmp_path), str(ROOT)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "ConnectionError" in done.stderr or "Could not find a version" in done.stderr:
        pytest.skip(
            "building the wheel needs the package index for hatchling, which is out of reach"
        )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert f"-{kamrules.__version__}-" in wheel.name
    names = set(zipfile.ZipFile(wheel).namelist())
    rulesets = list((ROOT / "rulesets").rglob("*.toml"))
    wanted = {f"kamrules/{path.relative_to(ROOT).as_posix()}" for path in rulesets}
    wanted |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "kamrules").rglob("*.py")}
    wanted |= {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "kamrules/pages").iterdir()
        if path.is_file()
    }
    assert {"kamrules/py.typed"} | wanted <= names
    assert not [name for name in names if name.startswith(("tests", "benchmarks"))]
