"""The table of actions as a select over what was decided: a row for each action that is kept or held back."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.decision import Status
from kamrules.engines.sql.cooling import base_of, free_on
from kamrules.engines.sql.messages import Messages
from kamrules.engines.sql.output import KEY, NUMBER, Output
from kamrules.engines.sql.showing import date_of
from kamrules.engines.sql.tree import (
    all_of,
    at,
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
ITEM, DIGIT = "item", "digit"
"""What is unnested where it holds more than a key: of an action in cooldown also the day (see cooling.py)."""


def number_of(key: Sql, count: int) -> Sql:
    """Return the place of the action that a key is of."""
    return binary(exp.Sub, whole(count - 1), binary(exp.Mod, key, whole(count)))


class ActionTable:
    """Writes the table of actions."""

    def __init__(self, outputs: Outputs) -> None:
        self.outputs = outputs
        self.values = outputs.values
        self.actions = outputs.program.actions
        self.base = base_of(outputs.program, memory=outputs.memory)
        self.number = {each.id: index for index, each in enumerate(self.actions)}
        self.messages = Messages(column(NUMBER), self._slot, outputs.language)

    def output(self) -> Output:
        """Return the table."""
        holds = isinstance(self.values.places["action", "held"], exp.Column)
        held = binary(exp.GT, column(PLACE), column(KEPT)) if holds else boolean(False)  # noqa: FBT003
        milli = exp.IntDiv(this=column(KEY), expression=whole(max(len(self.actions), 1)))
        every = self.actions
        columns: list[tuple[str, Sql]] = [
            (ACCOUNT_ID, column(ACCOUNT_ID)),
            ("rank", when([(held, null("bigint"))], column(PLACE))),
            ("action", self._words([each.id for each in self.actions])),
            ("title", self._text("title")),
            ("status", self._status(held.copy())),
            ("priority", binary(exp.Div, cast(exp.Paren(this=milli), "double"), double(1000.0))),
            ("owner", self._words([each.owner for each in self.actions])),
            ("due_on", at(column(NUMBER), [self._due(each.due_days) for each in every], "date")),
            ("effort_hours", at(column(NUMBER), [double(each.effort_hours) for each in every], "double")),
            ("reason", self._text("because")),
            ("free_on", self._free_on()),
            ("excluded_by", when([(held.copy(), self._excluded_by())], null("varchar"))),
            ("source", self._words([", ".join(each.source) or None for each in self.actions])),
        ]  # fmt: skip
        numbered = ((NUMBER, number_of(column(KEY), max(len(self.actions), 1))),)
        storeys = (
            tuple(self.messages.once),
            self._unnested(holds=holds),
            self._parted(held) if self.base > 1 else (),
            numbered,
            tuple(self.messages.slots),
        )
        return Output(tuple(columns), storeys)

    def _parted(self, held: Sql) -> tuple[tuple[str, Sql], ...]:
        """Return the keys apart from the digits of actions in cooldown."""
        key = exp.Paren(this=exp.IntDiv(this=column(ITEM), expression=whole(self.base)))
        digit = binary(exp.Mod, column(ITEM), whole(self.base))
        return (
            (KEY, when([(held.copy(), key)], column(ITEM))),
            (DIGIT, when([(held.copy(), digit)], whole(0))),
        )

    def _unnested(self, *, holds: bool) -> tuple[tuple[str, Sql], ...]:
        """Return a row for each key; where nothing can be held back the kept ones are all."""
        both: Sql = column("chosen")
        if holds:
            nothing = cast(exp.Array(expressions=[]), "bigint[]")
            lists = [call("coalesce", column(each), nothing.copy()) for each in ("chosen", "held")]
            both = call("list_concat", *lists)
        kept = (KEPT, call("coalesce", call("len", column("chosen")), whole(0)))
        return (
            (ITEM if self.base > 1 else KEY, call("unnest", both)),
            (PLACE, cast(call("generate_subscripts", both.copy(), whole(1)), "bigint")),
            *((kept,) if holds else ()),
        )

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

    def _excludable(self) -> list[int]:
        return [index for index, each in enumerate(self.actions) if each.excluded_by]

    def _excluded(self, index: int) -> Sql:
        return negation(column(f"live{index}"))

    def _status(self, held: Sql) -> Sql:
        branches = [(negation(held), Status.PROPOSED.value)]
        if self.base > 1:
            branches.append((self._cools(), Status.COOLDOWN.value))
        return self.outputs.enumerations.when(branches, Status.EXCLUDED.value)

    @staticmethod
    def _cools() -> Sql:
        return binary(exp.GT, column(DIGIT), whole(0))

    def _free_on(self) -> Sql:
        """Return the first day on which an action is not in cooldown any more."""
        if self.base == 1:
            return null("date")
        cooldowns = [whole(max(each.cooldown_days, 1)) for each in self.actions]
        cooldown = at(column(NUMBER), cooldowns, "bigint")
        free = free_on(column(DIGIT), cooldown, self.outputs.as_of)
        known = all_of([self._cools(), binary(exp.LTE, free, whole(LAST - EPOCH))])
        return when([(known, date_of(free.copy()))], null("date"))

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
