"""The pages: one TOML file for every diagnostic code, with its meaning and two examples."""

from __future__ import annotations

from importlib import resources
from typing import Any

import tomli


def codes() -> list[str]:
    """Return all codes that have a page, sorted."""
    names = (each.name for each in resources.files(__name__).iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def page(code: str) -> dict[str, Any]:
    """Return a page: `title`, `why`, `mend`, and mostly `bad` and `good` with `command` and `files`."""
    text = (resources.files(__name__) / f"{code}.toml").read_text(encoding="utf-8")
    return tomli.loads(text)
