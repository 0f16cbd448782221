"""Help with a book file: looking at a source, and proposing which of its columns are the vocabulary's."""

from __future__ import annotations

from kamrules.workbench.mapping.pairing import SURE
from kamrules.workbench.mapping.suggesting import Told, suggest

__all__ = ["SURE", "Told", "suggest"]
