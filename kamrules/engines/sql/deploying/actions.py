"""Actions for a warehouse: which fire for an account, how urgent they are, and what each one is."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.deploying.dialects import double, number
from kamrules.engines.sql.deploying.standing import about
from kamrules.engines.sql.deploying.values import cast_double
from kamrules.engines.sql.tree import (
    all_of,
    any_of,
    binary,
    call,
    cast,
    column,
    is_true,
    named,
    negation,
    text,
    when,
    whole,
)
from kamrules.expression.nodes import Constant
from kamrules.expression.text import canonical
from kamrules.expression.types import Kind

if TYPE_CHECKING:
    from kamrules.compiler.program import ActionRule, Message, Program
    from kamrules.engines.sql.deploying.values import WrittenValues
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.nodes import Node


class Acting:
    """Writes the actions of a program."""

    def __init__(self, values: WrittenValues, program: Program, language: str) -> None:
        self.values = values
        self.actions = program.actions
        self.number = {each.id: place for place, each in enumerate(self.actions)}
        self.language = language
        self.keys: dict[int, str] = {}
        self.columns: set[str] = set()

    def lay(self) -> None:
        """Add a column an action: its priority in thousandths where it is proposed, else unknown."""
        live: dict[str, Sql] = {}
        blocking = {one for each in self.actions for one in each.excluded_by}
        chain = self.values.chain
        for place in self._order():
            action = self.actions[place]
            chain.part = action.id
            fires: Sql = is_true(self.values.holds(action.when))
            others = [live[one].copy() for one in action.excluded_by]
            if others:
                fires = all_of([fires, negation(any_of(others))])
            told_of = about(action.address, action.about, action.when)
            if action.id in blocking:
                fires = live[action.id] = chain.add(f"does_{action.id}", fires, told_of)
                told_of = action.address
            found = when([(fires.copy(), self._milli(action))])
            self.keys[place] = chain.add(f"do_{action.id}", cast(found, "bigint"), told_of).name

    def _order(self) -> list[int]:
        """Return the actions' numbers so that each comes after those that exclude it."""
        graph = {
            place: [self.number[one] for one in each.excluded_by]
            for place, each in enumerate(self.actions)
        }
        return list(TopologicalSorter(graph).static_order())

    def _milli(self, action: ActionRule) -> Sql:
        if isinstance(action.priority, Constant):
            value = min(max(float(action.priority.value), 0.0), 100.0)
            return whole(int(value * 1000.0 + 0.5))
        read = self.values.chain.keep(self.values.value(action.priority))
        return when(
            [
                # below a millionth makes no difference, and could be too small to be multiplied
                (binary(exp.GT, read, exp.Literal.number("0.000001")),
                 call("floor", binary(exp.Add, binary(exp.Mul, call("least", read.copy(), double(100.0)),
                                                      whole(1000)), exp.Literal.number("0.5")))),
            ],
            whole(0),
        )  # fmt: skip

    def listed(self, due: list[Sql | None]) -> exp.Select:
        """Return the actions as rows: place, action, title, owner, due day, effort, reason, source."""
        selects = [self._row(place, each) for place, each in enumerate(due)]
        return exp.Select(expressions=[exp.Star()]).from_(_union(selects), copy=False)

    def _row(self, place: int, due: Sql | None) -> exp.Select:
        action = self.actions[place]
        items: list[tuple[str, Sql]] = [
            ("place", whole(place + 1)),
            ("action", text(action.id)),
            ("title", text(_written(action.title, self.language) or action.id)),
            ("owner", text(action.owner)),
            ("due_days", whole(action.due_days)),
            ("effort_hours", cast_double(number(action.effort_hours))),
            ("reason", text(_written(action.because, self.language))),
            ("source", text(", ".join(action.source))),
        ]
        if due is not None:
            items[4] = ("due_on", due)
        self.columns = {name for name, _ in items}
        return exp.Select(expressions=[named(item, name) for name, item in items])

    def milli(self, here: str) -> Sql:
        """Return the thousandths of a listed action for an account of `here`, unknown where not proposed."""
        ifs = [
            exp.If(this=whole(place + 1), true=column(self.keys[place], here))
            for place in sorted(self.keys)
        ]
        return exp.Case(this=column("place", "listed"), ifs=ifs)

    def title(self, here: str) -> Sql:
        """Return the title of a listed action for an account of `here`, its texts filled in."""
        slots: dict[str, Sql] = {}
        for each in self.actions:
            for piece in each.title.told(self.language)[1]:
                if not isinstance(piece, str) and piece.type.kind in {Kind.TEXT, Kind.CHOICE}:
                    slots.setdefault(_slot(piece), self.values.value(piece))
        found: Sql = column("title", "listed")
        for slot, item in slots.items():
            for read in item.find_all(exp.Column):
                read.set("table", exp.to_identifier(here, quoted=True))
            found = call("replace", found, text(slot), call("coalesce", item, text("unknown")))
        return found


def _union(selects: list[exp.Select]) -> exp.Subquery:
    """Return the rows of all."""
    found: exp.Expression = selects[0]
    for each in selects[1:]:
        found = exp.Union(this=found, expression=each, distinct=False)
    return exp.Subquery(this=found, alias=exp.TableAlias(this=exp.to_identifier("u", quoted=True)))


def _written(message: Message, language: str) -> str:
    """Return a message with its slots as names in braces."""
    return "".join(
        each if isinstance(each, str) else _slot(each) for each in message.told(language)[1]
    )


def _slot(node: Node) -> str:
    return "{" + canonical(node) + "}"
