"""Starting: a ruleset to begin with, which extends another and works as it stands."""

from __future__ import annotations

from kamrules.workbench.starting.folder import Started, start

__all__ = ["Started", "start"]
