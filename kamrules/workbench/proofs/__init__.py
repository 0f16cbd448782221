"""Proofs for people: one outline of a decision with its reasons, from which every form is written."""

from kamrules.workbench.proofs.lines import Line, Style
from kamrules.workbench.proofs.markdown import as_markdown, markdown
from kamrules.workbench.proofs.outline import outline
from kamrules.workbench.proofs.ways import nearest_outline

__all__ = ["Line", "Style", "as_markdown", "markdown", "nearest_outline", "outline"]
