"""Plug-ins to start from: a distribution with a source and a sink that work, tests and packaging."""

from __future__ import annotations

from kamrules.workbench.plugging.starting import LICENSES, Started, start

__all__ = ["LICENSES", "Started", "start"]
