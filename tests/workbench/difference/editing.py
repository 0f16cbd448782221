"""Edits rulesets at random, as authors do, and decides what comes of it by whole runs."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli

from kamrules.book import Book
from kamrules.compiler import compile_ruleset
from kamrules.diagnostics import KamrulesError
from kamrules.document import load_ruleset
from kamrules.engines.sql import decide_book
from kamrules.plugins import open_source
from kamrules.workbench.difference.canon import Canon
from tests.agreement.engines import arrow, memory_files
from tests.strategies.functions import plugged
from tests.strategies.toml import toml

if TYPE_CHECKING:
    from kamrules.compiler import Program
    from kamrules.document import Ruleset
    from tests.strategies import Case
    from tests.strategies.drawing import Draw

NUMBER = re.compile(r"(?<![\w.])\d[\d_]*(?:\.\d+)?(?![\w.])")
SECTIONS = (
    "parameter",
    "fact",
    "criterion",
    "class",
    "path",
    "tier",
    "phase",
    "strategy",
    "action",
)
DECIDING = ("when", "value", "weight", "priority", "level", "scale", "curve")
TRIES = 12
EVERYTHING = 1000
"""More actions than any ruleset has."""


def ruleset_of(text: str) -> Ruleset:
    """Return a text as a ruleset."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ruleset.toml"
        path.write_bytes(text.encode())
        return load_ruleset(path, functions=plugged())


def canon_of(text: str) -> tuple[Canon, Program]:
    """Return a text as a ruleset that is compared. Raises KamrulesError."""
    ruleset = ruleset_of(text)
    return Canon(ruleset), compile_ruleset(ruleset)


def edited(draw: Draw, text: str, times: int) -> str:
    """Return a ruleset's text after up to so many edits; those that do not compile are taken back."""
    done = 0
    for _ in range(TRIES * times):
        tables = tomli.loads(text)
        _edit(draw, tables)
        changed = toml(tables)
        try:
            canon_of(changed)
        except KamrulesError:
            continue
        text, done = changed, done + 1
        if done == times:
            break
    return text


def _edit(draw: Draw, tables: dict[str, Any]) -> None:
    known = [each for each in SECTIONS if tables.get(each)]
    if not known:
        return
    section = draw.one(known)
    name = draw.one(list(tables[section]))
    rule = tables[section][name]
    if rule.get("gate") and draw.chance(60):
        gate = draw.one(list(rule["gate"]))
        if draw.chance(30):
            del rule["gate"][gate]
            return
        rule = rule["gate"][gate]
    elif draw.chance(20):
        del tables[section][name]
        return
    elif draw.chance(15):
        # behind all others
        tables[section][name] = tables[section].pop(name)
        return
    if rule:
        _edit_rule(draw, rule)


def _edit_rule(draw: Draw, rule: dict[str, Any]) -> None:
    keys = [each for each in rule if each in DECIDING] if draw.chance(80) else []
    key = draw.one(keys or list(rule))
    value = rule[key]
    if key in {"when", "stay"} and draw.chance(50):
        rule[key] = {"not": value}  # what surely moves accounts
    elif isinstance(value, list) and len(value) > 1 and draw.chance(40):
        value.pop(draw.whole(0, len(value) - 1))
    elif draw.chance(10) and key not in {"type", "title"}:
        del rule[key]
    else:
        rule[key] = _otherwise(draw, value)


def _otherwise(draw: Draw, value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return draw.one([value + 1, value * 2, value // 2, 0])
        case str():
            more = draw.one(["0", "1", "7", "40", "1_000"])
            return NUMBER.sub(lambda _: more, value, count=draw.whole(1, 2))
        case list() if value:
            place = draw.whole(0, len(value) - 1)
            return [*value[:place], _otherwise(draw, value[place]), *value[place + 1 :]]
        case dict() if value:
            key = draw.one(list(value))
            return {**value, key: _otherwise(draw, value[key])}
    return value


@dataclass(frozen=True)
class Outcome:
    """What is decided about an account: as kamrules.workbench.difference compares it."""

    class_: str | None
    tier: str | None
    proposed: frozenset[str]
    best: tuple[str, ...]


def book_of(case: Case) -> Book:
    """Return a case's book."""
    tables = {name: arrow(table) for name, table in case.tables.items()}
    return Book.of(tables=tables, as_of=case.as_of)


def outcomes(program: Program, case: Case) -> dict[str, Outcome]:
    """Return what a run decides about every account of a case."""
    with tempfile.TemporaryDirectory() as folder:
        earlier = None if case.past is None else memory_files(case.past, Path(folder))
        with decide_book(
            program, book_of(case), as_of=case.as_of, open_source=open_source, earlier=earlier,
            top=EVERYTHING, threads=1,
        ) as decisions:  # fmt: skip
            placed = decisions.tables["decisions"].project("account_id, class, tier").fetchall()
            rows = (
                decisions.tables["actions"]
                .filter("status = 'proposed'")
                .project("account_id, rank, action")
                .fetchall()
            )
    actions: dict[str, list[str]] = {}
    for account, _, action in sorted(rows, key=lambda each: (each[0], each[1])):
        actions.setdefault(account, []).append(action)
    return {
        account: Outcome(
            class_, tier, frozenset(actions.get(account, ())),
            tuple(actions.get(account, ())[: case.top]),
        )
        for account, class_, tier in placed
    }  # fmt: skip


def summary(program: Program, case: Case) -> dict[str, Any]:
    """Return what a run tells of a case as a whole."""
    with decide_book(
        program, book_of(case), as_of=case.as_of, open_source=open_source, threads=1
    ) as decisions:
        return decisions.summary()
