"""The parser: recursive descent from tokens to the syntax tree, one method a level of binding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.expression.lexer import Problem, Token, tokens
from kamrules.expression.nodes import Comparison, Operator, Span
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

DEEPEST = 50
COMPARISONS = {each.value: each for each in Comparison}
RISING = {Comparison.LESS, Comparison.LESS_EQUAL}
FALLING = {Comparison.GREATER, Comparison.GREATER_EQUAL}
WORDS = {"and", "or", "not", "in", "is", "unknown", "true", "false"}
NOTHING = {"null", "none", "nil", "na", "missing", "empty", "blank", "nan", "undefined"}


def parse(text: str) -> Tree:
    """Return the syntax tree of an expression. Raises Problem."""
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


class Parser:
    """Walks along the tokens; `depth` counts how deep brackets and operators nest."""

    def __init__(self, stream: list[Token]) -> None:
        self.stream = stream
        self.at = 0
        self.depth = 0
        self.open: list[Token] = []

    @property
    def token(self) -> Token:
        """The token at hand."""
        return self.stream[self.at]

    def problem(
        self, code: str, message: str, mend: str | None = None, token: Token | None = None
    ) -> Problem:
        """Return a problem about a token, by default the one at hand."""
        token = token or self.token
        return Problem(code, message, token.start, max(token.end, token.start + 1), mend)

    def take(self) -> Token:
        """Return the token at hand and go on."""
        token = self.token
        self.at += 1
        return token

    def word(self, *words: str) -> bool:
        """Whether the token at hand is one of these words."""
        return self.token.kind == "name" and self.token.text in words

    def whole(self) -> Tree:
        """Parse an expression and nothing behind it."""
        if self.token.kind == "end":
            raise self.problem("KR110", "an expression is missing here")
        tree = self.either()
        self.expect_end()
        return tree

    def expect_end(self) -> None:
        """Complain about what stands behind a complete expression."""
        token = self.token
        if token.kind == "end":
            return
        if token.kind in {")", "]"}:
            raise self.problem("KR117", f"`{token.text}` closes nothing", "remove it")
        raise self.problem(
            "KR110",
            f"expected an operator or the end, found `{token.text}`",
            self._mend_behind(token),
        )

    def _mend_behind(self, token: Token) -> str | None:
        if token.kind != "name":
            return None
        lowered = token.text.lower()
        if lowered in {"and", "or", "not", "in", "is"}:
            return f"did you mean `{lowered}`?"
        before = self.stream[self.at - 1] if self.at else None
        if (
            before is not None
            and before.kind == "number"
            and not before.unit
            and lowered in {"days", "day"}
        ):
            return f"did you mean {before.text}d?"
        if before is not None and before.kind == "number" and lowered in {"percent", "pct"}:
            return f"did you mean {before.text}%?"
        if lowered == "between":
            return "an interval is written `x in [a..b]`"
        return {"equals": "did you mean `==`?", "contains": "texts are compared whole, with `==`",
                "like": "texts are compared whole, with `==`", "then": "write if(condition, a, b)",
                "if": "write if(condition, a, b)"}.get(lowered)  # fmt: skip

    def nest(self, token: Token) -> None:
        """Go one level deeper."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Problem(
                "KR118",
                f"brackets nest at most {DEEPEST} deep",
                token.start,
                token.end,
                "split it into facts",
            )

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
            raise self.problem("KR119", "a chain of comparisons runs in one direction, such as `10 <= x < 20`",
                               "join two comparisons with `and`", token)  # fmt: skip

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
            raise self.problem("KR110", f"expected `..` between the bounds, found {self._found()}")
        self.take()
        high = None if self.token.kind in {")", "]"} else self.sum()
        closing = self.token
        if closing.kind not in {")", "]"}:
            raise self._unclosed(opening)
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
                closing = self._close("]", token)
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
                self._close(")", token)
                self.depth -= 1
                return tree
        raise self.problem(
            "KR110", f"expected a value, found {self._found()}", self._mend_value(token)
        )

    def _mend_value(self, token: Token) -> str | None:
        if token.kind == "[":
            return "a list stands behind `in`"
        if token.kind in COMPARISONS and self.at and self.stream[self.at - 1].kind in COMPARISONS:
            return "one comparison is enough"
        return None

    def _found(self) -> str:
        return "the end" if self.token.kind == "end" else f"`{self.token.text}`"

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
            raise self.problem("KR113", f"`{lowered}` stands between or before conditions and is no function",
                               f"write `a {lowered} b`" if lowered != "not" else "write `not a`", name)  # fmt: skip
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
        self._close(closing, opening)
        return found

    def _close(self, closing: str, opening: Token) -> Token:
        if self.token.kind == closing:
            return self.take()
        if self.token.kind == "end" or self.token.kind in {")", "]"}:
            raise self._unclosed(opening)
        mend = self._mend_behind(self.token)
        raise self.problem(
            "KR110", f"expected an operator or `{closing}`, found `{self.token.text}`", mend
        )

    def _unclosed(self, opening: Token) -> Problem:
        closing = ")" if opening.kind == "(" else "]"
        if self.token.kind in {")", "]"}:
            message = f"`{opening.kind}` is closed by `{self.token.text}`"
            return Problem(
                "KR117", message, self.token.start, self.token.end, f"did you mean `{closing}`?"
            )
        return Problem(
            "KR117",
            f"`{opening.kind}` is never closed",
            opening.start,
            opening.end,
            f"add `{closing}`",
        )
