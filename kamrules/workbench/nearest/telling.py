"""Ways as people read them: what changes, from what to what, at what cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.decision import Change, Way
from kamrules.engines.row.account import outside
from kamrules.expression.nodes import StepValue
from kamrules.expression.types import ACCOUNTS, Kind
from kamrules.show import show, words_of
from kamrules.workbench.nearest.ranges import ANYTHING
from kamrules.workbench.sentences import Sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.compiler.program import Program
    from kamrules.workbench.nearest.levers import Lever
    from kamrules.workbench.nearest.measured import MeasuredFact
    from kamrules.workbench.nearest.search import Found

KNOWN = {"en": "known", "zh": "已知"}


class Telling:
    """Tells ways in one language; `program` is in that language already."""

    def __init__(self, program: Program, language: str) -> None:
        self.language = language
        self.texts = program.translations.get(language, {})
        self.naming = Sentences(program, language).naming
        self.addresses = {each.id: each.address for each in program.facts}
        self.titles = {each.address: each.title for each in program.facts}
        self.titles |= {each.id: each.title for each in program.facts}
        self.titles |= {
            each.name: each.title
            for each in program.tables[ACCOUNTS].columns.values()
            if each.title
        }

    def way(self, found: Found, values: Sequence[Any], levers: Sequence[Lever]) -> Way:
        """Return what was found as changes, the dearest first."""
        changes = [
            self._change(each, values[each.index], found.values[each.index])
            for each in levers
            if found.values[each.index] != values[each.index]
        ]
        changes.sort(key=lambda each: -each.cost)
        return Way(
            changes=tuple(changes), cost=round(found.cost, 6), at_least=round(found.floor, 6)
        )

    def _change(self, lever: Lever, before: Any, after: Any) -> Change:  # noqa: ANN401
        fact = lever.fact
        return Change(
            fact=fact.name,
            title=self._title(fact),
            before=outside(before, fact.type),
            after=None if after == ANYTHING else outside(after, fact.type),
            before_shown=self._shown(fact, before),
            after_shown=self._shown(fact, after, exact=True),
            cost=round(lever.cost(after), 6),
        )

    def _title(self, fact: MeasuredFact) -> str:
        if fact.past:  # the date of a signal has the signal's title
            return self.naming.name(StepValue(self.addresses[fact.name], fact.type))
        return self.titles.get(fact.name) or fact.title or fact.name.replace("_", " ")

    def _shown(self, fact: MeasuredFact, value: Any, *, exact: bool = False) -> str:  # noqa: ANN401
        """Return a value as people read it; `exact`: with all digits, where just above a bound is meant."""
        if value == ANYTHING:
            return KNOWN.get(self.language.partition("-")[0], KNOWN["en"])
        if fact.type.kind is Kind.CHOICE and value is not None:
            lead = f"table.{fact.address.replace('.', '.column.', 1)}"
            address = lead if fact.address.startswith(f"{ACCOUNTS}.") else f"fact.{fact.name}"
            return self.texts.get(f"{address}.choices.{value}", str(value).replace("_", " "))
        if value is None:
            return words_of(self.language)["unknown"]
        told = show(value, fact.type, self.language)
        if not exact:
            return told
        if fact.type.kind is Kind.SHARE and f"{value * 100:.4f}" != f"{value * 100:.1f}000":
            return f"{value * 100:.4f}".rstrip("0").rstrip(".") + "%"
        if fact.type.kind is Kind.MONEY and value != round(value):
            return f"{value:,.4f}".rstrip("0")
        return told
