"""Expressions settled: every condition, value and interval of a file in its canonical text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kamrules.compiler.draft import Draft
from kamrules.compiler.read import read
from kamrules.compiler.resolve import resolve
from kamrules.diagnostics import SourceText
from kamrules.document.tree import address_of, entry_at
from kamrules.expression import (
    canonical,
    canonical_rows,
    compile_expression,
    compile_rows,
    syntax,
    without_spans,
)
from kamrules.expression.checker import Checker, Failed
from kamrules.expression.lexer import Problem
from kamrules.expression.nodes import Among, And, Constant
from kamrules.expression.parser import parse, parse_interval
from kamrules.expression.types import BOOL, DATE, NUMBER, SCORE, Kind, Type
from kamrules.expression.walk import with_children
from kamrules.workbench.formatting.layout import text_of
from kamrules.workbench.formatting.places import Place, condition_of, place_of, rule_of
from kamrules.workbench.formatting.written import Group, Item, Scalar, members

if TYPE_CHECKING:
    from kamrules.diagnostics import Diagnostic
    from kamrules.document import Ruleset
    from kamrules.document.positions import Path
    from kamrules.document.reading import Document
    from kamrules.expression.nodes import Node
    from kamrules.workbench.formatting.written import Written


class Expressions:
    """What the texts of a ruleset mean, and how they are written.

    `diagnostics` collects what is wrong with expressions of rules that are in force; those of rules that are
    switched off stay as they are when they cannot be read.
    """

    def __init__(self, ruleset: Ruleset) -> None:
        """Take the ruleset whose names the expressions use."""
        draft = Draft(ruleset)
        read(draft)
        resolve(draft)
        self.scope = draft.scope
        self.ruleset = ruleset
        self.diagnostics: list[Diagnostic] = []

    def settle(self, written: Written, document: Document) -> None:
        """Give every expression of a file its canonical text; a condition's `and` becomes a list."""
        for block in written.blocks:
            for top in block.items:
                for item, path in list(members(top, block.path)):
                    self._settle(item, path, document)

    def _settle(self, item: Item, path: Path, document: Document) -> None:
        listed = condition_of(path) == path
        if isinstance(item.value, Group):
            if listed and not item.value.braces:
                item.value.items = [
                    part
                    for number, each in enumerate(item.value.items)
                    for part in self._split(each, (*path, number), document)
                ]
            return
        value = _value_at(document, path) if place_of(path) is not None else None
        if not isinstance(value, str):
            return
        parts = self.parts(value, path, document) if listed else [self.text(value, path, document)]
        if len(parts) > 1:
            item.value = Group([Item((), Scalar(text_of(each))) for each in parts], braces=False)
        elif parts[0] != value:
            item.value = Scalar(text_of(parts[0]))

    def _split(self, member: Item, path: Path, document: Document) -> list[Item]:
        """Return the members that a member of a condition's list is, one for each part of its `and`."""
        value = _value_at(document, path)
        if not isinstance(value, str):
            return [member]
        parts = self.parts(value, path, document)
        if len(parts) < 2:
            return [member]
        items = [Item((), Scalar(text_of(each))) for each in parts]
        items[0].above, items[0].behind = member.above, member.behind
        return items

    def parts(self, text: str, path: Path, document: Document) -> list[str]:
        """Return the canonical texts of the conditions that `and` joins at the top of one."""
        node = self._node(Place.CONDITION, self._source(document, path, text), path)
        joined = [] if node is None else _members(node, parse(text))
        if len(joined) > 1:
            return [canonical(_as_typed(each, text)) for each in joined]
        return [self.text(text, path, document)]

    def text(self, text: str, path: Path, document: Document) -> str:
        """Return the canonical text of what is written at a path, or that itself if it is no expression."""
        place = place_of(path)
        if place is None:
            return text
        source = self._source(document, path, text)
        if place in {Place.BAND, Place.SCALE}:
            return self._interval(place, source, path)
        if place is Place.ROWS:
            return self._rows(source, path)
        node = self._node(place, source, path)
        if node is None:
            return text
        settled = canonical(_as_typed(node, text))
        again, _ = compile_expression(
            SourceText.plain(settled), self.scope, self._type(place, path)
        )
        same = again is not None and without_spans(again) == without_spans(node)
        return settled if same else text

    def _source(self, document: Document, path: Path, text: str) -> SourceText:
        address = address_of(path)
        spot = document.positions.spots.get(path) if document.positions is not None else None
        if document.positions is None or spot is None:
            return SourceText.plain(text, document.file, address)
        return document.positions.source_text(document.file, spot, text, address)

    def _node(self, place: Place, source: SourceText, path: Path) -> Node | None:
        node, problems = compile_expression(source, self.scope, self._type(place, path))
        if self._in_force(path):
            self.diagnostics += problems
        return node

    def _in_force(self, path: Path) -> bool:
        return entry_at(self.ruleset.root, rule_of(path)) is not None

    def _type(self, place: Place, path: Path) -> Type | None:
        match place:
            case Place.FACT:
                fact = self.ruleset.model.fact.get(str(path[1]))
                return None if fact is None else Type(Kind(fact.type), tuple(fact.choices))
            case Place.CRITERION:
                return None
            case Place.PRIORITY:
                return NUMBER
        return BOOL

    def _rows(self, source: SourceText, path: Path) -> str:
        """Return the canonical text of a signal's rows, or the text itself when it is something else."""
        rows, problems = compile_rows(source, self.scope, DATE)
        if self._in_force(path):
            self.diagnostics += problems
        if rows is None:
            return source.text
        where = None if rows.where is None else _as_typed(rows.where, source.text)
        return canonical_rows(rows.table, where, rows.column)

    def _interval(self, place: Place, source: SourceText, path: Path) -> str:
        """Return the canonical text of an interval, or the text itself when it is something else."""
        of = SCORE if place is Place.BAND else self._measured(str(path[1]))
        if of is None or not of.numeric:
            return source.text
        checker = Checker(source, self.scope)
        try:
            between = parse_interval(source.text)
            low, high = (
                ""
                if each is None
                else canonical(_as_typed(checker.expect(checker.value(each), of), source.text))
                for each in (between.low, between.high)
            )
        except (Problem, Failed):
            return source.text  # told by whoever compiles the ruleset
        opening, closing = "[" if between.low_closed else "(", "]" if between.high_closed else ")"
        return f"{opening}{low}..{high}{closing}"

    def _measured(self, criterion: str) -> Type | None:
        """Return the type of what a criterion measures."""
        if criterion not in self.ruleset.model.criterion:
            return None
        text = self.ruleset.model.criterion[criterion].value
        node, _ = compile_expression(SourceText.plain(text), self.scope)
        return None if node is None else node.type


