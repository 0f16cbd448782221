"""Read a folder of csv tables as facts for the row engine: small, and apart from kamrules' own readers."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from kamrules import Program


def read_facts(folder: Path, program: Program) -> list[dict[str, Any]]:
    """Return the accounts of a folder, each with its related tables, in the file's order.

    Rows without a known account are left out, and so is a second row of the same account.
    """
    tables = program.tables
    accounts: dict[str, dict[str, Any]] = {}
    for row in _rows(folder / "accounts.csv"):
        accounts.setdefault(row["account_id"], _typed(row, tables["accounts"]))
    for name, table in tables.items():
        if name == "accounts":
            continue
        for facts in accounts.values():
            facts[name] = []
        for row in _rows(folder / f"{name}.csv"):
            facts = accounts.get(row.pop("account_id"))
            if facts is not None:
                facts[name].append(_typed(row, table))
    return list(accounts.values())


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _typed(row: dict[str, str], table: Any) -> dict[str, Any]:
    kinds = {name: column.type.kind for name, column in table.columns.items()}
    return {name: _value(text, kinds.get(name)) for name, text in row.items() if text}


def _value(text: str, kind: Any) -> Any:
    if kind == "bool":
        return text == "true"
    if kind in {"money", "share", "score", "number", "integer", "days"}:
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            return None
    return text
