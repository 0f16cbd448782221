"""Functions of plug-ins: what rules know of one, what it answers, and those that a ruleset may call."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kamrules.expression.types import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kamrules.diagnostics import Diagnostic
    from kamrules.expression.types import Type

WHOLE = {Kind.INTEGER, Kind.DAYS, Kind.DATE}
"""The kinds whose values have no fraction."""
PLAIN = {Kind.MONEY, Kind.SHARE, Kind.NUMBER}
"""The kinds of which every finite number is a value."""
EPOCH = datetime.date(1970, 1, 1)
FIRST, LAST = ((each - EPOCH).days for each in (datetime.date.min, datetime.date.max))
WITHIN: Mapping[Kind, tuple[float, float]] = {
    Kind.SCORE: (0.0, 100.0),
    Kind.DATE: (float(FIRST), float(LAST)),
}
"""The least and the greatest value of the kinds that have one."""


@dataclass(frozen=True, slots=True)
class PluginFunction:
    """A function that a plug-in adds to the language, checked; kamrules.contracts.LanguageFunction.

    `sql` is one expression of DuckDB's SQL with `{0}`, `{1}` for the arguments, `owner` the words by which
    people are told of the plug-in; `examples` are arguments and results as expressions hold them.

    It is strict: unknown where an argument is. It is unknown, too, where a form fails, and where what comes
    out is no value of the kind `returns`: NaN, infinity, a fraction of a day, a score of 101.
    """

    name: str
    parameters: tuple[Type, ...]
    returns: Type
    python: Callable[..., Any]
    sql: str
    about: str = ""
    version: str = "1"
    owner: str = ""
    examples: tuple[tuple[tuple[Any, ...], Any], ...] = field(default=(), compare=False, repr=False)

    @property
    def usage(self) -> str:
        """Return how it is called, with the kinds of its arguments: `net(money, share)`."""
        return f"{self.name}({', '.join(str(each) for each in self.parameters)})"

    def value(self, *arguments: Any) -> Any:  # noqa: ANN401  values of any type
        """Return its value, None while that is unknown; numbers, dates too, are taken as doubles."""
        if None in arguments:
            return None
        try:
            found = self.python(*map(_double, arguments))
        except (Exception, SystemExit):  # noqa: BLE001  a stranger's code; docs/language.md
            return None
        return self.settled(found)

    def settled(self, found: Any) -> Any:  # noqa: ANN401  whatever it gave
        """Return what came out as a value of the kind, None where it is none."""
        kind = self.returns.kind
        if type(found) is float and kind in PLAIN:  # the usual case, and the hot one
            return found + 0.0 if math.isfinite(found) else None
        if kind is Kind.BOOL:
            return bool(found) if isinstance(found, bool) else None
        if kind is Kind.TEXT:
            return _text(found)
        if isinstance(found, bool) or not isinstance(found, int | float):
            return None
        try:
            number = float(found)
        except OverflowError:
            return None
        low, high = WITHIN.get(kind, (-math.inf, math.inf))
        if not math.isfinite(number) or not low <= number <= high:
            return None
        if kind in WHOLE and not number.is_integer():
            return None
        return number + 0.0  # minus zero is zero


def _double(value: Any) -> Any:  # noqa: ANN401
    """Return an argument; engines hold some numbers as whole ones."""
    return float(value) if type(value) is int else value


def _text(found: Any) -> str | None:  # noqa: ANN401
    if not isinstance(found, str):
        return None
    try:
        found.encode()
    except UnicodeEncodeError:
        return None
    return str(found)


def _untried(one: PluginFunction) -> None:
    del one


@dataclass(slots=True)
class Functions:
    """The functions of plug-ins that a ruleset may call.

    `tried` holds both forms of one to its examples, and returns why it cannot be used, if so. It is asked
    once for each function that an expression calls, since that loads the SQL engine.
    """

    found: Mapping[str, PluginFunction] = field(default_factory=dict)
    tried: Callable[[PluginFunction], Diagnostic | None] = _untried
    _refused: dict[str, Diagnostic | None] = field(default_factory=dict)

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self.found)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.found)

    def get(self, name: str) -> PluginFunction | None:
        """Return the function of a name."""
        return self.found.get(name)

    def refusal(self, name: str) -> Diagnostic | None:
        """Return why a function that there is cannot be used, None when it can."""
        if name not in self._refused:
            self._refused[name] = self.tried(self.found[name])
        return self._refused[name]
