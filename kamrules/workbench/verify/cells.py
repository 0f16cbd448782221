"""Cells: the finitely many cases of each term, and the search that proves a question impossible."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

from kamrules.compiler.order import OF_BOOK
from kamrules.engines.layout import Layout
from kamrules.engines.row.question import Every, Holds, Lacks, Some, conditions_of
from kamrules.expression.nodes import BookFunction
from kamrules.expression.types import Kind
from kamrules.workbench.nearest.crossings import Reading
from kamrules.workbench.nearest.measured import NUMBERS, Inputs, covered
from kamrules.workbench.nearest.possible import possible, spans
from kamrules.workbench.nearest.ranges import ANY, ANYTHING
from kamrules.workbench.verify.dated import dated
from kamrules.workbench.verify.direction import Way
from kamrules.workbench.verify.links import links
from kamrules.workbench.verify.made import made_of
from kamrules.workbench.verify.terms import CONDITIONS, FACTS, PLACES, Term, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kamrules.compiler.program import Program
    from kamrules.engines.row.question import Question
    from kamrules.expression.nodes import Node
    from kamrules.workbench.nearest.measured import MeasuredFact

Cell = Any
"""(low, high, is unknown, is known) for a number, else a frozenset of one value or one kind of values."""

WHOLE = {Kind.INTEGER, Kind.DAYS, Kind.DATE}
FARTHEST = 1e18
EARLIEST, LATEST = -719_162.0, 2_932_896.0
"""The first and the last date that there is, in days since 1970-01-01."""
LOOKED_AHEAD = 6
"""Of so many terms that are still open the one with the fewest cases left is taken next."""


class TooManyError(Exception):
    """There are more cases than may be looked at."""


@dataclass(slots=True)
class Prover:
    """Proves questions about one program on one date; `most` cases may be looked at for each."""

    depths: tuple[Terms, ...]
    inputs: Inputs
    today: int
    before: tuple[str | None, str | None] = (None, None)
    most: int = 50_000
    known: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, program: Program, today: int, columns: tuple[str, ...]) -> Prover:
        """Return the prover for a program in force; `columns` are the account's as it is prepared."""
        depths = tuple(Terms(program, today, each) for each in (FACTS, CONDITIONS, PLACES))
        return cls(depths, Inputs.of(program, columns, priced=False), today)

    def impossible(self, question: Question) -> bool | None:
        """Return whether no account can be so; None: too many cases. False is no proof that one can."""
        told: list[bool | None] = []
        for terms in self.depths:
            told.append(self._impossible(terms, question))
            if told[-1]:
                return True
        return None if told[-1] is None else False

    def never_falls(self, question: Question, way: Callable[[Node], Way]) -> bool | None:
        """Return whether what holds goes on to hold when terms move as `way` tells; None: too many cases."""
        told: list[bool | None] = []
        for terms in self.depths:
            told.append(self._never_falls(terms, question, way))
            if told[-1]:
                return True
        return None if told[-1] is None else False

    def _impossible(self, terms: Terms, question: Question) -> bool | None:
        asked = terms.question(question)
        used, layout = self._used(terms, asked)
        may = possible(terms.program, layout, asked)
        cells = [cells_of(each, span) for each, span in zip(used, self.spans(used), strict=True)]
        linked = list(links(used, self.span, terms.name, covered(terms.original)))
        linked += dated(used, terms.original)

        def able(boxes: list[Any]) -> bool:
            fits = all(each(boxes) for each in linked)
            return fits and may(boxes, self.today, *self.before)

        told = _proved(Cases(cells, hull_of, able, self.most))
        if told is not False:
            return told
        # what terms are made of is looked into only where it takes that
        made = made_of(used, terms.name, terms.original, self._reach, self.today)
        if made is None:
            return False
        return _proved(Cases(cells, hull_of, lambda boxes: made(boxes) and able(boxes), self.most))

    def _reach(self, node: Node) -> Any:  # noqa: ANN401  a range, a truth or values
        return self._worked_out([node])[0]

    def _never_falls(
        self, terms: Terms, question: Question, way: Callable[[Node], Way]
    ) -> bool | None:
        """Look for a case in which the question holds, and a later one in which it does not."""
        asked = terms.question(question)
        used, layout = self._used(terms, asked)
        first = possible(terms.program, layout, asked)
        then = possible(terms.program, layout, negated(asked))
        pairs = [
            list(moves(cells_of(each, span), way(each.node)))
            for each, span in zip(used, self.spans(used), strict=True)
        ]
        when = (self.today, *self.before)

        def may(boxes: list[Any]) -> bool:
            early, late = [each[0] for each in boxes], [each[1] for each in boxes]
            return first(early, *when) and then(late, *when)

        return _proved(Cases(pairs, _both, may, self.most))

    @staticmethod
    def _used(terms: Terms, asked: Question) -> tuple[list[Term], Layout]:
        read = Reading(terms.program).columns(conditions_of(asked))
        used = [each for name, each in terms.terms.items() if name in read]
        return used, Layout(tuple(each.name for each in used), ())

    def span(self, node: Node) -> tuple[float, float]:
        """Return the least and the most that a number can be."""
        low, high, _, known = self._worked_out([node])[0]
        return (low, high) if known else (0.0, 0.0)

    def spans(self, terms: Sequence[Term]) -> list[Any]:
        """Return what each term may be at all: a score 0 to 100, a count nothing below 0, and so on."""
        new = [each for each in terms if each.name not in self.known]
        if new:
            found = self._worked_out([each.node for each in new])
            self.known |= {each.name: span for each, span in zip(new, found, strict=True)}
        return [self.known[each.name] for each in terms]

    def _worked_out(self, nodes: Sequence[Node]) -> tuple[Any, ...]:
        program = self.inputs.program
        layout = Layout(tuple(each.address for each in self.inputs.facts), ())
        reach = spans(program, layout, [self.inputs.translate(each) for each in nodes])
        boxes = [_anything(each, self.today) for each in self.inputs.facts]
        return reach(boxes, self.today, *self.before)


