"""The stream of tokens: the one at hand, how deep it lies, and what to say when it does not fit."""

from __future__ import annotations

from kamrules.expression.lexer import Problem, Token
from kamrules.expression.nodes import Comparison

DEEPEST = 50
COMPARISONS = {each.value: each for each in Comparison}


class Stream:
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
            self.mend_behind(token),
        )

    def mend_behind(self, token: Token) -> str | None:
        """Return a mend for what stands behind a complete expression."""
        if token.kind != "name":
            return None
        lowered = token.text.lower()
        if lowered in {"and", "or", "not", "in", "is"} and token.text != lowered:
            return f"did you mean `{lowered}`?"
        before = self.stream[self.at - 1] if self.at else None
        if before is not None and before.kind == "name" and before.text in {"NOT", "Not"}:
            return "did you mean `not`?"
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

    def mend_value(self, token: Token) -> str | None:
        """Return a mend for what stands where a value should."""
        if token.kind == "[":
            return "a list stands behind `in`"
        if token.kind in COMPARISONS and self.at and self.stream[self.at - 1].kind in COMPARISONS:
            return "one comparison is enough"
        return None

    def found(self) -> str:
        """Return the token at hand as messages name it."""
        return "the end" if self.token.kind == "end" else f"`{self.token.text}`"

    def close(self, closing: str, opening: Token) -> Token:
        """Take the bracket that closes; complain when another token is there."""
        if self.token.kind == closing:
            return self.take()
        if self.token.kind == "end" or self.token.kind in {")", "]"}:
            raise self.unclosed(opening)
        mend = self.mend_behind(self.token)
        raise self.problem(
            "KR110", f"expected an operator or `{closing}`, found `{self.token.text}`", mend
        )

    def unclosed(self, opening: Token) -> Problem:
        """Return the problem of a bracket that is not closed."""
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
