"""Vocabularies: tables, columns and the parameters that expressions can name."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kamrules.expression.types import DATE, TEXT, Kind, Type
from tests.strategies.toml import Inline
from tests.strategies.values import CHOICES, USUAL, moved

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from tests.strategies.drawing import Draw

KINDS = (
    Kind.MONEY, Kind.NUMBER, Kind.BOOL, Kind.CHOICE, Kind.DATE, Kind.INTEGER, Kind.SHARE, Kind.SCORE,
    Kind.TEXT, Kind.DAYS,
)  # fmt: skip
JOINING = (Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.BOOL)
"""Kinds of a column that all related tables have, by which signals may join their rows."""
TABLES = ("orders", "contacts", "union", "list_1")


@dataclass
class Vocabulary:
    """What a case's expressions can speak of, and the TOML that declares it."""

    tables: dict[str, dict[str, Type]] = field(default_factory=dict)
    order: dict[str, str] = field(default_factory=dict)
    names: dict[str, Type] = field(default_factory=dict)
    written: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    joining: dict[str, Type] = field(default_factory=dict)


def vocabulary(draw: Draw, ids: Iterator[str], as_of: datetime.date) -> Vocabulary:
    """Return a vocabulary: an accounts table, up to two related ones, parameters."""
    found = Vocabulary()
    accounts = _columns(draw, ids, 2, 7)
    if draw.chance(40):
        accounts["name"] = TEXT
    _declare(draw, found, "accounts", accounts)
    found.names.update(accounts, account_id=TEXT)
    if draw.chance(60):
        found.joining = {next(ids): Type(draw.one(JOINING))}
    for name in draw.some(TABLES, 40):
        columns = _columns(draw, _reused(draw, accounts, ids), 1, 4)
        if draw.chance(75):
            columns[next(ids)] = DATE
        columns |= found.joining
        _declare(draw, found, name, columns)
    for kind in draw.some(KINDS, 40):
        _parameter(draw, found, next(ids), kind, as_of)
    return found


def _reused(draw: Draw, accounts: dict[str, Type], ids: Iterator[str]) -> Iterator[str]:
    """Return ids for a related table's columns, now and then one that accounts have too."""
    taken = draw.some([each for each in accounts if each != "name"], 20)
    return itertools.chain(taken, ids)


def _columns(draw: Draw, ids: Iterator[str], least: int, most: int) -> dict[str, Type]:
    return {next(ids): _type(draw, draw.one(KINDS)) for _ in range(draw.whole(least, most))}


def _type(draw: Draw, kind: Kind) -> Type:
    if kind is not Kind.CHOICE:
        return Type(kind)
    start = draw.whole(0, len(CHOICES) - 2)
    return Type(kind, CHOICES[start : start + draw.whole(2, 4)])


def _declare(draw: Draw, found: Vocabulary, table: str, columns: dict[str, Type]) -> None:
    found.tables[table] = columns
    written: dict[str, Any] = {}
    dates = [name for name, of in columns.items() if of.kind is Kind.DATE]
    if dates:
        found.order[table] = dates[0]
        if table != "accounts" and draw.chance(30):
            found.order[table] = written["order"] = draw.one(dates)
    written["column"] = {}
    for name, of in columns.items():
        column: dict[str, Any] = {"type": of.kind.value}
        if of.choices:
            column["choices"] = list(of.choices)
        if draw.chance(20):
            column["info_level"] = draw.whole(1, 4)
        written["column"][name] = Inline(column)
    found.written[table] = written


def _parameter(draw: Draw, found: Vocabulary, name: str, kind: Kind, as_of: datetime.date) -> None:
    of = _type(draw, kind)
    value: Any
    match kind:
        case Kind.BOOL:
            value = draw.chance(50)
        case Kind.CHOICE:
            value = draw.one(of.choices)
        case Kind.TEXT:
            value = draw.one(["a", "", "中文", "o'brien", "a\nb"])
        case Kind.DATE:
            value = moved(as_of, draw.one([0, -30, -365, 1]))
        case _:
            value = draw.one(USUAL[kind])
    found.parameters[name] = {"type": kind.value, "value": value}
    if of.choices:
        found.parameters[name]["choices"] = list(of.choices)
    found.names[name] = of
