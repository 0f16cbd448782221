"""Reads the vocabulary and the cases, and writes a typed tree out as brackets."""

from __future__ import annotations

import datetime
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from kamrules.expression import Scope
from kamrules.expression import nodes as n
from kamrules.expression.types import (
    BOOL,
    DATE,
    DAYS,
    INTEGER,
    MONEY,
    NUMBER,
    SCORE,
    SHARE,
    TEXT,
    Column,
    Kind,
    Table,
    Type,
)
from tests.strategies.functions import plugged

HERE = Path(__file__).parent
AS_OF = datetime.date(2026, 1, 31)
EPOCH = datetime.date(1970, 1, 1)
TYPES = {each.kind.value: each for each in
         (BOOL, DATE, DAYS, INTEGER, MONEY, NUMBER, SCORE, SHARE, TEXT)}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One case of a file; what it does not say is not looked at."""

    file: str
    number: int
    text: str
    says: dict[str, Any]

    @property
    def scope(self) -> Scope:
        """What names mean in the case."""
        return wider_scope() if self.file == "plugin_functions" else scope()

    @property
    def id(self) -> str:
        """The file and the text, as pytest shows it."""
        return f"{self.file}-{self.number}-{self.text[:40]}"


def cases() -> list[Case]:
    """Return the cases of every file."""
    found = []
    for path in sorted(HERE.glob("*.toml")):
        if path.name == "vocabulary.toml":
            continue
        for number, says in enumerate(
            tomllib.loads(path.read_text(encoding="utf-8"))["case"], start=1
        ):
            text = says.pop("text") * says.pop("times", 1)
            found.append(Case(path.stem, number, text, says))
    return found


@cache
def scope() -> Scope:
    """Return what names mean in the cases."""
    words = tomllib.loads((HERE / "vocabulary.toml").read_text(encoding="utf-8"))
    choices = {name: Type(Kind.CHOICE, tuple(each)) for name, each in words["choices"].items()}
    types = {**TYPES, **choices}
    tables = {}
    for name in ("orders", "contacts", "notes"):
        columns = {key: Column(key, types[of]) for key, of in words[name].items()}
        tables[name] = Table(name, columns, "date" if "date" in columns else None)
    names: dict[str, n.Node] = {
        name: n.AccountColumn(name, types[of]) for name, of in words["accounts"].items()
    }
    for name, one in words["parameters"].items():
        names[name] = n.Constant(one["value"], types[one["type"]], name)
    for name, of in words["facts"].items():
        names[name] = n.StepValue(f"fact.{name}", types[of])
    parts = {}
    for name, bands in words["scores"].items():
        band = Type(Kind.CHOICE, tuple(bands))
        names[name] = n.StepValue(f"score.{name}", SCORE)
        parts[name] = {
            "band": n.StepValue(f"score.{name}.band", band),
            "low": n.StepValue(f"score.{name}.low", SCORE),
            "high": n.StepValue(f"score.{name}.high", SCORE),
        }
    return Scope(tables, names, parts)


@cache
def wider_scope() -> Scope:
    """Return the same with functions of plug-ins."""
    return replace(scope(), functions=plugged())


def brackets(node: n.Node) -> str:
    """Return a typed tree as nested brackets: `(> revenue 5)`."""
    match node:
        case n.Constant(value=value, parameter=parameter):
            shown = (
                f"{value:g}"
                if isinstance(value, float)
                else repr(value).lower()
                if isinstance(value, bool)
                else f"'{value}'"
            )
            return parameter or shown
        case n.AsOf():
            return "as_of"
        case n.AccountColumn(name=name):
            return name
        case n.RowColumn(table=table, name=name):
            return f"{table}.{name}"
        case n.StepValue(address=address):
            return address
        case n.Aggregate(function=function, table=table, column=column, where=where, item=item):
            rows = table if column is None else f"{table}.{column}"
            tested = f" {brackets(where)}" if where is not None else ""
            worked_out = f" of {brackets(item)}" if item is not None else ""
            return f"({function.value} {rows}{tested}{worked_out})"
        case n.OfBook(function=function):
            return f"({function.value} {' '.join(map(brackets, node.numbers))})"
        case n.Arithmetic(operator=operator, left=left, right=right):
            return f"({operator.value} {brackets(left)} {brackets(right)})"
        case n.Compare(comparison=comparison, left=left, right=right):
            return f"({comparison.value} {brackets(left)} {brackets(right)})"
        case n.Negate(item=item):
            return f"(- {brackets(item)})"
        case n.Call(function=function, arguments=arguments):
            return f"({function.value} {' '.join(map(brackets, arguments))})"
        case n.PluginCall(function=function, arguments=arguments):
            return f"({function.name} {' '.join(map(brackets, arguments))})"
        case n.If(condition=condition, then=then, otherwise=otherwise):
            return f"(if {brackets(condition)} {brackets(then)} {brackets(otherwise)})"
        case n.Among(item=item, constants=constants):
            return f"(in {brackets(item)} {' '.join(map(brackets, constants))})"
        case n.IsUnknown(item=item):
            return f"(unknown {brackets(item)})"
        case n.And(items=items):
            return f"(and {' '.join(map(brackets, items))})"
        case n.Or(items=items):
            return f"(or {' '.join(map(brackets, items))})"
        case n.Not(item=item):
            return f"(not {brackets(item)})"
    raise TypeError(node)


def value_as_data(value: Any, of: Type) -> Any:
    """Return a value as a case writes it: dates as dates, whole numbers as such, None as `unknown`."""
    if value is None:
        return "unknown"
    if of.kind is Kind.DATE:
        return EPOCH + datetime.timedelta(days=int(value))
    return value
