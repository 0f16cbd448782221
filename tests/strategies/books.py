"""Books for a vocabulary: accounts and related tables with every kind of edge in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kamrules.decision import Earlier
from kamrules.expression.types import Kind
from tests.strategies.values import FORMS, moved, pool

if TYPE_CHECKING:
    import datetime

    from tests.strategies.drawing import Draw
    from tests.strategies.vocabulary import Vocabulary

ACCOUNT_IDS = (
    "1", "01", "1.0", "a", "A", "ä", "a\u0308", "中", "😀", "o'x", '"', "a\nb", "a,b", "=1", "\\", "NULL",
    "true", "1e0", "-0", "%", "x;y", "nan",
)  # fmt: skip
NEAR = (-1, 0, -2, -14, -15, -16, -30, -31, -44, 1)
"""Days from that of the run; they lie as far apart as signals ask, or a day more or less."""
STRANGER = "no such account"


@dataclass
class TableData:
    """One table as it comes: the physical form of each column, and the rows."""

    forms: dict[str, str]
    rows: list[dict[str, Any]]


@dataclass
class Past:
    """What an earlier run decided: rows of the two memory files."""

    states: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    proposals: list[tuple[str, str, datetime.date]] = field(default_factory=list)

    def of(self, account_id: str) -> Earlier | None:
        """Return the past of one account."""
        states = [each for each in self.states if each[0] == account_id]
        proposed = {action: day for key, action, day in self.proposals if key == account_id}
        if not states and not proposed:
            return None
        _, class_, tier = states[0] if states else (account_id, None, None)
        return Earlier.model_validate({"class": class_, "tier": tier, "proposed": proposed})


def book(
    draw: Draw, words: Vocabulary, as_of: datetime.date, *, close: bool = False
) -> dict[str, TableData]:
    """Return the tables of a book; related tables may be lacking or empty, columns too.

    `close`: an account has more rows, and their dates lie near each other.
    """
    count = draw.whole(1, 3 if close else 8)
    start = draw.whole(0, len(ACCOUNT_IDS) - count)
    accounts = list(ACCOUNT_IDS[start : start + count])
    tables = {"accounts": _table(draw, words, "accounts", as_of, accounts, close=False)}
    for name in words.tables:
        if name == "accounts" or draw.chance(10):
            continue
        owners = [] if draw.chance(10) else _owners(draw, accounts, close=close)
        tables[name] = _table(draw, words, name, as_of, owners, close=close)
    return tables


def _owners(draw: Draw, accounts: list[str], *, close: bool) -> list[str]:
    """Return the account of every row of a related table, in no order."""
    known = [*accounts, *accounts, STRANGER]
    most = 14 if close else min(3 * len(accounts), 12)
    return draw.many(0, most, lambda: draw.one(known))


def _table(
    draw: Draw,
    words: Vocabulary,
    name: str,
    as_of: datetime.date,
    owners: list[str],
    *,
    close: bool,
) -> TableData:
    columns = {key: of for key, of in words.tables[name].items() if not draw.chance(4)}
    forms = {key: draw.one(FORMS[of.kind]) for key, of in columns.items()}
    pools = {key: pool(draw, of, forms[key], as_of) for key, of in columns.items()}
    if close:
        near = [moved(as_of, days) for days in NEAR]
        for key in [key for key, of in columns.items() if of.kind is Kind.DATE]:
            pools[key] = [*near, *draw.some(pools[key], 25)]
        for key in columns.keys() & words.joining.keys():
            # few values, so that rows meet; None, by which they do not, stands first
            pools[key] = [*pools[key][1:4], *draw.some(pools[key], 20)]
    rows = [
        {"account_id": owner, **{key: draw.one(held) for key, held in pools.items()}}
        for owner in owners
    ]
    return TableData({"account_id": "text", **forms}, rows)


def past(
    draw: Draw, tables: dict[str, TableData], ids: dict[str, list[str]], as_of: datetime.date
) -> Past | None:
    """Return an earlier run's states and proposals, some of rules that no longer exist."""
    if not draw.chance(60):
        return None
    classes: list[str | None] = [None, *ids["class"], *ids["class"], "ghost"]
    tiers: list[str | None] = [None, *ids["tier"], *ids["tier"], "ghost"]
    found = Past()
    for row in tables["accounts"].rows:
        key = row["account_id"]
        if draw.chance(80):
            found.states.append((key, draw.one(classes), draw.one(tiers)))
        for action in [*ids["action"], "ghost"]:
            if draw.chance(45):
                days = draw.one([-1, -2, -9, -10, -29, -30, -31, 0, 1, -364, -400])
                found.proposals.append((key, action, moved(as_of, days)))
    return found


def facts_of(tables: dict[str, TableData]) -> dict[str, dict[str, Any]]:
    """Return every account's facts as JSON-like dicts for an engine that takes one account at a time."""
    found: dict[str, dict[str, Any]] = {}
    for row in tables["accounts"].rows:
        found[row["account_id"]] = {key: _plain(each) for key, each in row.items()}
    for name, table in tables.items():
        if name == "accounts":
            continue
        for facts in found.values():
            facts[name] = []
        for row in table.rows:
            if row["account_id"] in found:
                plain = {key: _plain(each) for key, each in row.items() if key != "account_id"}
                found[row["account_id"]][name].append(plain)
    return found


def _plain(value: Any) -> Any:
    # an exact decimal without places is a whole number; others stay exact
    return int(value) if isinstance(value, Decimal) and value == value.to_integral() else value
