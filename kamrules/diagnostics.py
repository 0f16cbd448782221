"""Diagnostics: what is wrong, where, and how to mend it; every error of kamrules passes here.

A diagnostic is data first and text second. Code ranges: KR1xx reading, KR2xx names and types, KR3xx
definitions and order, KR4xx tables of rules (gap, overlap), KR5xx policy quality, KR6xx facts and
data, KR7xx plug-ins, KR8xx runs, KR9xx defects of kamrules itself. Every code has a page in
kamrules/pages (`kamrules code KR208` prints it).
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from kamrules.masking import masked

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """How bad it is: only an error stops the work."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of one line: file as the user named it, line and columns counted from 1.

    `end_column` is the column after the last character.
    """

    file: str
    line: int
    column: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem: code, one sentence (lower case, no full stop), and where it is.

    `help` is a mend the reader can paste, given only when sure; `excerpt` the whole source line;
    `address` the path of the rule, such as `class.key.when[1]`.
    """

    code: str
    message: str
    severity: Severity = Severity.ERROR
    place: Place | None = None
    excerpt: str | None = None
    help: str | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        """Keep secrets out of what is told, whoever wrote the message."""
        object.__setattr__(self, "message", masked(self.message))
        if self.help is not None:
            object.__setattr__(self, "help", masked(self.help))
        if self.excerpt is not None:
            object.__setattr__(self, "excerpt", masked(self.excerpt))

    def as_json(self) -> dict[str, Any]:
        """Return the one JSON shape that the command line, Python and services share."""
        place = self.place
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "help": self.help,
            "file": place.file if place else None,
            "line": place.line if place else None,
            "column": place.column if place else None,
            "end_column": place.end_column if place else None,
            "path": self.address,
        }


@dataclass(frozen=True, slots=True)
class SourceText:
    """A piece of an author's text (one TOML string, on one line) and where each character stands.

    `columns[i]` is the column (from 1) at which character i of `text` begins in the file's line, with
    one more entry for its end; so escapes inside the TOML string do not move the caret. Without a
    file (`SourceText.plain`) the text is its own line.
    """

    text: str
    file: str
    line: int
    columns: tuple[int, ...]
    excerpt: str
    address: str | None = None

    @staticmethod
    def plain(text: str, file: str = "<text>", address: str | None = None) -> SourceText:
        """Return text that stands alone, as in a test or a call from Python."""
        return SourceText(text, file, 1, tuple(range(1, len(text) + 2)), text, address)

    def place(self, start: int, end: int) -> Place:
        """Return the place of the characters [start, end) of the text."""
        last = len(self.columns) - 1
        start, end = min(start, last), min(end, last)
        return Place(self.file, self.line, self.columns[start], self.columns[end])

    def diagnostic(  # noqa: PLR0913  the parts of a diagnostic
        self,
        code: str,
        message: str,
        start: int = 0,
        end: int | None = None,
        *,
        help: str | None = None,  # noqa: A002  the design's word
        severity: Severity = Severity.ERROR,
    ) -> Diagnostic:
        """Return a diagnostic about the characters [start, end), by default the whole text."""
        where = self.place(start, len(self.text) if end is None else end)
        return Diagnostic(code, message, severity, where, self.excerpt, help, self.address)


class KamrulesError(Exception):
    """Something the user can mend; carries the diagnostics. `exit_status` is design 8's."""

    exit_status = 2

    def __init__(self, *diagnostics: Diagnostic) -> None:
        """Keep the diagnostics, sorted by place."""
        self.diagnostics = in_order(diagnostics)
        super().__init__(render(self.diagnostics))


class UsageError(KamrulesError):
    """The command or call was wrong: a missing file, an option that does not fit."""

    exit_status = 2


class RulesetError(KamrulesError):
    """The ruleset does not compile; `diagnostics` holds all problems of the stage at once."""

    exit_status = 3


class DataError(KamrulesError):
    """A source or sink failed, or its data broke the schema."""

    exit_status = 4


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics sorted by file, line and column, those without a place first."""

    def key(one: Diagnostic) -> tuple[str, int, int, str, str]:
        place = one.place
        if place is None:
            return ("", 0, 0, one.code, one.message)
        return (place.file, place.line, place.column, one.code, one.message)

    return tuple(sorted(dict.fromkeys(diagnostics), key=key))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to a misspelt one, or None when nothing is close."""
    names = list(known)
    folded = {each.casefold(): each for each in reversed(names)}
    matches = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def render(diagnostics: Iterable[Diagnostic], form: str = "text") -> str:
    """Return the diagnostics as `text`, `json`, `github` (workflow commands) or `sarif`."""
    return _FORMS[form](list(diagnostics))


def _text(diagnostics: list[Diagnostic]) -> str:
    return "\n\n".join(_one_text(each) for each in diagnostics)


def _one_text(one: Diagnostic) -> str:
    lines = [f"{one.severity}[{one.code}]: {one.message}"]
    if one.place is not None:
        place = one.place
        gutter = " " * len(str(place.line))
        lines.append(f"{gutter}--> {place.file}:{place.line}:{place.column}")
        if one.excerpt is not None:
            lines += [f"{gutter} |", f"{place.line} | {_visible(one.excerpt)}"]
            lines.append(f"{gutter} | {_caret(one.excerpt, place)}")
        if one.help:
            lines.append(f"{gutter} = help: {one.help}")
    elif one.help:
        lines.append(f"  = help: {one.help}")
    return "\n".join(lines)


def _visible(line: str) -> str:
    return "".join(
        each if each == "\t" or each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line
    )


def _caret(excerpt: str, place: Place) -> str:
    lead = "".join(
        "\t" if each == "\t" else " " * _width(each) for each in excerpt[: place.column - 1]
    )
    marked = excerpt[place.column - 1 : max(place.end_column, place.column + 1) - 1]
    return lead + "^" * max(1, sum(_width(each) for each in marked))


def _width(character: str) -> int:
    """Return the number of terminal cells of a character, so that carets stand under Chinese text."""
    import unicodedata  # noqa: PLC0415  only error paths need it

    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _json(diagnostics: list[Diagnostic]) -> str:
    return json.dumps([each.as_json() for each in diagnostics], ensure_ascii=False, indent=2)


def _github(diagnostics: list[Diagnostic]) -> str:
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}
    lines = []
    for one in diagnostics:
        where = ""
        if one.place:
            where = f"file={_escape(one.place.file)},line={one.place.line},col={one.place.column},"
        text = one.message + (f"\nhelp: {one.help}" if one.help else "")
        lines.append(f"::{words[one.severity]} {where}title={one.code}::{_escape(text)}")
    return "\n".join(lines)


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _sarif(diagnostics: list[Diagnostic]) -> str:
    levels = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}
    results = []
    for one in diagnostics:
        text = one.message + (f" (help: {one.help})" if one.help else "")
        result: dict[str, Any] = {
            "ruleId": one.code,
            "level": levels[one.severity],
            "message": {"text": text},
        }
        if one.place:
            region = {
                "startLine": one.place.line,
                "startColumn": one.place.column,
                "endColumn": one.place.end_column,
            }
            artifact = {"uri": one.place.file}
            result["locations"] = [
                {"physicalLocation": {"artifactLocation": artifact, "region": region}}
            ]
        results.append(result)
    rules = [{"id": code} for code in sorted({each.code for each in diagnostics})]
    run = {"tool": {"driver": {"name": "kamrules", "rules": rules}}, "results": results}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps(
        {"$schema": schema, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2
    )


_FORMS = {"text": _text, "json": _json, "github": _github, "sarif": _sarif}
