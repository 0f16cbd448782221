"""Calls: functions of values, and aggregates over the rows of a related table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.diagnostics import nearest
from kamrules.expression.agree import Mismatch, arithmetic, common, fitting, is_date, literal
from kamrules.expression.functions import AGGREGATES, ELSEWHERE, FUNCTIONS, OF_BOOK, VALUES
from kamrules.expression.nodes import (
    Aggregate,
    Aggregation,
    AsOf,
    BookFunction,
    Call,
    Constant,
    Function,
    If,
    Node,
    OfBook,
    Operator,
    PluginCall,
    RowColumn,
    StepValue,
)
from kamrules.expression.rows import Rows
from kamrules.expression.types import BOOL, INTEGER, NUMBER, SHARE, Kind, Type
from kamrules.expression.walk import below

if TYPE_CHECKING:
    from kamrules.expression import syntax
    from kamrules.expression.checker import Checker
    from kamrules.expression.plugged import PluginFunction
    from kamrules.expression.types import Table

ADDABLE = {Kind.MONEY, Kind.NUMBER, Kind.INTEGER, Kind.DAYS, Kind.SHARE, Kind.SCORE}


class Calls:
    """Checks calls on behalf of a checker."""

    def __init__(self, checker: Checker) -> None:
        self.checker = checker

    def call(self, tree: syntax.Call, table: Table | None) -> Node:
        """Return the typed tree of a call."""
        name = tree.name
        if name not in FUNCTIONS:
            added = self.checker.scope.functions.get(name)
            if added is None:
                raise self._unknown(tree)
            return self._of_plugin(added, tree, table)
        signature = FUNCTIONS[name]
        given = len(tree.arguments)
        if given < signature.least or (signature.most is not None and given > signature.most):
            message = f"`{name}` takes {_count(signature.least, signature.most)}, not {given}"
            mend = self._counting(tree, table) or f"it is written {signature.usage}"
            raise self.checker.fail("KR205", message, tree.span, mend)
        if name == "if":
            return self._if(tree, table)
        if name in {"days_since", "days_until"}:
            return self._days(tree, table)
        if name in OF_BOOK:
            return self._of_book(tree, table)
        first = self.checker.either(tree.arguments[0], table)
        if isinstance(first, Rows) and name in AGGREGATES:
            return self._aggregate(tree, first) if given == 1 else self._of_each_row(tree, first)
        if name in VALUES:
            return self._value(tree, table)
        text = self.checker.written(tree.arguments[0].span)
        message = f"`{name}` works on the rows of a table, and `{text}` is one value"
        raise self.checker.fail(
            "KR215", message, tree.arguments[0].span, f"it is written {signature.usage}"
        )

    def _unknown(self, tree: syntax.Call) -> Exception:
        lowered = tree.name.lower()
        if lowered in FUNCTIONS:
            mend = f"did you mean `{lowered}`?"
        elif lowered in ELSEWHERE:
            mend = f"did you mean `{ELSEWHERE[lowered]}`?"
        else:
            known = [*FUNCTIONS, *self.checker.scope.functions]
            close = nearest(tree.name, known)
            mend = f"did you mean `{close}`?" if close else "the functions are " + ", ".join(known)
        return self.checker.fail("KR204", f"there is no function `{tree.name}`", tree.where, mend)

    def _of_plugin(self, one: PluginFunction, tree: syntax.Call, table: Table | None) -> Node:
        """Return the typed tree of a call of a plug-in's function."""
        refused = self.checker.scope.functions.refusal(one.name)
        if refused is not None:
            raise self.checker.fail(refused.code, refused.message, tree.where, refused.help)
        wanted, given = len(one.parameters), len(tree.arguments)
        if given != wanted:
            message = f"`{one.name}` takes {_count(wanted, wanted)}, not {given}"
            mend = f"it is written {one.usage}"
            raise self.checker.fail("KR205", message, tree.span, mend)
        pairs = zip(tree.arguments, one.parameters, strict=True)
        arguments = tuple(self._argument(one, each, kind, table) for each, kind in pairs)
        return PluginCall(one, arguments, one.returns, tree.span)

    def _argument(
        self, one: PluginFunction, tree: syntax.Tree, kind: Type, table: Table | None
    ) -> Node:
        """Return an argument as the kind that a plug-in's function takes."""
        node = self.checker.value(tree, table)
        if kind.kind is Kind.TEXT and node.type.kind is Kind.CHOICE:
            return node
        try:
            return fitting(node, kind, self.checker.written)
        except Mismatch as wrong:
            code, message, mend = wrong.code, wrong.message, wrong.help
            if node.type.kind is not kind.kind and code in {"KR210", "KR211"}:
                text = self.checker.written(tree.span)
                code, message = (
                    "KR211",
                    f"`{one.name}` takes {kind.told}, and `{text}` is {node.type.told}",
                )
                if kind.kind is Kind.DATE and is_date(text.strip("'\"")):
                    mend = f"did you mean {text[1:-1]}?"
                if kind.kind is Kind.DAYS and literal(node) and node.type.kind is Kind.INTEGER:
                    mend = f"did you mean {text}d?"
            raise self.checker.fail(code, message, wrong.span, mend) from None

    def _if(self, tree: syntax.Call, table: Table | None) -> Node:
        condition = self.checker.condition(tree.arguments[0], table)
        branches = [self.checker.value(each, table) for each in tree.arguments[1:]]
        (then, otherwise), kind = self._common(branches, tree)
        return If(condition, then, otherwise, kind, tree.span)

    def _common(self, nodes: list[Node], tree: syntax.Call) -> tuple[tuple[Node, ...], Type]:
        try:
            return common(nodes, tree.span, self.checker.written)
        except Mismatch as wrong:
            raise self.checker.fail(wrong.code, wrong.message, wrong.span, wrong.help) from None

    def _days(self, tree: syntax.Call, table: Table | None) -> Node:
        date = self.checker.value(tree.arguments[0], table)
        if date.type.kind is not Kind.DATE:
            text = self.checker.written(tree.arguments[0].span)
            message = f"`{tree.name}` takes a date, and `{text}` is {date.type.told}"
            raise self.checker.fail("KR211", message, tree.arguments[0].span)
        sides: tuple[Node, Node] = (AsOf(tree.span), date)
        left, right = sides if tree.name == "days_since" else (date, AsOf(tree.span))
        return arithmetic(Operator.SUBTRACT, left, right, tree.span, self.checker.written)

    def _value(self, tree: syntax.Call, table: Table | None) -> Node:
        function = VALUES[tree.name]
        nodes = [self.checker.value(each, table) for each in tree.arguments]
        if function is Function.ROUND:
            return self._round(tree, nodes)
        if function is Function.DECAY:
            return self._decay(tree, nodes)
        if function is not Function.COALESCE:
            for node, argument in zip(nodes, tree.arguments, strict=True):
                if not node.type.numeric or (
                    node.type.kind is Kind.DATE and function is Function.ABS
                ):
                    text = self.checker.written(argument.span)
                    message = f"`{tree.name}` takes numbers, and `{text}` is {node.type.told}"
                    raise self.checker.fail("KR211", message, argument.span)
        if tree.name in {"min", "max"} and len(nodes) == 1:
            message = f"`{tree.name}` of one value is that value"
            raise self.checker.fail(
                "KR205", message, tree.span, f"it is written {FUNCTIONS[tree.name].usage}"
            )
        arguments, kind = self._common(nodes, tree)
        return Call(function, arguments, kind, tree.span)

    def _round(self, tree: syntax.Call, nodes: list[Node]) -> Node:
        kind = nodes[0].type
        if not kind.numeric or kind.kind is Kind.DATE:
            raise self.checker.fail(
                "KR211", f"`round` takes a number, not {kind.told}", tree.arguments[0].span
            )
        places: Node = nodes[1] if len(nodes) > 1 else Constant(0.0, INTEGER, span=tree.span)
        fixed = (
            isinstance(places, Constant)
            and places.type.kind is Kind.INTEGER
            and places.parameter is None
        )
        if not fixed or not isinstance(places, Constant) or not 0 <= float(places.value) <= 6:
            message = "the places to round to are a whole number from 0 to 6"
            raise self.checker.fail("KR219", message, tree.arguments[1].span)
        whole = float(places.value) == 0 and kind.kind in {Kind.NUMBER, Kind.SCORE, Kind.SHARE}
        return Call(Function.ROUND, (nodes[0], places), INTEGER if whole else kind, tree.span)

    def _decay(self, tree: syntax.Call, nodes: list[Node]) -> Node:
        for node, argument in zip(nodes, tree.arguments, strict=True):
            if node.type.kind is Kind.DAYS:
                continue
            text = self.checker.written(argument.span)
            message = f"`decay` takes spans of days, and `{text}` is {node.type.told}"
            mend = None
            if node.type.kind is Kind.DATE:
                mend = f"did you mean days_since({text})?"
            elif literal(node) and node.type.kind is Kind.INTEGER:
                mend = f"did you mean {text}d?"
            raise self.checker.fail("KR211", message, argument.span, mend)
        return Call(Function.DECAY, tuple(nodes), SHARE, tree.span)

    def _counting(self, tree: syntax.Call, table: Table | None) -> str | None:
        """Return the mend for count(rows, condition); None when something else is meant."""
        if tree.name not in {"count", "any"} or len(tree.arguments) != 2:
            return None
        from kamrules.expression.checker import Checker, Failed  # noqa: PLC0415  it imports this

        trial = Checker(self.checker.source, self.checker.scope)
        try:
            rows = trial.either(tree.arguments[0], table)
            if not isinstance(rows, Rows) or rows.column is not None:
                return None
            trial.condition(tree.arguments[1], trial.scope.tables[rows.table])
        except Failed:
            return None
        return self._filtered(tree.name, rows, tree.arguments[1])

    def _filtered(self, name: str, rows: Rows, condition: syntax.Tree) -> str:
        written = self.checker.written
        return f"did you mean {name}({written(rows.span)}[{written(condition.span)}])?"

    def _of_each_row(self, tree: syntax.Call, rows: Rows) -> Node:
        """Return the aggregate of a value worked out for each row: sum(orders, amount * share)."""
        function, second = AGGREGATES[tree.name], tree.arguments[1]
        text = self.checker.written(second.span)
        if rows.column is not None:
            message = f"`{tree.name}` of a column takes nothing else"
            column = self.checker.written(rows.span)
            mend: str | None = f"it is written {FUNCTIONS[tree.name].usage}"
            if function in {Aggregation.MIN, Aggregation.MAX}:
                mend = f"did you mean {tree.name}({tree.name}({column}), {text})?"
            raise self.checker.fail("KR205", message, second.span, mend)
        if len(tree.arguments) > 2:
            message = f"`{tree.name}` over rows takes one value for each row"
            raise self.checker.fail("KR205", message, tree.arguments[2].span)
        item = self.checker.value(second, self.checker.scope.tables[rows.table])
        if not self._fits(function, item.type):
            counts = function is Aggregation.SUM and item.type.kind is Kind.BOOL
            mend = self._filtered("count", rows, second) if counts else None
            message = f"`{text}` is {item.type.told}: it has no {tree.name}"
            raise self.checker.fail("KR215", message, second.span, mend)
        kind = _result(function, item.type)
        if isinstance(item, RowColumn):
            return Aggregate(function, rows.table, item.name, rows.where, kind, tree.span)
        return Aggregate(function, rows.table, None, rows.where, kind, tree.span, item)

    def _of_book(self, tree: syntax.Call, table: Table | None) -> Node:
        """Return a whole-book function, which takes numbers known of the account before all decisions."""
        name, function = tree.name, OF_BOOK[tree.name]
        if table is not None:
            message = (
                f"`{name}` compares accounts, and here each row of `{table.name}` is looked at"
            )
            mend = "give it a fact of its own, and name that here"
            raise self.checker.fail("KR262", message, tree.span, mend)
        *summed, item = [self._compared(name, each) for each in tree.arguments]
        return OfBook(function, item, type_of(function, *summed), tree.span, *summed)

    def _compared(self, name: str, argument: syntax.Tree) -> Node:
        """Return a number of the account by which a whole-book function compares, or which it adds up."""
        written, fail = self.checker.written, self.checker.fail
        item = self.checker.value(argument)
        if not item.type.numeric or item.type.kind is Kind.DATE:
            text = written(argument.span)
            since = f"did you mean days_since({text})?" if item.type.kind is Kind.DATE else None
            message = f"`{name}` takes a number, and `{text}` is {item.type.told}"
            raise fail("KR211", message, argument.span, since)
        for each in below(item):
            if isinstance(each, OfBook):
                lead = f"`{name}` takes what is known of one account"
                raise fail("KR260", f"{lead}, and `{each.function}` compares all", each.span)
            if isinstance(each, StepValue) and not each.address.startswith(("fact.", "signal.")):
                lead = f"`{name}` comes before scores and decisions"
                raise fail("KR261", f"{lead}, and `{written(each.span)}` is one", each.span)
        return item

    def _aggregate(self, tree: syntax.Call, rows: Rows) -> Node:
        function = AGGREGATES[tree.name]
        table = self.checker.scope.tables[rows.table]
        if rows.column is None:
            if function in {Aggregation.COUNT, Aggregation.ANY}:
                kind = INTEGER if function is Aggregation.COUNT else BOOL
                return Aggregate(function, rows.table, None, rows.where, kind, tree.span)
            text = self.checker.written(rows.span)
            message = f"`{tree.name}` needs a column of `{rows.table}`"
            fitting = [
                each.name for each in table.columns.values() if self._fits(function, each.type)
            ]
            mend = f"did you mean {tree.name}({text}.{fitting[0]})?" if fitting else None
            raise self.checker.fail("KR215", message, rows.span, mend)
        kind = table.columns[rows.column].type
        if not self._fits(function, kind):
            message = f"`{rows.column}` is {kind.told}: it has no {tree.name}"
            if function is Aggregation.ANY:
                message = "`any` asks for rows: put the condition in brackets behind the table"
            raise self.checker.fail("KR215", message, rows.span)
        if function in {Aggregation.FIRST, Aggregation.LAST} and table.order is None:
            message = f"`{rows.table}` has no date column, so it has no {tree.name} row"
            raise self.checker.fail("KR215", message, rows.span)
        return Aggregate(
            function, rows.table, rows.column, rows.where, _result(function, kind), tree.span
        )

    @staticmethod
    def _fits(function: Aggregation, kind: Type) -> bool:
        match function:
            case Aggregation.SUM | Aggregation.MEAN:
                return kind.kind in ADDABLE
            case Aggregation.MIN | Aggregation.MAX:
                return kind.numeric
            case Aggregation.ANY:
                return False
            case _:
                return True


def _count(least: int, most: int | None) -> str:
    words = {1: "one argument", 2: "two arguments", 3: "three arguments"}
    if most is None:
        return f"at least {words[least]}"
    return (
        words.get(least, f"{least} arguments") if least == most else f"{least} to {most} arguments"
    )


def type_of(function: BookFunction, summed: Node | None = None) -> Type:
    """Return the type of a whole-book function, which may add something up."""
    if function is BookFunction.RUNNING_TOTAL and summed is not None:
        return _result(Aggregation.SUM, summed.type)
    return INTEGER if function is BookFunction.RANK else SHARE


def _result(function: Aggregation, kind: Type) -> Type:
    match function:
        case Aggregation.COUNT | Aggregation.DISTINCT:
            return INTEGER
        case Aggregation.SUM if kind.kind in {Kind.SHARE, Kind.SCORE}:
            return NUMBER
        case Aggregation.MEAN if kind.kind is Kind.INTEGER:
            return NUMBER
        case _:
            return kind
