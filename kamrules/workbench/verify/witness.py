"""Witnesses: an account for which a question holds, found among examples or by search, proved by the engine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kamrules.compiler.in_force import in_force
from kamrules.engines.row import engine_of
from kamrules.engines.row.prepare import EPOCH
from kamrules.engines.row.question import asked
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS, NOTHING_SAID
from kamrules.workbench.nearest.asking import Finder, translated
from kamrules.workbench.nearest.measured import FIXED, Inputs
from kamrules.workbench.verify.accounts import Building

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence

    from kamrules.compiler.program import Program
    from kamrules.engines.row.question import Question

NAME = "witness"
Facts = dict[str, Any]


@dataclass(slots=True)
class Witnesses:
    """Finds witnesses for one program on one date.

    `examples` are accounts to look at first; `starts` of them, beside an account of which nothing is known, are
    changed until the question holds, `most` cases being looked at for each.
    """

    program: Program
    as_of: datetime.date
    examples: Sequence[Mapping[str, Any]]
    starts: int = 3
    most: int = 300
    inputs: Inputs = field(init=False)
    values: list[list[Any]] = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the examples."""
        engine = engine_of(self.program)
        current = in_force(self.program, self.as_of)
        columns = engine.preparer.layout.account
        inputs = Inputs.of(current, columns, priced=False)
        free = tuple(
            each if each.changing == FIXED and each.address.startswith("book.")
            else replace(each, changing=NOTHING_SAID)
            for each in inputs.facts
        )  # fmt: skip
        self.inputs = replace(inputs, facts=free)
        self.examples = [self._blank(), *self.examples]
        self.values = [self._measured(each) for each in self.examples]

    def _blank(self) -> Facts:
        related = [name for name in self.program.tables if name != ACCOUNTS]
        return {ACCOUNT_ID: NAME, **{name: [] for name in related}}

    def _measured(self, facts: Mapping[str, Any]) -> list[Any]:
        engine = engine_of(self.program)
        prepared = engine.prepare(facts, strict=False)
        return self.inputs.values(prepared, engine.compact(prepared, self.as_of))

    @property
    def today(self) -> int:
        """The date as days since 1970-01-01."""
        return self.as_of.toordinal() - EPOCH

    def among_examples(self, question: Question) -> Facts | None:
        """Return an example for which the question holds."""
        made = self.inputs
        holds = asked(made.program, made.layout, translated(question, made))
        for facts, values in zip(self.examples, self.values, strict=True):
            if holds(values, (), self.today, None, None):
                return dict(facts)
        return None

    def searched(self, question: Question) -> Facts | None:
        """Return an account made from an example by the fewest changes; None when none was found."""
        finder = Finder(self.inputs, question, (None, None))
        starts = range(min(self.starts + 1, len(self.examples)))
        for number in starts:
            facts, all_values = self.examples[number], self.values[number]
            values = [all_values[each] for each in finder.places]
            found, _, _ = finder.find(values, self.today, frozenset(), 1, self.most)
            if not found:
                continue
            made = self._built(finder, facts, values, found[0].values)
            if made is not None and self._so(question, made):
                return made
        return None

    def _built(
        self, finder: Finder, facts: Mapping[str, Any], values: Sequence[Any], wanted: Sequence[Any]
    ) -> Facts | None:
        engine = engine_of(self.program)
        current = in_force(self.program, self.as_of)
        different = {
            fact.address: new
            for fact, old, new in zip(finder.facts, values, wanted, strict=True)
            if new != old
        }
        tables = {fact.table for fact in finder.facts if fact.address in different}
        # what is made for one aggregate of a table may not disturb the others
        kept = {
            fact.address: value
            for fact, value in zip(finder.facts, wanted, strict=True)
            if fact.table is not None and fact.table in tables
        }
        building = Building(current, engine, self.as_of, self.today)
        return building.built({**facts, ACCOUNT_ID: NAME}, {**kept, **different})

    def _so(self, question: Question, facts: Mapping[str, Any]) -> bool:
        """Whether the question holds for a full set of facts."""
        made = self.inputs
        holds = asked(made.program, made.layout, translated(question, made))
        return bool(holds(self._measured(facts), (), self.today, None, None))
