"""The parser: recursive descent from tokens to the syntax tree, one method a level of binding."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kamrules.expression.lexer import Problem, Token, tokens
from kamrules.expression.nodes import Comparison, Operator, Span
from kamrules.expression.stream import COMPARISONS, DEEPEST, Stream
from kamrules.expression.syntax import (
    Between,
    Binary,
    Call,
    Chain,
    Date,
    Filter,
    In,
    Junction,
    Minus,
    Name,
    Negation,
    Number,
    Part,
    Text,
    Truth,
    Unknown,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamrules.expression.syntax import Tree

KEPT = 4096
RISING = {Comparison.LESS, Comparison.LESS_EQUAL}
FALLING = {Comparison.GREATER, Comparison.GREATER_EQUAL}
WORDS = {"and", "or", "not", "in", "is", "unknown", "true", "false"}
NOTHING = {"null", "none", "nil", "na", "missing", "empty", "blank", "nan", "undefined"}


@lru_cache(maxsize=KEPT)
def parse(text: str) -> Tree:
    """Return the syntax tree of an expression. Raises Problem.

    Trees are kept, as what tries many variants of a ruleset compiles the same texts again and again.
    """
    return Parser(tokens(text)).whole()


def parse_interval(text: str) -> Between:
    """Return the syntax tree of a lone interval such as `[60..80)`. Raises Problem."""
    parser = Parser(tokens(text))
    if parser.token.kind not in {"[", "("}:
        raise parser.problem(
            "KR110", "an interval begins with `[` or `(`", "such as [60..80) or [..10)"
        )
    interval = parser.interval()
    parser.expect_end()
    return interval


class Parser(Stream):
    """One method a level of binding, the loosest first."""

    def whole(self) -> Tree:
        """Parse an expression and nothing behind it."""
        if self.token.kind == "end":
            raise self.problem("KR110", "an expression is missing here")
        tree = self.either()
        self.expect_end()
        return tree

    def either(self) -> Tree:
        """Alternatives: a or b or c."""
        return self._junction("or", self.both)

    def both(self) -> Tree:
        """Conjunctions: a and b and c."""
        return self._junction("and", self.negation)

    def _junction(self, word: str, item: Callable[[], Tree]) -> Tree:
        first: Tree = item()
        items = [first]
        while self.word(word):
            self.take()
            items.append(item())
        if len(items) == 1:
            return first
        return Junction(word, tuple(items), Span(first.span.start, items[-1].span.end))

    def negation(self) -> Tree:
        """Not a."""
        if not self.word("not"):
            return self.comparison()
        token = self.take()
        self.nest(token)
        item = self.negation()
        self.depth -= 1
        return Negation(item, Span(token.start, item.span.end))

    def comparison(self) -> Tree:
        """Comparisons: a < b <= c, a in [...], a is unknown."""
        first = self.sum()
        if self.word("is"):
            return self._is(first)
        if self.word("in") or (self.word("not") and self._next_is("in")):
            return self._in(first)
        items = [first]
        comparisons: list[Comparison] = []
        while self.token.kind in COMPARISONS:
            token = self.take()
            self._check_chain(comparisons, COMPARISONS[token.kind], token)
            comparisons.append(COMPARISONS[token.kind])
            items.append(self.sum())
        if not comparisons:
            return first
        self._unknown_compared(items, comparisons)
        return Chain(tuple(items), tuple(comparisons), Span(first.span.start, items[-1].span.end))

    def _next_is(self, word: str) -> bool:
        following = self.stream[self.at + 1]
        return following.kind == "name" and following.text == word

    def _check_chain(self, before: list[Comparison], now: Comparison, token: Token) -> None:
        if not before:
            return
        together = {*before, now}
        if not (together <= RISING or together <= FALLING):
            message = "a chain of comparisons runs in one direction, such as `10 <= x < 20`"
            raise self.problem("KR119", message, "join two comparisons with `and`", token)

    def _unknown_compared(self, items: list[Tree], comparisons: list[Comparison]) -> None:
        for item in items:
            if isinstance(item, Name) and (item.name == "unknown" or item.name.lower() in NOTHING):
                yes = comparisons[0] is Comparison.EQUAL
                mend = "is unknown" if yes else "is not unknown"
                raise Problem("KR120", "nothing equals what is unknown", item.span.start, item.span.end,
                              f"did you mean `{mend}`?")  # fmt: skip

    def _is(self, item: Tree) -> Tree:
        self.take()
        negated = self.word("not")
        if negated:
            self.take()
        token = self.token
        if token.kind == "name" and token.text == "unknown":
            self.take()
            return Unknown(item, negated, Span(item.span.start, token.end))
        if token.kind == "name" and token.text.lower() in {*NOTHING, "known", "unknown"}:
            known = token.text.lower() == "known"
            mend = "is not unknown" if negated != known else "is unknown"
            raise self.problem(
                "KR120", f"`{token.text}` is written `unknown` here", f"did you mean `{mend}`?"
            )
        raise self.problem(
            "KR120", "`is` asks only whether something is unknown", "compare with `==`"
        )

    def _in(self, item: Tree) -> Tree:
        negated = self.word("not")
        if negated:
            self.take()
        self.take()
        token = self.token
        if token.kind not in {"[", "("}:
            raise self.problem(
                "KR110", "expected a list or an interval, such as ['a', 'b'] or [60..80)"
            )
        if self._is_interval():
            interval = self.interval()
            return In(item, interval, negated, Span(item.span.start, interval.span.end))
        if token.kind == "(":
            raise self.problem("KR113", "a list stands in square brackets", "did you mean `[`?")
        self.take()
        self.nest(token)
        members = self._list("]", token)
        self.depth -= 1
        if not members:
            raise self.problem("KR110", "an empty list holds nothing", None, token)
        return In(
            item, tuple(members), negated, Span(item.span.start, self.stream[self.at - 1].end)
        )

    def _is_interval(self) -> bool:
        """Look ahead for `..` before this bracket closes."""
        level = 0
        for token in self.stream[self.at :]:
            if token.kind in {"(", "["}:
                level += 1
            elif token.kind in {")", "]"}:
                level -= 1
                if level <= 0:
                    return False
            elif token.kind == ".." and level == 1:
                return True
        return False

    def interval(self) -> Between:
        """[low..high), with open ends."""
        opening = self.take()
        self.nest(opening)
        low = None if self.token.kind == ".." else self.sum()
        if self.token.kind != "..":
            raise self.problem("KR110", f"expected `..` between the bounds, found {self.found()}")
        self.take()
        high = None if self.token.kind in {")", "]"} else self.sum()
        closing = self.token
        if closing.kind not in {")", "]"}:
            raise self.unclosed(opening)
        self.take()
        self.depth -= 1
        span = Span(opening.start, closing.end)
        return Between(low, opening.kind == "[", high, closing.kind == "]", span)

    def sum(self) -> Tree:
        """Sums: a + b - c."""
        return self._binary({"+": Operator.ADD, "-": Operator.SUBTRACT}, self.product)

    def product(self) -> Tree:
        """Products: a * b / c."""
        return self._binary({"*": Operator.MULTIPLY, "/": Operator.DIVIDE}, self.unary)

    def _binary(self, operators: dict[str, Operator], item: Callable[[], Tree]) -> Tree:
        left: Tree = item()
        terms = 0
        while self.token.kind in operators:
            token = self.take()
            terms += 1
            if self.depth + terms > DEEPEST:
                raise Problem("KR118", f"an expression nests at most {DEEPEST} deep", token.start, token.end,
                              "split it into facts")  # fmt: skip
            right: Tree = item()
            left = Binary(operators[token.kind], left, right, Span(left.span.start, right.span.end))
        return left

    def unary(self) -> Tree:
        """-a."""
        if self.token.kind == "+":
            raise self.problem("KR110", "a plus sign needs a left side", "remove it")
        if self.token.kind != "-":
            return self.postfix()
        token = self.take()
        self.nest(token)
        item = self.unary()
        self.depth -= 1
        return Minus(item, Span(token.start, item.span.end))

    def postfix(self) -> Tree:
        """Parts and filters: a.b and table[condition]."""
        tree = self.primary()
        while True:
            token = self.token
            if token.kind == ".":
                self.take()
                name = self.take()
                if name.kind != "name":
                    raise self.problem("KR110", "a name follows the point", None, name)
                tree = Part(
                    tree, name.text, Span(name.start, name.end), Span(tree.span.start, name.end)
                )
            elif token.kind == "[":
                self.take()
                self.nest(token)
                if self.token.kind == "]":
                    raise self.problem("KR110", "a condition is missing between the brackets")
                condition = self.either()
                closing = self.close("]", token)
                self.depth -= 1
                tree = Filter(tree, condition, Span(tree.span.start, closing.end))
            else:
                return tree

    def primary(self) -> Tree:
        """A literal, a name, a call, or an expression in brackets."""
        token = self.token
        span = Span(token.start, token.end)
        match token.kind:
            case "number":
                self.take()
                return Number(float(token.value or 0.0), token.unit, span)
            case "date":
                self.take()
                return Date(float(token.value or 0.0), span)
            case "text":
                self.take()
                return Text(str(token.value), span)
            case "name":
                return self._name(token, span)
            case "(":
                self.take()
                self.nest(token)
                tree = self.either()
                self.close(")", token)
                self.depth -= 1
                return tree
        raise self.problem(
            "KR110", f"expected a value, found {self.found()}", self.mend_value(token)
        )

    def _name(self, token: Token, span: Span) -> Tree:
        if token.text in {"and", "or", "in", "is"}:
            raise self.problem("KR110", f"expected a value, found `{token.text}`")
        if token.text == "not":
            raise self.problem(
                "KR110", "`not` stands before a whole comparison", "put the rest in brackets"
            )
        self.take()
        if self.token.kind == "(":
            return self._call(token)
        if token.text in {"true", "false"}:
            return Truth(token.text == "true", span)
        if token.text in {"True", "False", "TRUE", "FALSE"}:
            raise self.problem("KR113", f"`{token.text}` is written `{token.text.lower()}` here",
                               f"did you mean `{token.text.lower()}`?", token)  # fmt: skip
        return Name(token.text, span)

    def _call(self, name: Token) -> Tree:
        lowered = name.text.lower()
        if lowered in {"and", "or", "not"} and name.text not in WORDS:
            message = f"`{lowered}` stands between or before conditions and is no function"
            mend = f"write `a {lowered} b`" if lowered != "not" else "write `not a`"
            raise self.problem("KR113", message, mend, name)
        opening = self.take()
        self.nest(opening)
        arguments = self._list(")", opening)
        self.depth -= 1
        end = self.stream[self.at - 1].end
        return Call(name.text, tuple(arguments), Span(name.start, name.end), Span(name.start, end))

    def _list(self, closing: str, opening: Token) -> list[Tree]:
        found: list[Tree] = []
        while self.token.kind != closing:
            found.append(self.either())
            if self.token.kind == ",":
                self.take()
                if self.token.kind == closing:
                    raise self.problem(
                        "KR110", f"expected a value after the comma, found `{closing}`"
                    )
            elif self.token.kind != closing:
                break
        self.close(closing, opening)
        return found
