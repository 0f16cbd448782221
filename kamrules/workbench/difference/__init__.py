"""Difference: in what two rulesets differ, in terms of rules, and what that does to a book and why."""

from kamrules.workbench.difference.comparing import Difference, compare
from kamrules.workbench.difference.edits import Edit, Sort, What

__all__ = ["Difference", "Edit", "Sort", "What", "compare"]
