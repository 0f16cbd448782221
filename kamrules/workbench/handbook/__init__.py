"""The handbook: what a ruleset says, written out for people, as Markdown and HTML, in its languages."""

from kamrules.workbench.handbook.writing import FORMS, handbook, out_of_date, write_handbook

__all__ = ["FORMS", "handbook", "out_of_date", "write_handbook"]