def _members(node: Node, tree: syntax.Tree) -> list[Node]:
    """Return the conditions that an author's `and` joins, those in brackets included."""
    if not (isinstance(node, And) and isinstance(tree, syntax.Junction) and tree.word == "and"):
        return [node]
    return [
        part
        for each, written in zip(node.items, tree.items, strict=True)
        for part in _members(each, written)
    ]


def _as_typed(node: Node, text: str) -> Node:
    """Return a tree in which numbers keep the unit that their author typed: a share of `1` is not `100%`."""
    if isinstance(node, Among):
        constants = [_number(each, text) for each in node.constants]
        return replace(node, item=_as_typed(node.item, text), constants=tuple(constants))
    if isinstance(node, Constant):
        return _number(node, text)
    return with_children(node, lambda each: _as_typed(each, text))


def _number(node: Constant, text: str) -> Constant:
    unit = {Kind.SHARE: "%", Kind.DAYS: "d"}.get(node.type.kind)
    written = text[node.span.start : node.span.end].rstrip()
    plain = unit is not None and node.parameter is None and not written.endswith(unit)
    return replace(node, type=NUMBER) if plain else node


def _value_at(document: Document, path: Path) -> Any:  # noqa: ANN401  whatever TOML holds
    value: Any = document.data
    for part in path:
        value = value[part]
    return value
