"""The checker: from syntax to the typed tree; every name found, every type right, or a diagnostic."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kamrules.diagnostics import nearest
from kamrules.expression import syntax
from kamrules.expression.agree import Mismatch, arithmetic, comparable, fitting
from kamrules.expression.calls import Calls
from kamrules.expression.nodes import (
    AccountColumn,
    Among,
    And,
    AsOf,
    Compare,
    Comparison,
    Constant,
    IsUnknown,
    Negate,
    Node,
    Not,
    Or,
    RowColumn,
    Span,
    StepValue,
)
from kamrules.expression.plugged import Functions
from kamrules.expression.rows import Rows
from kamrules.expression.types import ACCOUNTS, BOOL, DATE, DAYS, INTEGER, NUMBER, SHARE, TEXT, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kamrules.diagnostics import Diagnostic, SourceText
    from kamrules.expression.types import Table, Type


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean: related tables, bare names, and parts of names (`attractiveness.band`).

    `functions` are those of plug-ins, beside the language's own.
    """

    tables: Mapping[str, Table]
    names: Mapping[str, Node]
    parts: Mapping[str, Mapping[str, Node]]
    functions: Functions = field(default_factory=Functions)


class Failed(Exception):  # noqa: N818  control flow: the diagnostic has been kept
    """What was being checked is wrong and has been reported."""


