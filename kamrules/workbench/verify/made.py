"""Made of: what a term can be beside those that it is worked out from, as `a + b` beside `a` and `b`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kamrules.engines.layout import Layout
from kamrules.expression import canonical
from kamrules.expression.nodes import AccountColumn, Arithmetic, Call, If, Negate, StepValue
from kamrules.expression.types import ACCOUNTS, Column, Kind
from kamrules.expression.walk import children, with_children
from kamrules.workbench.nearest.measured import NUMBERS
from kamrules.workbench.nearest.possible import spans

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kamrules.compiler.program import Program
    from kamrules.expression.nodes import Node
    from kamrules.expression.types import Type
    from kamrules.workbench.verify.terms import Term

    Fits = Callable[[Sequence[Any]], bool]
    """Whether boxes, one for each term, may stand beside one another."""

DEEPEST = 6
"""So many definitions of facts are looked into."""


def made_of(
    terms: Sequence[Term],
    name: Callable[[Node], str | None],
    program: Program,
    reach: Callable[[Node], Any],
    today: int,
) -> Fits | None:
    """Return that each term is within what the others make of it; None when none is made of others.

    `name` gives the term that stands for a value; `reach` what any other value can be at all.
    """
    writing = _Writing(terms, name, program, reach)
    written = [(n, writing.over_terms(each.node)) for n, each in enumerate(terms)]
    made = [(number, node) for number, node in written if node is not None]
    if not made:
        return None
    names, boxes = tuple(writing.columns), tuple(writing.boxes.values())
    columns = {each: Column(each, kind) for each, kind in writing.columns.items()}
    accounts = replace(program.tables[ACCOUNTS], columns=columns)
    alone = replace(program, tables={ACCOUNTS: accounts})
    worked_out = spans(alone, Layout(names, ()), [node for _, node in made])
    places = [writing.places.get(each) for each in names]

    def fits(given: Sequence[Any]) -> bool:
        some = [
            box if place is None else given[place] for place, box in zip(places, boxes, strict=True)
        ]
        found = worked_out(some, today, None, None)
        return all(
            _meet(given[number], span) for (number, _), span in zip(made, found, strict=True)
        )

    return fits


def _meet(box: Any, span: Any) -> bool:  # noqa: ANN401  ranges
    """Whether a term's box and what it is made of have a value in common, unknown included."""
    return bool(
        (box[2] and span[2]) or (box[3] and span[3] and box[0] <= span[1] and span[0] <= box[1])
    )


class _Writing:
    """Writes the trees of terms over other terms; what else they read are columns of a fixed range."""

    def __init__(
        self,
        terms: Sequence[Term],
        name: Callable[[Node], str | None],
        program: Program,
        reach: Callable[[Node], Any],
    ) -> None:
        self.numbers = {each.name: number for number, each in enumerate(terms)}
        self.name = name
        self.reach = reach
        self.facts: Mapping[str, Node] = {each.address: each.value for each in program.facts}
        self.columns: dict[str, Type] = {}
        self.boxes: dict[str, Any] = {}
        self.places: dict[str, int] = {}

    def over_terms(self, whole: Node) -> Node | None:
        """Return a term's tree over other terms; None when it is made of none."""
        if whole.type.kind not in NUMBERS or not isinstance(whole, Arithmetic | Call | If | Negate):
            return None
        before = len(self.places)
        found = with_children(whole, lambda each: self._part(each, 0))
        return found if len(self.places) > before or self._reads(found) else None

    def _reads(self, node: Node) -> bool:
        if isinstance(node, AccountColumn):
            return node.name in self.places
        return any(self._reads(each) for each in children(node))

    def _part(self, node: Node, depth: int) -> Node:
        if node.type.kind in NUMBERS and not _constant(node):
            number = self.numbers.get(self.name(node) or "")
            if number is not None:
                return self._column(f"term {number}", node, number)
        if isinstance(node, StepValue) and node.address in self.facts and depth < DEEPEST:
            return self._part(self.facts[node.address], depth + 1)
        if children(node) and node.type.kind in NUMBERS:
            return with_children(node, lambda each: self._part(each, depth))
        return node if _constant(node) else self._column(canonical(node), node, None)

    def _column(self, name: str, node: Node, number: int | None) -> Node:
        if name not in self.columns:
            self.columns[name] = node.type
            self.boxes[name] = None if number is not None else _box(node, self.reach(node))
            if number is not None:
                self.places[name] = number
        return AccountColumn(name, node.type)


def _constant(node: Node) -> bool:
    return not children(node) and not isinstance(node, AccountColumn | StepValue)


def _box(node: Node, span: Any) -> Any:  # noqa: ANN401  a range, a truth or values
    """Return what a value can be as the box of a column."""
    if node.type.kind is Kind.BOOL:
        pairs = zip(span, (True, False, None), strict=True)
        return frozenset(value for may, value in pairs if may)
    return span