def _anything(fact: MeasuredFact, today: int) -> Cell:
    kind = fact.type.kind
    if fact.address.startswith("book."):
        function = BookFunction(fact.address.rpartition(".")[2])
        bounds = OF_BOOK[function]
        rises = function in {BookFunction.RANK, BookFunction.RANK_SHARE}
        return (bounds.least if rises else -bounds.most, bounds.most, True, True)
    match kind:
        case Kind.BOOL:
            return frozenset({True, False, None})
        case Kind.CHOICE:
            return frozenset({*fact.type.choices, None})
        case Kind.TEXT:
            return frozenset({ANYTHING, None})
        case Kind.DATE:
            return (EARLIEST, float(today) if fact.past else LATEST, True, True)
        case _:
            low = -FARTHEST if fact.least is None else fact.least
            return (low, FARTHEST, True, True)


def cells_of(term: Term, span: Any) -> list[Cell]:  # noqa: ANN401  a range, a truth or values
    """Return the cases of a term: each number it is compared with, each stretch between them, and unknown."""
    kind = term.type.kind
    if kind is Kind.BOOL:
        able, not_able, unknown = span
        pairs = ((able, True), (not_able, False), (unknown, None))
        return [frozenset({value}) for may, value in pairs if may]
    if kind not in NUMBERS:
        return _texts(term, span)
    low, high, unknown, known = span
    cells: list[Cell] = [(0.0, 0.0, True, False)] if unknown else []
    if known:
        cells += [(a, b, False, True) for a, b in _stretches(sorted(term.cuts), low, high, kind)]
    return cells


def _stretches(
    cuts: Sequence[float], low: float, high: float, kind: Kind
) -> list[tuple[float, float]]:
    """Return points and open stretches from low to high; of whole numbers only those that hold one."""
    # what leaves the range of doubles is unknown, not infinite
    low, high = max(low, -sys.float_info.max), min(high, sys.float_info.max)
    if kind in WHOLE:
        low, high = math.ceil(low), math.floor(high)
    found, start = [], float(low)
    for cut in cuts:
        if kind in WHOLE:
            before, after, point = (
                float(math.ceil(cut) - 1),
                float(math.floor(cut) + 1),
                cut == int(cut),
            )
        else:
            before, after, point = (
                math.nextafter(cut, -math.inf),
                math.nextafter(cut, math.inf),
                True,
            )
        if start <= min(before, high):
            found.append((start, min(before, high)))
        if point and start <= cut <= high:
            found.append((cut, cut))
        start = max(start, after)
    if start <= high:
        found.append((start, float(high)))
    return found