class Checker:
    """Checks one expression; `found` collects its diagnostics."""

    def __init__(self, source: SourceText, scope: Scope) -> None:
        self.source = source
        self.scope = scope
        self.found: list[Diagnostic] = []
        self.calls = Calls(self)

    def fail(self, code: str, message: str, span: Span, mend: str | None = None) -> Failed:
        """Keep a diagnostic, and return what to raise."""
        self.found.append(self.source.diagnostic(code, message, span.start, span.end, help=mend))
        return Failed(message)

    def written(self, span: Span) -> str:
        """Return the author's text of a span."""
        return self.source.text[span.start : span.end]

    # values and rows

    def value(self, tree: syntax.Tree, table: Table | None = None) -> Node:
        """Return the typed tree of something that has a value."""
        found = self.either(tree, table)
        if isinstance(found, Rows):
            raise self._no_value(found)
        return found

    def _no_value(self, rows: Rows) -> Failed:
        text = self.written(rows.span)
        if rows.column is None:
            mend = f"did you mean count({text}) or any({text})?"
            return self.fail(
                "KR214", f"`{text}` is a table with many rows, not one value", rows.span, mend
            )
        kind = self.scope.tables[rows.table].columns[rows.column].type
        word = "sum" if kind.kind in {Kind.MONEY, Kind.NUMBER, Kind.INTEGER} else "last"
        mend = f"did you mean {word}({text})?"
        return self.fail(
            "KR214", f"`{text}` has a value in every row, not one for the account", rows.span, mend
        )

    def condition(self, tree: syntax.Tree, table: Table | None = None) -> Node:
        """Return the typed tree of something that is true or false."""
        node = self.value(tree, table)
        if node.type.kind is not Kind.BOOL:
            text = self.written(tree.span)
            mend = f"compare it, such as {text} > 0" if node.type.numeric else None
            raise self.fail(
                "KR210",
                f"a condition stands here, and `{text}` is {node.type.told}",
                tree.span,
                mend,
            )
        return node

    def either(self, tree: syntax.Tree, table: Table | None) -> Node | Rows:  # noqa: C901, PLR0912  one case a form
        """Return the typed tree of a value, or rows."""
        match tree:
            case syntax.Number():
                kind = {"%": SHARE, "d": DAYS}.get(tree.unit)
                return Constant(
                    tree.value,
                    kind or (INTEGER if tree.value == int(tree.value) else NUMBER),
                    span=tree.span,
                )
            case syntax.Date():
                return Constant(tree.value, DATE, span=tree.span)
            case syntax.Text():
                return Constant(tree.value, TEXT, span=tree.span)
            case syntax.Truth():
                return Constant(tree.value, BOOL, span=tree.span)
            case syntax.Name():
                return self._name(tree, table)
            case syntax.Part():
                return self._part(tree, table)
            case syntax.Filter():
                return self._filter(tree, table)
            case syntax.Call():
                return self.calls.call(tree, table)
            case syntax.Minus():
                return self._minus(tree, table)
            case syntax.Binary():
                return self._binary(tree, table)
            case syntax.Chain():
                return self._chain(tree, table)
            case syntax.In():
                return self._in(tree, table)
            case syntax.Unknown():
                node: Node = IsUnknown(self.value(tree.item, table), tree.span)
                return Not(node, tree.span) if tree.negated else node
            case syntax.Negation():
                return Not(self.condition(tree.item, table), tree.span)
            case syntax.Junction():
                items = tuple(self.all(tree.items, table))
                return And(items, tree.span) if tree.word == "and" else Or(items, tree.span)

    def all(self, trees: Iterable[syntax.Tree], table: Table | None) -> list[Node]:
        """Check conditions side by side, so that a fault in one does not hide the others'."""
        nodes: list[Node] = []
        failure: Failed | None = None
        for tree in trees:
            try:
                nodes.append(self.condition(tree, table))
            except Failed as failed:
                failure = failed
        if failure is not None:
            raise failure
        return nodes

    # names

    def _name(self, tree: syntax.Name, table: Table | None) -> Node | Rows:
        name = tree.name
        if table is not None and name in table.columns:
            return RowColumn(table.name, name, table.columns[name].type, tree.span)
        if name == "as_of":
            return AsOf(tree.span)
        if name in self.scope.names:
            return _placed(self.scope.names[name], tree.span)
        if name in self.scope.tables:
            return Rows(name, None, None, tree.span)
        raise self._unknown_name(tree, table)

    def _unknown_name(self, tree: syntax.Name, table: Table | None) -> Failed:
        name = tree.name
        owners = [each.name for each in self.scope.tables.values() if name in each.columns]
        if owners:
            mend = None if table is not None else f"did you mean last({owners[0]}.{name})?"
            listed = " and ".join(f"`{each}`" for each in owners)
            where = f"`{table.name}`" if table is not None else "the account"
            return self.fail(
                "KR203", f"`{name}` is a column of {listed}, not of {where}", tree.span, mend
            )
        if name.lower() in {"null", "none", "unknown", "missing", "nil"}:
            return self.fail("KR120", f"`{name}` is no value", tree.span, "write `x is unknown`")
        if name.lower() in {"now", "today"}:
            return self.fail("KR200", f"there is no `{name}`: rules know the date of the run only", tree.span,
                             "did you mean `as_of`?")  # fmt: skip
        choices = {each for node in self.scope.names.values() for each in node.type.choices}
        choices |= {
            one
            for each in self.scope.tables.values()
            for c in each.columns.values()
            for one in c.type.choices
        }
        if name in choices:
            return self.fail(
                "KR200",
                f"there is no fact or parameter `{name}`",
                tree.span,
                f"did you mean '{name}'?",
            )
        known = [
            *(table.columns if table is not None else ()),
            *self.scope.names,
            *self.scope.tables,
            "as_of",
        ]
        close = nearest(name, known)
        mend = f"did you mean `{close}`?" if close else None
        return self.fail(
            "KR200", f"there is no fact, column or parameter `{name}`", tree.span, mend
        )

    def _part(self, tree: syntax.Part, table: Table | None) -> Node | Rows:
        if (
            isinstance(tree.owner, syntax.Name)
            and (parts := self._parts(tree.owner.name, table)) is not None
        ):
            if tree.name in parts:
                return _placed(parts[tree.name], tree.span)
            close = nearest(tree.name, parts)
            listed = ", ".join(f"`{each}`" for each in parts) if len(parts) < 6 else None
            mend = (
                f"did you mean `{tree.owner.name}.{close}`?"
                if close
                else listed and f"there is {listed}"
            )
            raise self.fail(
                "KR216", f"`{tree.owner.name}` has no part `{tree.name}`", tree.where, mend
            )
        if isinstance(tree.owner, syntax.Name) and tree.owner.name == ACCOUNTS:
            raise self.fail("KR201", "the account's own columns stand without a table", tree.span,
                            f"did you mean `{tree.name}`?")  # fmt: skip
        rows = self.rows(tree.owner, table)
        columns = self.scope.tables[rows.table].columns
        if rows.column is not None:
            raise self.fail("KR216", f"`{rows.column}` is a column and has no parts", tree.where)
        if tree.name not in columns:
            raise self._unknown_column(rows.table, tree)
        return Rows(rows.table, tree.name, rows.where, tree.span)

    def _parts(self, name: str, table: Table | None) -> Mapping[str, Node] | None:
        if table is not None and name in table.columns:
            return None
        return self.scope.parts.get(name)

    def _unknown_column(self, table: str, tree: syntax.Part) -> Failed:
        columns = self.scope.tables[table].columns
        others = [name for name, each in self.scope.tables.items() if tree.name in each.columns]
        close = nearest(tree.name, columns)
        if close is None and others:
            message = f"`{tree.name}` is a column of `{others[0]}`, not of `{table}`"
            return self.fail(
                "KR203", message, tree.where, f"did you mean `{others[0]}.{tree.name}`?"
            )
        mend = f"did you mean `{close}`?" if close else None
        return self.fail("KR202", f"table `{table}` has no column `{tree.name}`", tree.where, mend)

    def rows(self, tree: syntax.Tree, table: Table | None) -> Rows:
        """Return the rows that a table, a filter over one, or a column of it stand for."""
        if isinstance(tree, syntax.Name) and tree.name not in self.scope.tables:
            close = nearest(tree.name, self.scope.tables)
            if tree.name in self.scope.names or (table is not None and tree.name in table.columns):
                raise self.fail(
                    "KR216", f"`{tree.name}` is one value: it has no rows and no parts", tree.span
                )
            mend = f"did you mean `{close}`?" if close else None
            raise self.fail("KR201", f"there is no table `{tree.name}`", tree.span, mend)
        if isinstance(tree, syntax.Name):
            return Rows(tree.name, None, None, tree.span)
        found = self.either(tree, table)
        if not isinstance(found, Rows):
            raise self.fail(
                "KR216",
                f"`{self.written(tree.span)}` is one value: it has no rows and no parts",
                tree.span,
            )
        return found

    def _filter(self, tree: syntax.Filter, table: Table | None) -> Rows:
        rows = self.rows(tree.table, table)
        if rows.column is not None:
            text = self.written(tree.table.span)
            raise self.fail("KR216", "the condition stands behind the table, before the column", tree.span,
                            f"did you mean {rows.table}[...].{rows.column} for {text}?")  # fmt: skip
        condition = self.condition(tree.condition, self.scope.tables[rows.table])
        where = condition if rows.where is None else And((rows.where, condition), condition.span)
        return Rows(rows.table, None, where, tree.span)

    # arithmetic and comparisons

    def _minus(self, tree: syntax.Minus, table: Table | None) -> Node:
        item = self.value(tree.item, table)
        if not item.type.numeric or item.type.kind is Kind.DATE:
            raise self.fail("KR206", f"{item.type.told} has no negative", tree.span)
        if isinstance(item, Constant) and item.parameter is None:
            return Constant(-float(item.value), item.type, span=tree.span)
        return Negate(item, item.type, tree.span)

    def _binary(self, tree: syntax.Binary, table: Table | None) -> Node:
        left, right = self.value(tree.left, table), self.value(tree.right, table)
        try:
            return arithmetic(tree.operator, left, right, tree.span, self.written)
        except Mismatch as wrong:
            raise self.fail(wrong.code, wrong.message, wrong.span, wrong.help) from None

    def _chain(self, tree: syntax.Chain, table: Table | None) -> Node:
        items = [self.value(each, table) for each in tree.items]
        parts = [
            self.compare(comparison, items[index], items[index + 1], tree.span)
            for index, comparison in enumerate(tree.comparisons)
        ]
        return parts[0] if len(parts) == 1 else And(tuple(parts), tree.span)

    def compare(self, comparison: Comparison, left: Node, right: Node, span: Span) -> Node:
        """Return a comparison of two values that can be compared."""
        try:
            left, right = comparable(comparison, left, right, self.written)
        except Mismatch as wrong:
            raise self.fail(wrong.code, wrong.message, wrong.span, wrong.help) from None
        return Compare(comparison, left, right, span)

    def _in(self, tree: syntax.In, table: Table | None) -> Node:
        item = self.value(tree.item, table)
        if isinstance(tree.members, syntax.Between):
            node = self._between(item, tree.members, table, tree.span)
        else:
            node = self._among(item, tree.members, table, tree.span)
        return Not(node, tree.span) if tree.negated else node

    def _between(
        self, item: Node, members: syntax.Between, table: Table | None, span: Span
    ) -> Node:
        parts: list[Node] = []
        if members.low is not None:
            comparison = Comparison.GREATER_EQUAL if members.low_closed else Comparison.GREATER
            parts.append(self.compare(comparison, item, self.value(members.low, table), span))
        if members.high is not None:
            comparison = Comparison.LESS_EQUAL if members.high_closed else Comparison.LESS
            parts.append(self.compare(comparison, item, self.value(members.high, table), span))
        if not parts:
            raise self.fail("KR218", "an interval without bounds holds everything", members.span)
        return parts[0] if len(parts) == 1 else And(tuple(parts), span)

    def _among(
        self, item: Node, members: Iterable[syntax.Tree], table: Table | None, span: Span
    ) -> Node:
        constants: list[Constant] = []
        for each in members:
            constant = self.value(each, table)
            if not isinstance(constant, Constant):
                raise self.fail("KR218", "a list holds fixed values and parameters", each.span)
            compared = self.compare(Comparison.EQUAL, item, constant, span)
            assert isinstance(compared, Compare)
            assert isinstance(compared.right, Constant)
            constants.append(compared.right)
        return Among(item, tuple(constants), span)

    # what is expected

    def expect(self, node: Node, kind: Type) -> Node:
        """Return the node as a value of the type that the rule wants."""
        try:
            return fitting(node, kind, self.written)
        except Mismatch as wrong:
            raise self.fail(wrong.code, wrong.message, wrong.span, wrong.help) from None


def _placed(node: Node, span: Span) -> Node:
    """Return what a name stands for, with the span of the name."""
    match node:
        case AccountColumn(name=name, type=kind):
            return AccountColumn(name, kind, span)
        case StepValue(address=address, type=kind):
            return StepValue(address, kind, span)
        case Constant(value=value, type=kind, parameter=parameter):
            return Constant(value, kind, parameter, span)
        case _:
            return node
