"""Formatting: the one layout of a ruleset's files, with the author's comments where they were."""

from __future__ import annotations

from kamrules.workbench.formatting.files import FormattedFile, formatted, write

__all__ = ["FormattedFile", "formatted", "write"]
