"""Broken TOML: tomli's finding as a diagnostic in an author's words, with the mend for frequent slips.

Each rule below knows one slip and says nothing about others; the first that speaks is heard.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic
from kamrules.document.broken_values import mended
from kamrules.document.positions import index
from kamrules.document.tree import address_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamrules.document.positions import Positions

_HEADER = re.compile(r"\s*\[\[?[\w.\"' -]+\]\]?\s*(#.*)?")
_PAIR = re.compile(r"\s*(?P<key>[\w.\"'-]+)\s*=\s*(?P<value>.*)")
_INTERVAL = re.compile(r"[\[(][^\[\](),\"']*\.\.[^\[\](),\"']*[\])]")
_WORD = re.compile(r"[^\s#,\]}]+")
_CURLY = "\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb\u300c\u300d\uff02\uff07"
_TWICE = ("Cannot declare", "Cannot overwrite", "Cannot redefine", "Cannot mutate", "Duplicate")


_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}


@dataclass(frozen=True, slots=True)
class Break:
    """Where a text stops being TOML: tomli's words, the offset, the line around it.

    `stack` holds the offsets of the brackets, braces and quotes that are open there, outermost first.
    """

    found: str
    at: int
    positions: Positions
    file: str
    line: str
    column: int
    stack: tuple[int, ...]

    @property
    def open(self) -> int | None:
        """Return the offset of the innermost one that is open, if any."""
        return self.stack[-1] if self.stack else None

    @property
    def after(self) -> str:
        """Return the rest of the line."""
        return self.line[self.column :]

    @property
    def before(self) -> str:
        """Return the line up to the break."""
        return self.line[: self.column]

    @property
    def opener(self) -> str:
        """Return the bracket, brace or quote that is open, empty when none is."""
        return "" if self.open is None else self.positions.text[self.open]

    def tell(
        self,
        message: str,
        length: int = 1,
        *,
        mend: str | None = None,
        code: str = "KR105",
        start: int | None = None,
    ) -> Diagnostic:
        """Return the diagnostic about so many characters from the break, or from another offset."""
        start = self.at if start is None else start
        place, excerpt = self.positions.place(self.file, (start, start + length))
        return Diagnostic(code, message, place=place, excerpt=excerpt, help=mend)


def explain(found: str, at: int, positions: Positions, file: str) -> Diagnostic:
    """Return the diagnostic for what tomli found at an offset."""
    at = min(at, len(positions.text))
    number = positions.line(at)
    still_open = index(positions.text[:at]).open
    case = Break(
        found, at, positions, file, positions.excerpt(number), at - positions.starts[number - 1],
        tuple(still_open),
    )  # fmt: skip
    for rule in _RULES:
        told = rule(case)
        if told is not None:
            return told
    return case.tell(f"this is not TOML: {found[:1].lower()}{found[1:]}")


def _defined_twice(case: Break) -> Diagnostic | None:
    if not case.found.startswith(_TWICE):
        return None
    for twice in case.positions.twice:
        line = case.positions.line(twice.first[0])
        message = f"`{address_of(twice.path)}` is defined twice, first in line {line}"
        length = twice.second[1] - twice.second[0]
        return case.tell(message, length, code="KR106", start=twice.second[0])
    start = case.at - case.column
    return case.tell("this is defined twice", len(case.line), code="KR106", start=start)


def _merge_conflict(case: Break) -> Diagnostic | None:
    if re.match(r"(<{7}|={7}|>{7}|\|{7})( |$)", case.line):
        message = "a conflict of version control is left here"
        return case.tell(message, 7, start=case.at - case.column)
    return None


def _bad_date(case: Break) -> Diagnostic | None:
    if not case.found.startswith("Invalid date"):
        return None
    word = _WORD.match(case.after)
    text = word.group() if word else ""
    return case.tell(f"`{text}` is not in the calendar", len(text), code="KR109")


def _escape(case: Break) -> Diagnostic | None:
    if not case.found.startswith(("Unescaped", "Invalid hex", "Escaped character")):
        return None
    start = max(case.positions.text.rfind("\\", 0, case.at), 0)
    written = case.positions.text[start : start + 2]
    message = f"`{written}` means nothing in a text in double quotes"
    if written[1:] in _HEX_DIGITS:
        count = _HEX_DIGITS[written[1:]]
        message = f"`{written}` is followed by the {count} hexadecimal digits of a character"
        return case.tell(message, len(written), start=start)
    mend = "write `\\\\` for a backslash, or put the text in single quotes"
    return case.tell(message, len(written), mend=mend, start=start)


def _open_string(case: Break) -> Diagnostic | None:
    if case.open is None or case.opener not in {'"', "'"}:
        return None
    quote, text = case.opener, case.positions.text
    if text.startswith(quote * 3, case.open):
        return case.tell(
            f"the text that begins here is not closed by {quote * 3}", 3, start=case.open
        )
    end = text.find("\n", case.open)
    if case.at < (len(text) if end < 0 else end):
        return None
    written = text[case.open : len(text) if end < 0 else end].rstrip()
    mend = None
    if written[-1] in _CURLY:
        mend = f"close it with a straight quote: {written[:-1]}{quote}"
    return case.tell(f"the text that begins here is not closed by {quote}", len(written), mend=mend,
                     start=case.open)  # fmt: skip


def _control_character(case: Break) -> Diagnostic | None:
    character = case.positions.text[case.at : case.at + 1]
    if not character or character in "\t\n" or not (ord(character) < 32 or ord(character) == 127):
        return None
    return case.tell(f"a control character (U+{ord(character):04X}) cannot stand here")


def _curly_quotes(case: Break) -> Diagnostic | None:
    if not case.after or case.after[0] not in _CURLY:
        return None
    value = case.after.partition("#")[0].rstrip()
    inside = value.strip(_CURLY)
    mend = None
    if not any(each in inside for each in f'{_CURLY}"\\') and inside:
        mend = f'write it with straight quotes: "{inside}"'
    return case.tell(f"`{case.after[0]}` is not a quote that TOML knows", mend=mend)


def _full_width(case: Break) -> Diagnostic | None:
    character = case.after[:1]
    if not "\uff01" <= character <= "\uff5e":
        return None
    plain = chr(ord(character) - 0xFEE0)
    return case.tell(f"`{character}` is the full-width form of `{plain}`", mend=f"write `{plain}`")


def _open_list(case: Break) -> Diagnostic | None:
    if (
        _HEADER.fullmatch(case.line)
        and len(case.stack) > 1
        and not case.line[: case.column].strip(" [\t")
    ):
        # after a list's last comma the next header looks like one more list
        outer = tuple(each for each in case.stack if each < case.at - case.column)
        case = replace(case, stack=outer)
    if case.open is None or case.opener not in {"[", "{"}:
        return None
    what, close = ("list", "]") if case.opener == "[" else ("table", "}")
    ended = case.at >= len(case.positions.text)
    new_line = case.positions.line(case.open) != case.positions.line(case.at)
    next_one = new_line and (
        _HEADER.fullmatch(case.line) or (what == "list" and _PAIR.match(case.line))
    )
    if ended or next_one:
        line = case.positions.line(case.open)
        message = f"the {what} that begins in line {line} is not closed: its `{close}` is missing"
        return case.tell(message, start=case.open)
    if not case.after and what == "table":
        return case.tell(f"`{close}` is missing, or a `,`")
    if case.found.startswith("Unclosed") and case.after[:1] in {"]", "}"}:
        return case.tell(f"`{close}` is missing before this")
    if case.found.startswith("Unclosed") and case.after[:1] in {'"', "'", "{", "["}:
        return case.tell("a `,` is missing before this")
    return None


def _no_equals(case: Break) -> Diagnostic | None:
    if not case.found.startswith("Expected '='"):
        return None
    key = re.split(r"[{,]", case.before)[-1].strip()
    rest = case.after.lstrip(" :\uff1a\uff1d=")
    if case.opener == "{" and case.after[:1] in {",", "}"}:
        return case.tell("a table in { } holds `key = value` pairs; a list stands in [ ]")
    words = re.match(r"(\w+)( \w+)*(?=\s*=)", case.line.strip())
    if words and " " in words.group():
        mended = words.group().replace(" ", "_")
        return case.tell("a key is one word", mend=f"did you mean `{mended}`?")
    mend = f"{key} = {rest}" if rest and case.opener != "{" else None
    return case.tell(f"`=` is missing after `{key}`", mend=mend)


def _statement(case: Break) -> Diagnostic | None:
    if not case.found.startswith("Invalid statement"):
        return None
    first = case.after[:1]
    if first in {"/", ";"}:
        return case.tell("a comment begins with `#`", len(case.after.rstrip()))
    if first in {"]", "}", ")"}:
        return case.tell(f"this `{first}` closes nothing")
    if first == "=":
        return case.tell("the key before `=` is missing")
    message = f"`{first}` cannot begin a line: a key is made of a-z, 0-9 and _"
    return case.tell(message)


def _key_part(case: Break) -> Diagnostic | None:
    if not case.found.startswith("Invalid initial character"):
        return None
    word = _WORD.match(case.after.lstrip("."))
    if case.after[:1] in {"", "]", ".", "="}:
        return case.tell("a name is missing here")
    if case.opener == "{" and case.after[:1] in {"[", "{", "("}:
        return case.tell("a table in { } holds `key = value` pairs; a list stands in [ ]")
    length = len(word.group()) if word else 1
    return case.tell("a name is made of a-z, 0-9 and _; anything else stands in quotes", length)


def _header_end(case: Break) -> Diagnostic | None:
    if "at the end of a" not in case.found:
        return None
    close = "]]" if case.line.lstrip().startswith("[[") else "]"
    written = case.line.partition("#")[0].strip()
    mend = None
    if not case.after.partition("#")[0].strip():
        mend = written + close
    return case.tell(f"`{close}` is missing after the name of the table", mend=mend)


def _double_equals(case: Break) -> Diagnostic | None:
    if case.after.startswith("=") and case.before.rstrip().endswith("="):
        message = "a key and its value are joined by one `=`"
        return case.tell(message, mend=f"{case.before.rstrip()} {case.after.lstrip('= ')}")
    return None


def _in_place_of_a_value(case: Break) -> Diagnostic | None:
    """Tell of what stands where a value should: nothing, a word of another language, a bare expression."""
    begin = _value_begins(case)
    if begin is None:
        return None
    line_start = case.at - case.column
    written = _written(case, case.line[begin:])
    if not written:
        key = re.split(r"[{,\s]", case.before[:begin].rstrip(" =\t"))[-1]
        return case.tell(f"`{key}` has no value" if key else "a value is missing here")
    message, mend = mended(written)
    return case.tell(message, len(written), mend=mend, start=line_start + begin)


def _value_begins(case: Break) -> int | None:
    """Return the column, from 0, at which the value begins in which the break stands."""
    if case.found.startswith("Invalid value"):
        return case.column
    if not case.found.startswith(("Expected newline", "Unclosed")):
        return None
    if case.opener == "[" and case.open is not None and case.open >= case.at - case.column:
        begin = case.open - (case.at - case.column)
        if _INTERVAL.match(case.line[begin:]):
            return begin
    if case.opener:
        begin = max(case.before.rfind(each) for each in "[{,=") + 1
    else:
        found = _PAIR.match(case.line)
        if found is None or found.start("value") > case.column:
            return None
        begin = found.start("value")
    return begin + len(case.line[begin:]) - len(case.line[begin:].lstrip())


def _written(case: Break, rest: str) -> str:
    """Return what the author wrote as the value, without a comment and, in a list, what follows."""
    rest = "" if rest.startswith("#") else rest.partition(" #")[0]
    if not case.opener:
        return rest.strip()
    interval = _INTERVAL.match(rest)
    if interval:
        return interval.group()
    return re.split(r"[,\]}]", rest)[0].strip()


_RULES: tuple[Callable[[Break], Diagnostic | None], ...] = (
    _defined_twice,
    _merge_conflict,
    _bad_date,
    _escape,
    _open_string,
    _control_character,
    _curly_quotes,
    _full_width,
    _open_list,
    _no_equals,
    _statement,
    _key_part,
    _header_end,
    _double_equals,
    _in_place_of_a_value,
)
