"""The book: its tables, the file that maps them to a ruleset's vocabulary, and their quality."""

from __future__ import annotations

from kamrules.book.model import Book, BookSink, BookTable, ColumnMap, OpenSource, Rows
from kamrules.book.quality import Problem, Quality, TableQuality

__all__ = [
    "Book",
    "BookSink",
    "BookTable",
    "ColumnMap",
    "OpenSource",
    "Problem",
    "Quality",
    "Rows",
    "TableQuality",
]
