"""Telling a typed tree in words: every form of it, with brackets where words alone would be ambiguous."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.as_written import compared
from kamrules.compiler.in_language import in_language
from kamrules.compiler.program import Logic
from kamrules.expression.besides import apart
from kamrules.expression.nodes import (
    AccountColumn,
    Aggregate,
    Aggregation,
    Among,
    And,
    Arithmetic,
    AsOf,
    Beside,
    Call,
    Compare,
    Comparison,
    Constant,
    Function,
    If,
    IsUnknown,
    Negate,
    Node,
    Not,
    OfBook,
    Operator,
    Or,
    PluginCall,
    RowColumn,
    StepValue,
)
from kamrules.expression.types import Kind
from kamrules.show import show
from kamrules.workbench.sentences.naming import Naming
from kamrules.workbench.sentences.phrases import ENGLISH, PHRASES

if TYPE_CHECKING:
    from kamrules.compiler.program import Condition, Program

LOWS = {Comparison.GREATER_EQUAL: True, Comparison.GREATER: False}
HIGHS = {Comparison.LESS_EQUAL: True, Comparison.LESS: False}
PLAIN = Constant | AsOf | AccountColumn | RowColumn | StepValue | Aggregate
Told = tuple[str, tuple["Told", ...]]
"""A sentence, with the sentences below it where it lists several."""


class Sentences:
    """Tells the expressions of one program in a language; names are those of the program in it."""

    def __init__(self, program: Program, language: str) -> None:
        self.program = in_language(program, language)
        self.language = language
        self.phrases = PHRASES.get(language, ENGLISH)
        self.naming = Naming(self.program, language, self.phrases)
        self.aggregates = {each.address: each.aggregate for each in self.program.aggregates}
        self.compared = compared(self.program)

    def say(self, phrase: str, **parts: str) -> str:
        """Return a phrase of the language with its parts filled in."""
        return self.phrases[phrase].format(**parts)

    def condition(self, condition: Condition | None) -> Told:
        """Return a condition as a sentence, its members below it as the author nested them."""
        if condition is None:
            return self.say("always"), ()
        if condition.expression is not None:
            return self.tell(condition.expression), ()
        below = tuple(self.condition(each) for each in condition.members)
        match condition.logic:
            case Logic.ALL:
                # one of them needs no list
                return below[0] if len(below) == 1 else (self.say("all of"), below)
            case Logic.ANY:
                return self.say("any of"), below
            case Logic.AT_LEAST:
                return self.say("at least", n=str(condition.needed)), below
        return self.say("none of"), below

    def tell(self, node: Node) -> str:  # noqa: C901  one case a node
        """Return an expression as a sentence or a part of one."""
        match node:
            case Constant():
                return self._constant(node)
            case AsOf():
                return self.say("as_of")
            case AccountColumn() | RowColumn() | StepValue():
                return self._name(node)
            case Aggregate():
                return self._aggregate(node)
            case OfBook(function=function):
                parts = [self._part(each) for each in node.numbers]
                return self.say(function.value, **dict(zip("ab", parts, strict=False)))
            case Arithmetic():
                return self._arithmetic(node)
            case Negate(item=item):
                return self.say("negate", a=self._part(item))
            case Call():
                return self._call(node)
            case PluginCall():
                return self._of_plugin(node)
            case If(condition=condition, then=then, otherwise=otherwise):
                return self.say(
                    "if", a=self._truth(condition), b=self._part(then), c=self._part(otherwise)
                )
            case _:
                return self._truth(node)

    # conditions

    def _truth(self, node: Node) -> str:
        match node:
            case Compare():
                return self._compare(node)
            case Among(item=item, constants=constants):
                return self.say("among", a=self._part(item), list=self._listed(constants, item))
            case IsUnknown(item=item):
                return self.say("unknown", a=self._part(item))
            case Not(item=item):
                return self._not(item)
            case And(items=items):
                between = self._between(node, "between")
                return between or self.phrases["and"].join(self._member(each) for each in items)
            case Or(items=items):
                return self.phrases["or"].join(self._member(each) for each in items)
            case Aggregate(function=Aggregation.ANY) | Constant() | If() | Call() | PluginCall():
                return self.tell(node)
            case StepValue(address=address) if address in self.aggregates:
                return self._truth(self.aggregates[address])
        return self.tell(node)

    def _member(self, node: Node) -> str:
        """Return a member of `and` or `or`, in brackets when it has members itself."""
        text = self._truth(node)
        whole = isinstance(node, And | Or) and not self._between(node, "between")
        return self.say("brackets", a=text) if whole or isinstance(node, If) else text

    def _not(self, item: Node) -> str:
        match item:
            case IsUnknown(item=inner):
                return self.say("known", a=self._part(inner))
            case Among(item=inner, constants=constants):
                return self.say(
                    "not among", a=self._part(inner), list=self._listed(constants, inner)
                )
            case And() if (outside := self._between(item, "outside")) is not None:
                return outside
            case StepValue() | AccountColumn() | RowColumn() if not self._is_aggregate(item):
                return self.say("no", a=self.tell(item))
        return self.say("not", a=self.say("brackets", a=self._truth(item)))

    def _is_aggregate(self, node: Node) -> bool:
        return isinstance(node, StepValue) and node.address in self.aggregates

    def _compare(self, node: Compare) -> str:
        sign, left, right = node.comparison.value, node.left, node.right
        dated = left.type.kind is Kind.DATE and f"date{sign}" in self.phrases
        return self.say(
            f"date{sign}" if dated else sign,
            a=self._beside(left, right),
            b=self._beside(right, left),
        )

    def _between(self, node: Node, phrase: str) -> str | None:
        """Return two comparisons of the same value as one, None when they are not that."""
        match node:
            case And(items=(Compare() as one, Compare() as two)) if (
                one.comparison in LOWS and two.comparison in HIGHS and one.left == two.left
            ):
                left_out = self.phrases["left out"]
                return self.say(
                    phrase,
                    a=self._part(one.left), b=self._part(one.right), c=self._part(two.right),
                    low="" if LOWS[one.comparison] else left_out,
                    high="" if HIGHS[two.comparison] else left_out,
                )  # fmt: skip
        return None

    # values

    def _part(self, node: Node) -> str:
        """Return a value inside a longer phrase, in brackets when it is not one name or number."""
        text = self.tell(node)
        return (
            text if isinstance(node, PLAIN) or self._is_span(node) else self.say("brackets", a=text)
        )

    def _is_span(self, node: Node) -> bool:
        """Whether it is told as a day beside the date of the run, or as days since or until."""
        return isinstance(node, Arithmetic) and (
            isinstance(node.left, AsOf) or isinstance(node.right, AsOf)
        )

    def _constant(self, node: Constant) -> str:
        if node.type.kind is Kind.CHOICE:
            shown = self.naming.choice(str(node.value), node)
        else:
            shown = show(node.value, node.type, self.language)
            if node.type.kind is Kind.TEXT:
                shown = self.say("quoted", a=shown)
        if node.type.kind is Kind.DAYS:
            shown = self.say("days", a=shown)
        if node.parameter is None:
            return shown
        return self.say("parameter", a=self.naming.parameter(node.parameter), b=shown)

    def _name(self, node: AccountColumn | RowColumn | StepValue) -> str:
        if isinstance(node, StepValue):
            if node.address in self.aggregates:
                return self._aggregate(self.aggregates[node.address])
            if node.address in self.compared:
                return self.tell(self.compared[node.address])
        return self.naming.name(node)

    def _arithmetic(self, node: Arithmetic) -> str:
        left, right = node.left, node.right
        if node.operator is Operator.SUBTRACT and right.type.kind is Kind.DATE:
            if isinstance(left, AsOf):
                return self.say("since", a=self._part(right))
            if isinstance(right, AsOf):
                return self.say("until", a=self._part(left))
        if isinstance(left, AsOf) and node.operator in {Operator.ADD, Operator.SUBTRACT}:
            phrase = "before today" if node.operator is Operator.SUBTRACT else "after today"
            return self.say(phrase, a=self._part(right))
        return self.say(node.operator.value, a=self._part(left), b=self._part(right))

    def _call(self, node: Call) -> str:
        parts = [self._part(each) for each in node.arguments]
        match node.function:
            case Function.MIN | Function.MAX:
                return self.say(node.function.value, list=self.phrases["comma"].join(parts))
            case Function.ROUND:
                places = node.arguments[1]
                plain = isinstance(places, Constant) and not places.value
                return self.say("round" if plain else "places", a=parts[0], b=parts[1])
            case Function.COALESCE:
                told = parts[-1]
                for each in reversed(parts[:-1]):
                    told = self.say("coalesce", a=each, b=told)
                return told
        return self.say(node.function.value, **dict(zip("abc", parts, strict=False)))

    def _of_plugin(self, node: PluginCall) -> str:
        """Return a call of a plug-in's function: its name is all that is known of what it does."""
        parts = self.phrases["comma"].join(self._part(each) for each in node.arguments)
        return self.say("of plug-in", a=node.function.name, list=parts)

    def _aggregate(self, node: Aggregate) -> str:
        rows = self.rows(node.table, node.where)
        if node.column is None and node.item is None:
            return self.say(node.function.value, rows=rows)
        if node.item is not None:
            of = self._part(node.item)
        else:
            of = self.naming.column(node.table, node.column or "")
        return self.say(f"{node.function.value} of", rows=rows, of=of)

    def rows(self, name: str, where: Node | None) -> str:
        """Return the rows of a table for which a condition is true, all without one."""
        table = self.naming.table(name)
        if where is None:
            return self.say("rows", table=table)
        own, besides = apart(where)
        told = [self._stands(each, name) for each in besides]
        if own:
            told.insert(0, self._truth(And(own)) if len(own) > 1 else self._truth(own[0]))
        return self.say("rows where", table=table, where=self.phrases["and"].join(told))

    def _stands(self, node: Beside, table: str) -> str:
        """Return what has to stand beside a row of the table, or must not."""
        day, first, last = self.naming.column(table, node.day), node.first, node.last
        if first == last == 0:
            when = self.say("that day", day=day)
        elif first == 0:
            when = self.say("days after", n=str(last), day=day)
        elif last == 0:
            when = self.say("days before", n=str(-first), day=day)
        else:
            when = self.say("days from", n=str(first), m=str(last), day=day)
        names = [self.naming.column(node.table, each) for each in node.same]
        same = self.say("the same", list=self.phrases["comma"].join(names)) if names else ""
        phrase = "stands with" if node.needed else "stands without"
        return self.say(
            phrase,
            n=str(node.needed),
            rows=self.rows(node.table, node.where),
            date=self.naming.column(node.table, node.date),
            when=when,
            same=same,
        )

    def _listed(self, constants: tuple[Constant, ...], item: Node) -> str:
        return self.phrases["comma"].join(self._beside(each, item) for each in constants)

    def _beside(self, node: Node, item: Node) -> str:
        """Return a value that is compared with an item: a choice has the item's word for it."""
        if isinstance(node, Constant) and node.parameter is None and node.type.kind is Kind.CHOICE:
            return self.naming.choice(str(node.value), item)
        return self._part(node)
