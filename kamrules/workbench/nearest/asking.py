"""Asking: the ways to another decision about one account, each proved by the row engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from kamrules.compiler.in_language import in_language
from kamrules.compiler.parts import changed
from kamrules.decision import Earlier
from kamrules.engines.layout import Layout
from kamrules.engines.row import day_of, engine_of
from kamrules.engines.row.question import Every, Holds, Lacks, Question, Some, asked, steps_of
from kamrules.expression.types import Kind
from kamrules.show import EPOCH
from kamrules.workbench.nearest.crossings import Crossings, Reading
from kamrules.workbench.nearest.gains import Gains, Structure
from kamrules.workbench.nearest.levers import lever, point
from kamrules.workbench.nearest.measured import NUMBERS, Inputs
from kamrules.workbench.nearest.needs import atoms_of, branches_of, need_of, reaches_of
from kamrules.workbench.nearest.outcome import columns_of, outcome
from kamrules.workbench.nearest.possible import possible, probe
from kamrules.workbench.nearest.ranges import ANYTHING
from kamrules.workbench.nearest.search import Asked, Found, Search
from kamrules.workbench.nearest.telling import Telling

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kamrules.compiler.program import Program
    from kamrules.decision import Decision, Way
    from kamrules.engines.cutoffs import Cutoffs
    from kamrules.workbench.nearest.levers import Box, Lever
    from kamrules.workbench.nearest.measured import MeasuredFact

DEAREST = 2_000.0
"""Costs beyond this are told apart no more when bounds are worked out; the search still goes on."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """What would bring an outcome about.

    `reached`: it is so already. `ways`: the cheapest first, none within another. `blocked_by`: when there is
    no way, the facts that cannot be changed and of which another value would open one; with `together` only
    other values of all of them. `lacking`: the tables among them that the book does not have. `searched`:
    False when the search was given up before all was looked at, so that without ways nothing is proved.
    """

    reached: bool
    ways: tuple[Way, ...] = ()
    blocked_by: tuple[str, ...] = ()
    searched: bool = True
    together: bool = False
    lacking: tuple[str, ...] = ()


class Finder:
    """Finds ways for the accounts of one program, one date and one question."""

    def __init__(
        self, inputs: Inputs, question: Question, before: tuple[str | None, str | None]
    ) -> None:
        self.question = translated(question, inputs)
        self.inputs = inputs = inputs.reading(columns_of(self.question))
        made = inputs.program
        steps = steps_of(made, self.question)
        self.crossings = Crossings(made, steps, self.question)
        self.places = [
            n for n, each in enumerate(inputs.facts) if each.address in self.crossings.columns
        ]
        self.facts = [inputs.facts[each] for each in self.places]
        self.layout = Layout(tuple(each.address for each in self.facts), ())
        self.before = before
        self._holds = asked(made, self.layout, self.question)
        self._may = possible(made, self.layout, self.question)
        self._structure(Reading(made), before)

    def _structure(self, reading: Reading, before: tuple[str | None, str | None]) -> None:
        program = self.inputs.program
        need = need_of(program, self.question, *before)
        atoms = tuple(atoms_of(need))
        scores = {each.score for each in reaches_of(need)}
        criteria = tuple(
            (score.address, one)
            for score in program.scores
            if score.address in scores
            for one in score.criteria
        )
        self.structure = Structure(
            need,
            atoms,
            criteria,
            {id(each): reading.columns(each.node) for each in atoms},
            tuple(reading.columns(one.value) for _, one in criteria),
            lambda place, columns: reading.even(criteria[place][1].value, columns),
        )
        self.branches = [
            replace(self.structure, need=each)
            for each in sorted(branches_of(need), key=lambda each: len(reaches_of(each)))
        ]
        self._probe = probe(program, self.layout, self.question, atoms, sorted(scores))

    def levers(self, values: Sequence[Any], today: int, lacking: frozenset[str]) -> list[Lever]:
        """Return the facts of an account that can be changed; those of tables that its book lacks cannot."""
        turns = self.crossings.of(dict(zip(self.layout.account, values, strict=True)), today)
        found = []
        for index, fact in enumerate(self.facts):
            if fact.changing.changeable is False or not lacking.isdisjoint(fact.tables):
                continue
            named = self.crossings.texts(fact.address)
            cuts = turns.get(fact.address, ())
            found.append(lever(index, fact, values[index], cuts, today, named))
        return found

    def asked(self, values: Sequence[Any], today: int) -> Asked:
        """Return the question about an account with these values of the measured facts."""
        when = (today, *self.before)
        still = [
            point(value, numeric=fact.type.kind in NUMBERS)
            for value, fact in zip(values, self.facts, strict=True)
        ]

        def gains(branch: Structure, order: Sequence[Lever], ceiling: float) -> Gains:
            return Gains(
                branch, lambda boxes: self._probe(boxes, *when), still, order,
                self.layout.account, min(ceiling, DEAREST),
            )  # fmt: skip

        return Asked(
            lambda some: self._holds(some, (), *when),
            lambda boxes: self._may(boxes, *when),
            still,
            list(values),
            [partial(gains, each) for each in self.branches],
        )

    def find(
        self,
        values: Sequence[Any],
        today: int,
        lacking: frozenset[str],
        alternatives: int,
        most: int,
    ) -> tuple[list[Found], list[Lever], bool]:
        """Return up to so many ways, the levers there were, and whether all was looked at."""
        question = self.asked(values, today)
        levers = self.levers(values, today, lacking)
        search = Search(question, most)
        first = search.run(levers)
        found = [] if first is None else [first]
        # a text that a function looks at was not tried with every value
        hidden = any(each.fact.type.kind is Kind.TEXT and each.fact.address in self.crossings.lent
                     for each in levers)  # fmt: skip
        searched = first is not None or not (search.gave_up or hidden)
        tried: set[frozenset[int]] = {frozenset()}
        left = most - search.looked
        while left > 0 and found and found[0].cost > 0 and len(found) < alternatives:
            best, left = self._another(question, levers, found, tried, left)
            if best is None:
                break
            found.append(best)
        return found, levers, searched

    def _another(
        self, question: Asked, levers: list[Lever], found: list[Found],
        tried: set[frozenset[int]], most: int,
    ) -> tuple[Found | None, int]:  # fmt: skip
        """Return the cheapest way that neither holds one of those found nor is part of one.

        `most` boxes may be looked at; what is left of them is returned beside it.
        """
        sets = [_moved(each, question) for each in found]
        best: Found | None = None
        for without in _hitting(sets):
            if without in tried or most <= 0:
                continue
            usable = [each for each in levers if each.index not in without]
            limit = float("inf") if best is None else best.cost
            search = Search(question, most)
            other = search.run(usable, limit)
            most -= search.looked
            if other is None:
                tried.add(without)
                continue
            moved = _moved(other, question)
            if any(moved <= each or each <= moved for each in sets):
                tried.add(without)
            elif best is None or other.cost < best.cost:
                best = other
        return best, most

    def blocked(
        self, values: Sequence[Any], today: int, levers: Sequence[Lever]
    ) -> tuple[list[MeasuredFact], bool]:
        """Return the facts that cannot be changed and of which another value would open a way.

        Where no single one would, the fewest that would together, told by True; none where nothing would.
        """
        still = list(self.asked(values, today).still)
        boxes = list(still)
        for each in levers:
            boxes[each.index] = each.whole()
        usable = {each.index for each in levers}
        fixed = [index for index in range(len(self.facts)) if index not in usable]
        whole = {index: self._whole(index, values, today) for index in fixed}
        single = [index for index in fixed if self._may_with(boxes, {index: whole[index]}, today)]
        if single or not self._may_with(boxes, whole, today):
            return [self.facts[index] for index in single], False
        for index in fixed:
            fewer = {other: box for other, box in whole.items() if other != index}
            if self._may_with(boxes, fewer, today):
                whole = fewer
        return [self.facts[index] for index in whole], True

    def _whole(self, index: int, values: Sequence[Any], today: int) -> Box:
        fact = self.facts[index]
        named = (*self.crossings.texts(fact.address), ANYTHING)
        return lever(index, fact, values[index], (), today, named).whole()

    def _may_with(self, boxes: Sequence[Box], more: Mapping[int, Box], today: int) -> bool:
        trial = [more.get(index, box) for index, box in enumerate(boxes)]
        return self._may(trial, today, *self.before)


def _moved(found: Found, question: Asked) -> frozenset[int]:
    pairs = enumerate(zip(found.values, question.present, strict=True))
    return frozenset(index for index, (new, old) in pairs if new != old)


def _hitting(sets: list[frozenset[int]]) -> Iterable[frozenset[int]]:
    """Yield sets with a member of each: what a way without any of the others as part must leave alone."""
    some = [frozenset[int]()]
    for each in sets:
        some = list(
            dict.fromkeys(
                one if one & each else one | {member} for one in some for member in sorted(each)
            )
        )
    return some


def translated(question: Question, inputs: Inputs) -> Question:
    """Return a question about measured facts."""
    match question:
        case Holds(condition=condition):
            return Holds(changed(condition, inputs.translate))
        case Lacks(condition=condition):
            return Lacks(changed(condition, inputs.translate))
        case Every(parts=parts):
            return Every(tuple(translated(each, inputs) for each in parts))
        case Some(parts=parts):
            return Some(tuple(translated(each, inputs) for each in parts))


_known: WeakKeyDictionary[Program, dict[Any, Any]] = WeakKeyDictionary()
MOST_KEPT = 64


def kept(program: Program, key: Any, make: Callable[[], Any]) -> Any:  # noqa: ANN401
    """Return what is worked out once for a program; the oldest goes when there are many."""
    kept = _known.setdefault(program, {})
    if key not in kept:
        while len(kept) >= MOST_KEPT:
            del kept[next(iter(kept))]
        kept[key] = make()
    return kept[key]


def nearest(  # noqa: PLR0913  what one answer depends on
    program: Program,
    facts: Mapping[str, Any],
    wanted: str,
    *,
    as_of: datetime.date | str,
    earlier: Earlier | None = None,
    cutoffs: Cutoffs | None = None,
    language: str | None = None,
    alternatives: int = 3,
    strict: bool = True,
    most: int = 1_000,
) -> Nearest:
    """Return the cheapest changes of an account's facts after which the wanted outcome comes out.

    `facts`, `as_of`, `earlier`, `cutoffs`, `strict` and `language` as for `kamrules.decide`; `wanted` as
    `outcome` reads it. Changes are of measured facts: account columns, aggregates of related rows ("one more
    executive"), and derived facts that the ruleset prices. Up to `alternatives` ways are returned, none part
    of another. They are found on the rules' structure: a way's `at_least` is proved, and the row engine has
    decided with its changes. `most` bounds the boxes looked at, so the time: about half a millisecond each.

    Raises UsageError for an outcome that the ruleset does not know, DataError as `decide` does.
    """
    engine = engine_of(program)
    day = day_of(as_of)
    prepared = engine.prepare(facts, strict=strict)
    compact = engine.compact(prepared, day, earlier, cutoffs)
    current = engine.slice(day)[0]
    columns = engine.preparer.layout.account
    inputs = kept(current, "inputs", lambda: Inputs.of(current, columns))
    before = (None, None) if earlier is None else (earlier.class_, earlier.tier)
    finder: Finder = kept(
        current, (wanted, before), lambda: Finder(inputs, outcome(current, wanted), before)
    )
    everything = finder.inputs.values(prepared, compact)
    values = [everything[each] for each in finder.places]
    today = day.toordinal() - EPOCH
    lacking = frozenset(program.tables) - facts.keys()
    found, levers, searched = finder.find(values, today, lacking, alternatives, most)
    if found and found[0].cost == 0:
        return Nearest(reached=True)
    spoken = language if language in current.languages else current.languages[0]
    telling = Telling(in_language(current, spoken), spoken)
    ways = tuple(telling.way(each, values, levers) for each in found)
    if ways or not searched:
        return Nearest(reached=False, ways=ways, searched=searched)
    blocked, together = finder.blocked(values, today, levers)
    tables = {table for each in blocked for table in each.tables}
    return Nearest(
        reached=False,
        blocked_by=tuple(each.name for each in blocked),
        together=together,
        lacking=tuple(sorted(tables & lacking)),
    )


def with_ways(  # noqa: PLR0913  what one answer depends on
    program: Program,
    decision: Decision,
    facts: Mapping[str, Any],
    *,
    cutoffs: Cutoffs | None = None,
    language: str | None = None,
    strict: bool = True,
    alternatives: int = 3,
) -> Decision:
    """Return a decision that also says how its next class and tier can be come by at the next run.

    The class and tier of the decision are what the next run will know from before. Raises as `nearest` does.
    """
    earlier = Earlier(class_=decision.class_, tier=decision.tier)
    changed_parts = {}
    for name, step in (("class", decision.next_class), ("tier", decision.next_tier)):
        if step is None:
            continue
        found = nearest(
            program,
            facts,
            f"{name}={step.to}",
            as_of=decision.as_of,
            earlier=earlier,
            cutoffs=cutoffs,
            language=language,
            strict=strict,
            alternatives=alternatives,
        )
        changed_parts[f"next_{name}"] = step.model_copy(update={"ways": found.ways})
    return decision.model_copy(update=changed_parts)
