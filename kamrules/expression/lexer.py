"""The lexer: from text to tokens, with mends for what other languages and keyboards write."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 2_000
MOST_DIGITS = 15
EPOCH = datetime.date(1970, 1, 1).toordinal()

NUMBER = re.compile(r"(?:\d[\d_]*(?:\.(?!\.)\d[\d_]*)?|\.(?!\.)\d[\d_]*)")
DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?!\d)")
NAME = re.compile(r"[^\W\d]\w*")
APART = re.compile(r"(?<![\w.])(\d[\d_]*(?:\.\d+)?)\s+\Z")
"""A number with a space behind it, where its percent sign should be."""
GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?![\d_])")
DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?!\d)")
"""A date as many countries write it, day first."""
SYMBOLS = ("..", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "(", ")", "[", "]", ",", ".")

FOREIGN = {
    "&&": "and", "||": "or", "<>": "!=", "=>": ">=", "=<": "<=", "===": "==", "!==": "!=", "=": "==",
    "!": "not",
    "&": "and", "|": "or", "≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": "/", "−": "-", "–": "-",
    "（": "(", "）": ")", "，": ",", "＞": ">", "＜": "<", "＝": "==", "【": "[", "】": "]", "。": ".",
    "、": ",", "**": None, "^": None, "%": None, ";": None, "#": None, "$": None, "€": None, "£": None,
    "¥": None, "￥": None, "{": None, "}": None, "?": None, "@": None, ":": None, "\\": None,
    "~": None, "`": None,
}  # fmt: skip
"""What stands in other languages, or on other keyboards, for ours; None: there is nothing like it here."""
FOREIGN_BY_LENGTH = sorted(FOREIGN, key=len, reverse=True)
QUOTES = {
    "'": "'",
    '"': '"',
    "\u2018": "\u2019",
    "\u201c": "\u201d",
    "\u2019": "\u2019",
    "\u201d": "\u201d",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A token: kind is number, date, text, name, end, or the symbol itself."""

    kind: str
    text: str
    start: int
    end: int
    value: float | str | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Problem(Exception):  # noqa: N818  it is caught where it becomes a diagnostic
    """A problem at [start, end), before it becomes a diagnostic."""

    code: str
    message: str
    start: int
    end: int
    help: str | None = None


def tokens(text: str) -> list[Token]:
    """Return the tokens with an end token last. Raises Problem."""
    if len(text) > LONGEST:
        message = f"an expression has at most {LONGEST:,} characters, this one has {len(text):,}"
        raise Problem("KR112", message, 0, len(text), "split it into facts")
    return [*_tokens(text), Token("end", "", len(text), len(text))]


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        each = text[at]
        if each.isspace():
            at += 1
            continue
        token = _token(text, at, each)
        yield token
        at = token.end


def _token(text: str, at: int, each: str) -> Token:
    if each in QUOTES:
        return _text(text, at, each)
    if (found := DATE.match(text, at)) is not None:
        return _date(found)
    if (found := NUMBER.match(text, at)) is not None and found[0].isascii():
        return _number(text, found)
    if (found := NAME.match(text, at)) is not None:
        return Token("name", found[0], at, found.end())
    for symbol in FOREIGN_BY_LENGTH:
        if text.startswith(symbol, at) and not text.startswith(("==", "!=", "<=", ">="), at):
            raise _foreign(text, at, symbol)
        if symbol in {"===", "!=="} and text.startswith(symbol, at):
            raise _foreign(text, at, symbol)
    for symbol in SYMBOLS:
        if text.startswith(symbol, at):
            return Token(symbol, symbol, at, at + len(symbol))
    raise Problem("KR111", f"`{_shown(each)}` means nothing here", at, at + 1)


def _shown(each: str) -> str:
    return each if each.isprintable() else f"U+{ord(each):04X}"


def _foreign(text: str, at: int, symbol: str) -> Problem:
    ours = FOREIGN[symbol]
    end = at + len(symbol)
    if ours is not None:
        return Problem(
            "KR113", f"`{symbol}` is written `{ours}` here", at, end, f"did you mean `{ours}`?"
        )
    hints = {
        "%": "a share is written with its number: 20%",
        "#": "comments stand outside the quotes, behind the value",
        ";": "one expression stands here, without `;`", "**": "write x * x", "^": "write x * x",
        "?": "write if(condition, a, b)", "{": "placeholders in braces belong in texts such as `because`",
    }  # fmt: skip
    if symbol in "$€£¥￥":
        return Problem("KR111", f"`{symbol}` means nothing here: amounts are plain numbers", at, end,
                       "leave the currency sign out")  # fmt: skip
    apart = APART.search(text, 0, at) if symbol == "%" else None
    mend = f"did you mean {apart[1]}%?" if apart is not None else hints.get(symbol)
    return Problem("KR111", f"`{symbol}` means nothing here", at, end, mend)


