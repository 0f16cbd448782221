"""Text that a spreadsheet would run as a formula, made harmless; in SQL, for millions of rows."""

from __future__ import annotations

from typing import Any

# Full-width signs too: spreadsheets in Chinese and Japanese take them for the plain ones.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_LIST = ", ".join(f"chr({ord(each)})" for each in _STARTS)


def harmless(relation: Any) -> Any:  # noqa: ANN401  DuckDB's
    """Return a relation whose text cells begin with an apostrophe where they would run as a formula.

    Numbers and dates stay as they are, negative ones too.
    """
    cells = [
        _cell(name, str(kind))
        for name, kind in zip(relation.columns, relation.types, strict=True)
    ]  # fmt: skip
    return relation.project(", ".join(cells))


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _cell(name: str, kind: str) -> str:
    column = quoted(name)
    if not kind.startswith(("VARCHAR", "ENUM", "JSON")):
        return column
    starts = f"left({column}::VARCHAR, 1) IN ({_LIST})"
    return f"CASE WHEN {starts} THEN concat('''', {column}::VARCHAR) ELSE {column}::VARCHAR END AS {column}"