def _texts(term: Term, span: Any) -> list[Cell]:  # noqa: ANN401
    choices = set(term.type.choices)
    # what a plug-in's function gives is as free as a text that nobody names
    known = {ANYTHING if each is ANY else each for each in span if each is not None}
    named = sorted(term.named & (choices or term.named))
    cells: list[Cell] = [
        frozenset({each}) for each in named if not choices or each in known or ANYTHING in known
    ]
    rest = sorted(known - set(named))
    if rest or not choices:
        cells.append(frozenset({rest[0] if rest else ANYTHING}))
    if None in span:
        cells.append(frozenset({None}))
    return cells


def moves(cells: Sequence[Cell], way: Way) -> Iterator[tuple[Cell, Cell]]:
    """Yield the pairs of cells of a term before and after a fact rises."""
    if way is Way.STILL:
        yield from ((each, each) for each in cells)
        return
    order = sorted(cells, key=_place)
    for early, late in product(order, order):
        same = _unknown(early) == _unknown(late)
        rising = _place(early) <= _place(late)
        falling = _place(early) >= _place(late)
        if way is Way.UNCLEAR or (same and (rising if way is Way.UP else falling)):
            yield early, late


def _place(cell: Cell) -> float:
    """Return where a cell stands: false before true, and numbers by size."""
    if isinstance(cell, frozenset):
        (only,) = cell
        return float(only) if isinstance(only, bool) else 0.0
    return float(cell[0])


def _unknown(cell: Cell) -> bool:
    return cell == frozenset({None}) if isinstance(cell, frozenset) else bool(cell[2])


def _both(pairs: Sequence[tuple[Cell, Cell]]) -> tuple[Cell, Cell]:
    return hull_of([each[0] for each in pairs]), hull_of([each[1] for each in pairs])


def negated(question: Question) -> Question:
    """Return the question that holds where this one does not."""
    match question:
        case Holds(condition=condition):
            return Lacks(condition)
        case Lacks(condition=condition):
            return Holds(condition)
        case Every(parts=parts):
            return Some(tuple(negated(each) for each in parts))
        case Some(parts=parts):
            return Every(tuple(negated(each) for each in parts))


def _proved(search: Cases) -> bool | None:
    try:
        return not search.any()
    except TooManyError:
        return None


class Cases:
    """A search through the cases of all terms at once, cut short wherever the question cannot hold."""

    def __init__(
        self,
        cells: list[list[Any]],
        hull: Callable[[Sequence[Any]], Any],
        may: Callable[[list[Any]], bool],
        most: int,
    ) -> None:
        self.cells = cells
        self.may = may
        self.left = most
        self.whole = [hull(each) for each in cells]

    def any(self) -> bool:
        """Return whether there is a case in which the question may hold. Raises TooManyError."""
        return self._able(self.whole) and self._deeper(
            list(self.whole), list(range(len(self.cells)))
        )

    def _able(self, boxes: list[Any]) -> bool:
        self.left -= 1
        if self.left < 0:
            raise TooManyError
        return self.may(boxes)

    def _deeper(self, boxes: list[Any], waiting: list[int]) -> bool:
        if not waiting:
            return True
        chosen, feasible = -1, None
        for place in waiting[:LOOKED_AHEAD]:
            kept = boxes[place]
            some = []
            for cell in self.cells[place]:
                boxes[place] = cell
                if self._able(boxes):
                    some.append(cell)
            boxes[place] = kept
            if not some:
                return False
            if feasible is None or len(some) < len(feasible):
                chosen, feasible = place, some
            if len(some) == 1:
                break
        rest = [each for each in waiting if each != chosen]
        kept = boxes[chosen]
        for cell in feasible or ():
            boxes[chosen] = cell
            if self._deeper(boxes, rest):
                return True
        boxes[chosen] = kept
        return False


def hull_of(cells: Sequence[Cell]) -> Cell:
    """Return the box that holds all cells."""
    if cells and isinstance(cells[0], frozenset):
        return frozenset().union(*cells)
    known = [each for each in cells if each[3]]
    unknown = any(each[2] for each in cells)
    if not known:
        return (0.0, 0.0, unknown, False)
    return (min(e[0] for e in known), max(e[1] for e in known), unknown, True)
