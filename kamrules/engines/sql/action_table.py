"""The table of actions as a select over what was decided: a row for each action that is kept or held back."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.decision import Status
from kamrules.engines.sql.actions import day_column, has_cooldown
from kamrules.engines.sql.messages import Messages
from kamrules.engines.sql.output import KEY, NUMBER, Output
from kamrules.engines.sql.showing import date_of
from kamrules.engines.sql.tree import (
    all_of,
    any_of,
    binary,
    boolean,
    by_number,
    call,
    cast,
    column,
    double,
    joined,
    negation,
    null,
    text,
    when,
    whole,
)
from kamrules.expression.types import ACCOUNT_ID
from kamrules.show import EPOCH, LAST

if TYPE_CHECKING:
    from kamrules.engines.sql.outputs import Outputs
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.nodes import Node

PLACE, KEPT = "place", "kept"


def number_of(key: Sql, count: int) -> Sql:
    """Return the place of the action that a key is of."""
    return binary(exp.Sub, whole(count - 1), binary(exp.Mod, key, whole(count)))


class ActionTable:
    """Writes the table of actions."""

    def __init__(self, outputs: Outputs) -> None:
        self.outputs = outputs
        self.values = outputs.values
        self.actions = outputs.program.actions
        self.number = {each.id: index for index, each in enumerate(self.actions)}
        self.messages = Messages(column(NUMBER), self._slot, outputs.language)

    def output(self) -> Output:
        """Return the table."""
        holds = isinstance(self.values.places["action", "held"], exp.Column)
        held = binary(exp.GT, column(PLACE), column(KEPT)) if holds else boolean(False)  # noqa: FBT003
        milli = exp.IntDiv(this=column(KEY), expression=whole(max(len(self.actions), 1)))
        columns: list[tuple[str, Sql]] = [
            (ACCOUNT_ID, column(ACCOUNT_ID)),
            ("rank", when([(held, null("bigint"))], column(PLACE))),
            ("action", self._words([each.id for each in self.actions])),
            ("title", self._text("title")),
            ("status", self._status(held.copy())),
            ("priority", binary(exp.Div, cast(exp.Paren(this=milli), "double"), double(1000.0))),
            ("owner", self._words([each.owner for each in self.actions])),
            ("due_on", self._listed([self._due(each.due_days) for each in self.actions], "date")),
            ("effort_hours", self._listed([double(each.effort_hours) for each in self.actions], "double")),
            ("reason", self._text("because")),
            ("free_on", when([(held.copy(), self._free_on())], null("date"))),
            ("excluded_by", when([(held.copy(), self._excluded_by())], null("varchar"))),
            ("source", self._words([", ".join(each.source) or None for each in self.actions])),
        ]  # fmt: skip
        numbered = ((NUMBER, number_of(column(KEY), max(len(self.actions), 1))),)
        storeys = (
            tuple(self.messages.once),
            self._unnested(holds=holds),
            numbered,
            tuple(self.messages.slots),
        )
        return Output(tuple(columns), storeys)

    @staticmethod
    def _unnested(*, holds: bool) -> tuple[tuple[str, Sql], ...]:
        """Return a row for each key; where nothing can be held back the kept ones are all."""
        both: Sql = column("chosen")
        if holds:
            nothing = cast(exp.Array(expressions=[]), "bigint[]")
            lists = [call("coalesce", column(each), nothing.copy()) for each in ("chosen", "held")]
            both = call("list_concat", *lists)
        kept = (KEPT, call("coalesce", call("len", column("chosen")), whole(0)))
        return (
            (KEY, call("unnest", both)),
            (PLACE, cast(call("generate_subscripts", both.copy(), whole(1)), "bigint")),
            *((kept,) if holds else ()),
        )

    def _listed(self, items: list[Sql], kind: str = "varchar") -> Sql:
        return self.outputs.at(column(NUMBER), items, kind)

    def _words(self, items: list[str] | list[str | None]) -> Sql:
        return self.outputs.enumerations.at(column(NUMBER), items)

    def _text(self, part: str) -> Sql:
        """Return the title or the reason."""
        otherwise = [each.id if part == "title" else "" for each in self.actions]
        found = self.messages.text([getattr(each, part) for each in self.actions], otherwise)
        return self._words(found) if isinstance(found, list) else found

    def _slot(self, node: Node) -> Sql:
        return self.values.stack.keep(self.values.value(node))

    def _due(self, days: int) -> Sql:
        last = datetime.date.max.toordinal()
        due = datetime.date.fromordinal(min(self.outputs.as_of.toordinal() + days, last))
        return cast(text(due.isoformat()), "date")

    def _cooled(self) -> list[int]:
        if not self.outputs.memory:
            return []
        return [index for index, each in enumerate(self.actions) if has_cooldown(each)]

    def _excludable(self) -> list[int]:
        return [index for index, each in enumerate(self.actions) if each.excluded_by]

    def _excluded(self, index: int) -> Sql:
        return negation(column(f"live{index}"))

    def _status(self, held: Sql) -> Sql:
        excluded = [
            all_of([binary(exp.EQ, column(NUMBER), whole(index)), self._excluded(index)])
            for index in self._excludable()
        ]
        return self.outputs.enumerations.when(
            [(negation(held), Status.PROPOSED.value), (any_of(excluded), Status.EXCLUDED.value)],
            Status.COOLDOWN.value,
        )

    def _free_on(self) -> Sql:
        branches = []
        for index in self._cooled():
            action = self.actions[index]
            day = binary(exp.Add, column(day_column(index)), whole(action.cooldown_days))
            tests = [binary(exp.LTE, day, whole(LAST - EPOCH))]
            if action.excluded_by:
                tests.append(negation(self._excluded(index)))
            branches.append((index, when([(all_of(tests), date_of(day.copy()))], null("date"))))
        return by_number(column(NUMBER), branches, "date")

    def _excluded_by(self) -> Sql:
        branches = []
        for index in self._excludable():
            names = [
                when([(column(f"live{self.number[one]}"), text(one))], null("varchar"))
                for one in self.actions[index].excluded_by
            ]
            told = when([(self._excluded(index), joined(names, ", "))], null("varchar"))
            branches.append((index, told))
        return by_number(column(NUMBER), branches, "varchar")
