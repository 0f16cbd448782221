"""Schema: what editors and programs know of the files of one ruleset, with its own ids as choices."""

from __future__ import annotations

from kamrules.workbench.schema.association import Associated, associate
from kamrules.workbench.schema.books import book_schema
from kamrules.workbench.schema.rulesets import ruleset_schema

__all__ = ["Associated", "associate", "book_schema", "ruleset_schema"]
