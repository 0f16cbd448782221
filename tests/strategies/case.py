"""A case: a ruleset as text, a book, a day and a past; generated, kept in a folder and read back."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.strategies import books, rulesets
from tests.strategies.books import Past, TableData
from tests.strategies.drawing import Draw
from tests.strategies.toml import toml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAYS = (
    datetime.date(2026, 1, 31),
    datetime.date(2024, 2, 29),
    datetime.date(1970, 1, 1),
    datetime.date(1999, 12, 31),
    datetime.date(3, 1, 1),
    datetime.date(9990, 1, 1),
)


@dataclass
class Case:
    """All that a decision depends on."""

    ruleset: str
    tables: dict[str, TableData]
    as_of: datetime.date
    past: Past | None
    top: int
    language: str

    def save(self, folder: Path) -> None:
        """Write the case into a folder: ruleset.toml and case.json."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ruleset.toml").write_text(self.ruleset, encoding="utf-8", newline="")
        past = None
        if self.past is not None:
            past = {"states": self.past.states, "proposals": self.past.proposals}
        content = {
            "as_of": self.as_of,
            "top": self.top,
            "language": self.language,
            "past": past,
            "tables": {
                name: {"forms": table.forms, "rows": [list(row.values()) for row in table.rows]}
                for name, table in self.tables.items()
            },
        }
        text = json.dumps(content, ensure_ascii=False, indent=1, default=_tagged)
        (folder / "case.json").write_text(text + "\n", encoding="utf-8")

    @staticmethod
    def load(folder: Path) -> Case:
        """Read a case back."""
        text = (folder / "case.json").read_text(encoding="utf-8")
        content = json.loads(text, object_hook=_untagged)
        past = content["past"]
        if past is not None:
            past = Past(
                [tuple(each) for each in past["states"]],
                [tuple(each) for each in past["proposals"]],
            )
        tables = {
            name: TableData(
                table["forms"],
                [dict(zip(table["forms"], row, strict=True)) for row in table["rows"]],
            )
            for name, table in content["tables"].items()
        }
        ruleset = (folder / "ruleset.toml").read_bytes().decode("utf-8")
        return Case(ruleset, tables, content["as_of"], past, content["top"], content["language"])

    def shown(self) -> str:
        """Return the book and the past as a reader likes them."""
        lines = [f"as of {self.as_of}, top {self.top}, language {self.language}"]
        for name, table in self.tables.items():
            lines.append(f"{name} {table.forms}")
            lines += [f"  {row}" for row in table.rows]
        if self.past is not None:
            lines += [f"before: {each}" for each in self.past.states]
            lines += [f"proposed: {each}" for each in self.past.proposals]
        return "\n".join(lines)


def _tagged(value: object) -> Any:
    if isinstance(value, datetime.date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    raise TypeError(value)


def _untagged(found: dict[str, Any]) -> Any:
    if found.keys() == {"date"}:
        return datetime.date.fromisoformat(found["date"])
    if found.keys() == {"decimal"}:
        return Decimal(found["decimal"])
    return found


@st.composite
def cases(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Case:
    """Generate cases: any ruleset, over any book of its vocabulary."""
    choose = Draw(draw)
    as_of = choose.one(DAYS)
    tables, words = rulesets.ruleset(choose, as_of)
    found = books.book(choose, words, as_of, close="signal" in tables)
    ids = {kind: list(tables.get(kind, ())) for kind in ("class", "tier", "action")}
    past = books.past(choose, found, ids, as_of)
    languages = tables["ruleset"].get("languages", ["en"])
    return Case(toml(tables), found, as_of, past, choose.one([3, 1, 2, 100]), choose.one(languages))
