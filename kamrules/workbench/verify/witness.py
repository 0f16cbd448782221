"""Witnesses: an account for which a question holds, among examples or searched for, proved by the engine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from kamrules.compiler.in_force import in_force
from kamrules.compiler.program import Condition, Logic
from kamrules.engines.row import engine_of
from kamrules.engines.row.question import Every, Holds, asked
from kamrules.expression.types import ACCOUNT_ID, ACCOUNTS, NOTHING_SAID, Kind
from kamrules.show import EPOCH
from kamrules.workbench.nearest.asking import Finder, translated
from kamrules.workbench.nearest.drawn import drawn
from kamrules.workbench.nearest.measured import FIXED, Inputs, signals_by_date
from kamrules.workbench.verify.accounts import Building

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from kamrules.compiler.examples import Example
    from kamrules.compiler.program import Program
    from kamrules.engines.cutoffs import Cutoffs
    from kamrules.engines.row.question import Question

NAME = "witness"
LEAST = -1_000.0
DRAWN = 2
"""So many other accounts are tried where the rows of the first cannot be made up."""
SIGNED = {Kind.MONEY, Kind.NUMBER, Kind.INTEGER, Kind.DAYS}
Facts = dict[str, Any]


@dataclass(slots=True)
class Witnesses:
    """Finds witnesses for one program on one date.

    `given` are accounts that are looked at first, each in the book it stands in. A few of them (`starts`),
    beside accounts of which nothing is known, are changed until the question holds, `most` cases being looked
    at for each.
    """

    program: Program
    as_of: datetime.date
    given: Sequence[Example]
    starts: int = 4
    most: int = 300
    inputs: Inputs = field(init=False)
    examples: list[Mapping[str, Any]] = field(init=False)
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
        blank = {ACCOUNT_ID: NAME}
        related = [name for name in self.program.tables if name != ACCOUNTS]
        empty: Facts = {**blank, **{name: [] for name in related}}
        self.examples = [empty, blank, *(each.account for each in self.given)]
        self.values = [self.measured(empty), self.measured(blank)]
        self.values += [self.measured(each.account, book=self._book(each)) for each in self.given]

    def measured(
        self,
        facts: Mapping[str, Any],
        inputs: Inputs | None = None,
        book: Cutoffs | None = None,
    ) -> list[Any]:
        """Return an account's values of the measured facts, or of other inputs."""
        engine = engine_of(self.program)
        prepared = engine.prepare(facts, strict=False)
        compact = engine.compact(prepared, self.as_of, cutoffs=book)
        return (inputs or self.inputs).values(prepared, compact)

    def _book(self, one: Example) -> Cutoffs | None:
        """Return how the accounts of an example's book compare, where rules compare accounts."""
        if not self.program.book_steps or not one.among:
            return None
        own = one.account[ACCOUNT_ID]
        others = (each for each in one.among if each[ACCOUNT_ID] != own)
        return engine_of(self.program).cutoffs((one.account, *others), self.as_of, strict=False)

    @property
    def today(self) -> int:
        """The date as days since 1970-01-01."""
        return self.as_of.toordinal() - EPOCH

    def among_examples(self, question: Question) -> Facts | None:
        """Return an example for which the question holds."""
        holds = self._holds(question)
        pairs = zip(self.examples, self.values, strict=True)
        return next((dict(facts) for facts, values in pairs if holds(values)), None)

    def _holds(self, question: Question) -> Callable[[Sequence[Any]], bool]:
        """Return what tells whether the question holds for values of the measured facts."""
        made = self.inputs
        answer = asked(made.program, made.layout, translated(question, made))
        return lambda values: bool(answer(values, (), self.today, None, None))

    def found(self, question: Question) -> Facts | None:
        """Return an account for which the question holds, an example or one that is searched for."""
        return self.among_examples(question) or self.searched(question)

    def searched(self, question: Question) -> Facts | None:
        """Return an account made from an example by the fewest changes; None when none was found.

        What is found is an example for the questions that follow: many ask for the same kind of account.
        """
        holds, starts = self._holds(question), self._nearest(question)
        found = next(
            (
                facts
                for inputs in (self.inputs, self._signed())
                for facts in self._made(Finder(inputs, question, (None, None)), starts)
                if holds(self.measured(facts))
            ),
            None,
        )
        if found is not None:
            self.examples.append(found)
            self.values.append(self.measured(found))
        return found

    def _signed(self) -> Inputs:
        """Return the inputs with columns that may also be negative, as books hold them now and then."""
        free = tuple(
            replace(each, least=LEAST)
            if each.address.startswith(f"{ACCOUNTS}.") and each.type.kind in SIGNED
            else each
            for each in self.inputs.facts
        )
        return replace(self.inputs, facts=free)

    def _made(self, finder: Finder, starts: Sequence[int]) -> Iterator[Facts]:
        """Yield accounts made from some examples for which the finder's question may hold."""
        for number in starts:
            facts, all_values = self.examples[number], self.values[number]
            values = [all_values[each] for each in finder.places]
            for wanted in self._wanted(finder, values):
                yield from self._built(finder, facts, values, wanted)

    def _wanted(self, finder: Finder, values: Sequence[Any]) -> Iterator[Sequence[Any]]:
        """Yield values of the measured facts that will do: with the fewest changes, then drawn ones."""
        found, levers, _ = finder.find(values, self.today, frozenset(), 1, self.most)
        if found:
            yield found[0].values
            question = finder.asked(values, self.today)
            yield from islice(drawn(question.present, levers, question.holds), DRAWN)

    def _nearest(self, question: Question) -> list[int]:
        """Return a few examples to begin with, those first for which most parts of the question hold."""
        tests = [self._holds(each) for each in _parts(question)]
        held = [sum(test(values) for test in tests) for values in self.values]
        order = sorted(range(len(self.examples)), key=lambda each: -held[each])
        return order[: self.starts]

    def _built(
        self, finder: Finder, facts: Mapping[str, Any], values: Sequence[Any], new: Sequence[Any]
    ) -> Iterator[Facts]:
        """Yield accounts that come near to the values wanted, made from an example's facts."""
        engine = engine_of(self.program)
        current = in_force(self.program, self.as_of)
        different = {
            fact.address: after
            for fact, before, after in zip(finder.facts, values, new, strict=True)
            if after != before
        }
        different = self._with_dates(finder, different)
        tables = {
            table for fact in finder.facts if fact.address in different for table in fact.tables
        }
        # what is made for one aggregate of a table may not disturb the others
        kept = {
            fact.address: value
            for fact, value in zip(finder.facts, new, strict=True)
            if not tables.isdisjoint(fact.tables)
        }
        building = Building(current, engine, self.as_of, self.today)
        for wanted in (different, {**kept, **different}):
            made = building.built({**facts, ACCOUNT_ID: NAME}, wanted)
            if made is not None:
                yield made

    def _with_dates(self, finder: Finder, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is wanted, with the day, if rules read it, of each signal that begins or ends."""
        read = {fact.address for fact in finder.facts}
        found = dict(wanted)
        for day, holds in signals_by_date(self.program).items():
            if day in read and holds in wanted and wanted.get(day) is None:
                found[day] = float(self.today) if wanted[holds] else None
        return found


def _parts(question: Question) -> Iterator[Question]:
    """Yield the parts that must all hold."""
    match question:
        case Every(parts=parts):
            for each in parts:
                yield from _parts(each)
        case Holds(condition=Condition(logic=Logic.ALL, members=members)):
            for one in members:
                yield from _parts(Holds(one))
        case _:
            yield question
