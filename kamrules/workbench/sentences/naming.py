"""What sentences call tables, columns, facts and choices: their titles, else their ids in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.labels import PLACEMENTS
from kamrules.expression.nodes import AccountColumn, RowColumn, StepValue
from kamrules.expression.types import ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.compiler.program import Program
    from kamrules.expression.nodes import Node


def plain(name: str) -> str:
    """Return an id in plain words."""
    return name.replace("_", " ")


class Naming:
    """The names of one program in a language."""

    def __init__(self, program: Program, language: str, phrases: Mapping[str, str]) -> None:
        self.program = program
        self.phrases = phrases
        self.texts = program.translations.get(language, {})
        self.facts = {each.id: each.title or plain(each.id) for each in program.facts}
        self.scores = {each.id: each.title for each in program.scores}
        self.criteria = {one.id: one.title for score in program.scores for one in score.criteria}
        self.parameters = {each.id: each.title or plain(each.id) for each in program.parameters}
        self.ruled = {
            "class": {each.id: each.title for each in program.classes},
            "tier": {each.id: each.title for each in program.tiers},
            "phase": {each.id: each.title for each in program.phases},
            "strategy": {each.id: each.title for each in program.strategies},
        }
        self.bands = {
            f"{score.address}.band": {each.id: each.title for each in score.bands}
            for score in program.scores
        }

    def choice(self, value: str, item: Node) -> str:
        """Return what people read for a choice of that item."""
        match item:
            case StepValue(address=address) if address in PLACEMENTS:
                return self.ruled[PLACEMENTS[address]].get(value, plain(value))
            case StepValue(address=address) if address in self.bands:
                return self.bands[address].get(value, plain(value))
            case StepValue(address=address):
                lead = address
            case AccountColumn(name=name):
                lead = f"table.{ACCOUNTS}.column.{name}"
            case RowColumn(table=table, name=name):
                lead = f"table.{table}.column.{name}"
            case _:
                return self._any(value, item)
        return self.texts.get(f"{lead}.choices.{value}", plain(value))

    def _any(self, value: str, item: Node) -> str:
        """Return what people read for a choice that stands alone, as the result of an `if` does."""
        for fact in self.program.facts:
            if fact.type.choices == item.type.choices:
                return self.texts.get(f"fact.{fact.id}.choices.{value}", plain(value))
        return plain(value)

    def table(self, name: str) -> str:
        """Return the name of a table."""
        table = self.program.tables.get(name)
        return (table.title if table is not None else "") or plain(name)

    def column(self, table: str, name: str) -> str:
        """Return the name of a column."""
        known = self.program.tables.get(table)
        column = known.columns.get(name) if known is not None else None
        return (column.title if column is not None else "") or plain(name)

    def parameter(self, name: str) -> str:
        """Return the name of a parameter."""
        return self.parameters.get(name, plain(name))

    def name(self, node: AccountColumn | RowColumn | StepValue) -> str:
        """Return the name of a column or of the result of a step."""
        match node:
            case AccountColumn(name=name):
                return self.column(ACCOUNTS, name)
            case RowColumn(table=table, name=name):
                return self.column(table, name)
        return self._step(node.address)

    def _step(self, address: str) -> str:
        kind, _, rest = address.partition(".")
        if address == "tier.level":
            return self.phrases["level"]
        if address in PLACEMENTS:
            return self.phrases[address]
        if kind == "fact":
            return self.facts.get(rest, plain(rest))
        if kind == "signal":
            return self._signal(rest)
        if kind == "criterion":
            return self.phrases["points"].format(a=self.criteria.get(rest, plain(rest)))
        score, _, part = rest.partition(".")
        title = self.scores.get(score, plain(score))
        return self.phrases[part].format(a=title) if part else title

    def _signal(self, rest: str) -> str:
        """Return the name of a signal, or of the day on which it came about."""
        name, _, part = rest.partition(".")
        title = self.facts.get(name, plain(name))
        return self.phrases["day of"].format(a=title) if part else title
