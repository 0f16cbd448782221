"""The SQL engine: a whole book at once, as SQL built with sqlglot and run by DuckDB."""

from __future__ import annotations

from kamrules.engines.sql.accounts import read_accounts
from kamrules.engines.sql.book import book_cutoffs, decide_book
from kamrules.engines.sql.inspecting import (
    Inspection,
    TableFound,
    inspect_book,
    read_account,
    read_with_origins,
)
from kamrules.engines.sql.results import BookDecisions

__all__ = [
    "BookDecisions",
    "Inspection",
    "TableFound",
    "book_cutoffs",
    "decide_book",
    "inspect_book",
    "read_account",
    "read_accounts",
    "read_with_origins",
]
