"""Messages of many rules at once: what stands at the same place of all of them is worked out together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from kamrules.engines.sql.showing import shown
from kamrules.engines.sql.tree import (
    binary,
    by_number,
    call,
    column,
    is_one_of,
    listed,
    text,
    when,
    whole,
)
from kamrules.engines.sql.values import sql_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kamrules.compiler.program import Message
    from kamrules.engines.sql.tree import Sql
    from kamrules.expression.nodes import Node
    from kamrules.expression.types import Type

ROWS = 3
"""So many rows an account, about, the table has that the messages are written into."""


@dataclass(frozen=True, slots=True)
class _Told:
    """A message as pieces that take turns: a text, a slot, a text, ..., a text.

    A slot is the language that its words are in, the type of its value, and the value.
    """

    texts: tuple[str, ...]
    slots: tuple[tuple[str, Type, Sql], ...]


@dataclass
class Messages:
    """Writes one text for a row of a rule: the message that the rule's number, counted from 0, points to.

    Tried first: a branch for each rule, with its texts and values. Every branch then works on the few rows
    that are its own, and formats its numbers for itself, which took three times as long. Here a branch only
    picks a value, and what formats it runs once for all rows. `slots` are the picked values, to be laid below
    the texts that read them, and `once` what most messages show, worked out once an account rather than once
    a row.
    """

    number: Sql
    slot: Callable[[Node], Sql]
    language: str
    slots: list[tuple[str, Sql]] = field(default_factory=list)
    once: list[tuple[str, Sql]] = field(default_factory=list)

    def text(self, messages: Sequence[Message | None], otherwise: Sequence[str]) -> Sql | list[str]:
        """Return the text of a row, or the rules' texts when they have no slots.

        `otherwise` stands for rules without a message.
        """
        told = [self._told(each, other) for each, other in zip(messages, otherwise, strict=True)]
        most = max((len(each.slots) for each in told), default=0)
        if not most:
            return [each.texts[0] for each in told]
        common = self._common(told)
        parts = []
        for place in range(most + 1):
            parts += self._texts(told, place)
            if place < most:
                parts.append(self._values(told, place, common))
        return call("concat", *parts)

    def _told(self, message: Message | None, otherwise: str) -> _Told:
        if message is None or not message.texts:
            return _Told((otherwise,), ())
        spoken, pieces = message.told(self.language)
        texts, slots = [""], []
        for each in pieces:
            if isinstance(each, str):
                texts[-1] += each
            else:
                slots.append((spoken, each.type, self.slot(each)))
                texts.append("")
        return _Told(tuple(texts), tuple(slots))

    def _common(self, told: Sequence[_Told]) -> Mapping[str, Sql]:
        """Lay what is shown more often by row than by account; return the columns by what they show."""
        uses: dict[str, int] = {}
        trees: dict[str, Sql] = {}
        for each in told:
            for key, tree in {_key(slot): slot for slot in each.slots}.items():
                uses[key] = uses.get(key, 0) + 1
                trees[key] = shown(tree[2].copy(), tree[1], tree[0])
        found = {}
        for key, count in uses.items():
            if count * ROWS > len(told):
                name = f"once{len(self.once)}"
                self.once.append((name, trees[key]))
                found[key] = column(name)
        return found

    def _texts(self, told: Sequence[_Told], place: int) -> list[Sql]:
        """Return the text that stands at a place of every message, if there is any."""
        texts = [each.texts[place] if place < len(each.texts) else "" for each in told]
        if not any(texts):
            return []
        if len(set(texts)) == 1:
            return [text(texts[0])]
        every = listed([text(each) for each in texts], "varchar")
        return [call("list_extract", every, binary(exp.Add, self.number.copy(), whole(1)))]

    def _values(self, told: Sequence[_Told], place: int, common: Mapping[str, Sql]) -> Sql:
        """Return what is shown in the slot at a place of every message."""
        ways: dict[str, tuple[Sql, list[int]]] = {}
        sorts: dict[tuple[str, Type], list[tuple[int, Sql]]] = {}
        for number, each in enumerate(told):
            if place >= len(each.slots):
                continue
            spoken, of, value = each.slots[place]
            key = _key(each.slots[place])
            if key in common:
                ways.setdefault(key, (common[key], []))[1].append(number)
            else:
                sorts.setdefault((spoken, of), []).append((number, value))
        branches = list(ways.values())
        for (spoken, of), values in sorts.items():
            value = self._picked(values, of)
            branches.append((shown(value, of, spoken), [number for number, _ in values]))
        if len(branches) == 1 and len(branches[0][1]) == len(told):
            return branches[0][0].copy()
        # where a message has no slot, concat leaves out what is unknown
        return when(
            [
                (is_one_of(self.number.copy(), map(whole, numbers)), found.copy())
                for found, numbers in branches
            ]
        )

    def _picked(self, values: Sequence[tuple[int, Sql]], of: Type) -> Sql:
        """Return the value of the rule's own slot, as a column."""
        if len({value.sql() for _, value in values}) == 1:
            return values[0][1].copy()
        name = f"slot{len(self.slots)}"
        picked = by_number(
            self.number.copy(), [(key, each.copy()) for key, each in values], sql_type(of)
        )
        self.slots.append((name, picked))
        return column(name)


def _key(slot: tuple[str, Type, Sql]) -> str:
    spoken, of, value = slot
    return f"{spoken} {of!r} {value.sql()}"