def _text(text: str, at: int, quote: str) -> Token:
    close = text.find(QUOTES[quote], at + 1)
    if close < 0:
        raise Problem(
            "KR114",
            "this text has no closing quote",
            at,
            len(text),
            f"close it with `{QUOTES[quote]}`",
        )
    if quote not in "'\"":
        inside = text[at + 1 : close]
        raise Problem(
            "KR113",
            "curly quotes do not delimit a text",
            at,
            close + 1,
            f"did you mean '{inside}'?",
        )
    return Token("text", text[at : close + 1], at, close + 1, text[at + 1 : close])


def _date(found: re.Match[str]) -> Token:
    written = found[0]
    year, month, day = (int(each) for each in written.split("-"))
    try:
        value = datetime.date(year, month, day).toordinal() - EPOCH
    except ValueError:
        message = f"`{written}` is not a date of the calendar"
        raise Problem("KR116", message, found.start(), found.end()) from None
    if len(written) != 10:
        right = f"{year:04}-{month:02}-{day:02}"
        raise Problem("KR116", "a date has two digits for month and day", found.start(), found.end(),
                      f"did you mean {right}?")  # fmt: skip
    return Token("date", written, found.start(), found.end(), float(value))


def _number(text: str, found: re.Match[str]) -> Token:
    start, end = found.span()
    dotted = DOTTED.match(text, start)
    if dotted is not None:
        right = f"{dotted[3]}-{dotted[2]:0>2}-{dotted[1]:0>2}"
        message = "a date is written as year, month and day"
        raise Problem("KR116", message, start, dotted.end(), f"did you mean {right}?")
    grouped = GROUPED.match(text, start)
    if grouped is not None:
        right = grouped[0].replace(",", "_")
        message = f"expected an operator or the end, found `,` in `{grouped[0]}`"
        mend = f"digits are grouped with `_`: {right}"
        raise Problem("KR110", message, start, grouped.end(), mend)
    digits = found[0].replace("_", "")
    if len(digits.replace(".", "").lstrip("0")) > MOST_DIGITS:
        raise Problem("KR115", f"a number has at most {MOST_DIGITS} digits", start, end)
    if found[0].startswith("."):
        raise Problem(
            "KR115", "a number begins with a digit", start, end, f"did you mean 0{found[0]}?"
        )
    if found[0].endswith("_") or "__" in found[0] or "_." in found[0] or "._" in found[0]:
        raise Problem("KR115", "`_` stands between two digits", start, end)
    rest = NAME.match(text, end)
    if text.startswith("%", end):
        return Token("number", text[start : end + 1], start, end + 1, _hundredth(digits), "%")
    if rest is None:
        return Token("number", found[0], start, end, float(digits))
    if rest[0] == "d":
        if "." in digits:
            raise Problem("KR115", "a span is a whole number of days", start, rest.end())
        return Token("number", text[start : rest.end()], start, rest.end(), float(digits), "d")
    raise _glued(digits, rest, start)


def _glued(digits: str, rest: re.Match[str], start: int) -> Problem:
    thousands = {"k": 3, "m": 6, "mio": 6, "mln": 6, "bn": 9, "b": 9}
    spans = {
        "day": 1,
        "days": 1,
        "w": 7,
        "week": 7,
        "weeks": 7,
        "y": 365,
        "year": 365,
        "years": 365,
    }
    word, mend = rest[0].lower(), None
    if word in spans and "." not in digits:
        mend = f"did you mean {int(digits) * spans[word]}d?"
    elif word in thousands and "." not in digits and len(digits) + thousands[word] <= MOST_DIGITS:
        mend = f"did you mean {int(digits) * 10 ** thousands[word]:_}?"
    message = f"`{digits}{rest[0]}` is neither a number nor a name"
    return Problem("KR115", message, start, rest.end(), mend)


def _hundredth(digits: str) -> float:
    """Return a percentage as the double nearest to its hundredth: 20 is 0.2, rounded once."""
    whole, _, fraction = digits.partition(".")
    whole = whole.rjust(3, "0")
    return float(f"{whole[:-2]}.{whole[-2:]}{fraction}")
