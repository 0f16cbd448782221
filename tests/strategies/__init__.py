"""Generators shared by all property tests: rulesets as TOML text, and books for them."""

from __future__ import annotations

from tests.strategies.books import facts_of
from tests.strategies.case import Case, cases

__all__ = ["Case", "cases", "facts_of"]
