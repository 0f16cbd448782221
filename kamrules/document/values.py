"""Whether a parameter's value fits its type and its range, and choices fit their type."""

from __future__ import annotations

import datetime
import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kamrules.document.fields import LARGEST, LONGEST_DAYS, Slip

if TYPE_CHECKING:
    from collections.abc import Sequence

Scalar = bool | float | str | datetime.date

NUMERIC = ("money", "share", "score", "number", "integer", "days")
RANGES = {"share": (0.0, 1.0), "score": (0.0, 100.0), "days": (-LONGEST_DAYS, LONGEST_DAYS)}
"""Between which numbers, both inclusive, values of a type lie, whatever the author says."""

WANTED = {
    "money": "an amount such as 2_000_000",
    "share": "a share between 0 and 1, such as 0.2",
    "score": "a number between 0 and 100",
    "number": "a number",
    "integer": "a whole number",
    "days": "a whole number of days",
    "date": "a date such as 2026-01-31",
    "text": "a text in quotes",
    "choice": "one of its choices, in quotes",
    "bool": "true or false",
}


def choice_slips(kind: str, choices: Sequence[str]) -> list[Slip]:
    """Return what is wrong between a type and its choices."""
    if kind == "choice" and not choices:
        return [
            Slip("KR159", "a choice needs `choices`, the list of what may be chosen", ("type",))
        ]
    if kind != "choice" and choices:
        message = f"`choices` belong to type `choice`, and the type is `{kind}`"
        return [Slip("KR159", message, ("choices",))]
    return []


def changing_slips(
    kind: str,
    *,
    changeable: bool | str | None,
    cost: float | None,
    step: float | None,
    rising: str | None,
) -> list[Slip]:
    """Return what is wrong between a type and what is said about changing values of it."""
    slips = []
    if kind not in (*NUMERIC, "date"):
        unordered = {"step": step, "rising": rising}
        slips = [
            Slip("KR164", f"a {kind} has no `{key}`: it cannot be ordered", (key,))
            for key, given in unordered.items()
            if given is not None
        ]
        if isinstance(changeable, str):
            problem = f"a {kind} goes neither up nor down: it cannot be ordered"
            slips.append(Slip("KR164", problem, ("changeable",)))
    if changeable is False:
        for key, given in (("cost", cost), ("step", step)):
            if given is not None:
                problem = (
                    f"`{key}` tells what a change costs, and `changeable = false` rules changes out"
                )
                slips.append(Slip("KR164", problem, (key,)))
    return slips


def parameter_slips(
    kind: str,
    value: Scalar,
    low: float | datetime.date | None,
    high: float | datetime.date | None,
    choices: Sequence[str],
) -> list[Slip]:
    """Return everything that is wrong between a parameter's type, value, range and choices."""
    slips = choice_slips(kind, choices)
    bounds = (("low", low), ("high", high))
    if kind not in (*NUMERIC, "date"):
        slips += [
            Slip("KR163", f"a {kind} has no `{name}`: it cannot be ordered", (name,))
            for name, bound in bounds
            if bound is not None
        ]
        low = high = None
    for name, each in (("value", value), *bounds):
        if each is not None and (name == "value" or kind in (*NUMERIC, "date")):
            slips += value_slips(kind, each, choices, name)
    if slips:
        return slips
    if above(low, high):
        slips.append(Slip("KR163", f"`low` {show(low)} is above `high` {show(high)}", ("low",)))
    elif above(low, value) or above(value, high):
        slips.append(Slip("KR163", _outside(value, low, high), ("value",)))
    return slips


def _outside(value: Scalar, low: Scalar | None, high: Scalar | None) -> str:
    if low is not None and high is not None:
        return f"{show(value)} lies outside the range from {show(low)} to {show(high)}"
    if low is not None:
        return f"{show(value)} lies below the least, {show(low)}"
    return f"{show(value)} lies above the most, {show(high)}"


def value_slips(
    kind: str, value: Scalar, choices: Sequence[str], name: str = "value"
) -> list[Slip]:
    """Return what keeps a value from being of the type."""
    if kind == "choice":
        if isinstance(value, str):
            return [] if value in choices or not choices else [_no_choice(value, choices, name)]
    elif _is_of(kind, value):
        return _range_slips(kind, value, name)
    message = f"type `{kind}` takes {WANTED[kind]}, not {describe(value)}"
    return [Slip("KR163", message, (name,), _mend(kind, value))]


def _no_choice(value: str, choices: Sequence[str], name: str) -> Slip:
    listed = ", ".join(f"`{each}`" for each in choices)
    return Slip("KR163", f"`{value}` is not among the choices {listed}", (name,))


def _is_of(kind: str, value: Scalar) -> bool:
    match kind:
        case "bool":
            return isinstance(value, bool)
        case "text":
            return isinstance(value, str)
        case "date":
            return isinstance(value, datetime.date)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    return kind not in ("integer", "days") or value == int(value)


def _range_slips(kind: str, value: Scalar, name: str) -> list[Slip]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return []
    if abs(value) >= LARGEST:
        return [
            Slip("KR163", f"{show(value)} has more digits than kamrules computes with", (name,))
        ]
    least, most = RANGES.get(kind, (-LARGEST, LARGEST))
    if least <= value <= most:
        return []
    if kind == "share":
        mend = f"did you mean {show(value / 100)}?" if 1 < value <= 100 else None
        message = f"a share lies between 0 and 1, {show(value)} is {plain(value * 100)}%"
        return [Slip("KR163", message, (name,), mend)]
    return [Slip("KR163", f"a {kind} is {WANTED[kind]}, not {show(value)}", (name,))]


def _mend(kind: str, value: Scalar) -> str | None:
    if isinstance(value, str) and kind not in ("text", "choice"):
        found = parse(kind, value)
        return f"write it as {show(found)}, without quotes" if found is not None else None
    if kind in ("text", "choice") and not isinstance(value, str):
        return f'put it in quotes: "{show(value)}"'
    return None


_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?(?:[eE][+-]?\d+)?")
_DAYS = re.compile(r"[+-]?\d+(?:_\d+)*(?=d?\Z)")


def parse(kind: str, text: str) -> Scalar | None:
    """Return the value of a type that a text says, as on a command line; None if it says none.

    A share may be `20%`, days may be `30d`, numbers may be grouped with `_`.
    """
    text = text.strip()
    match kind:
        case "text" | "choice":
            return text
        case "bool":
            return {"true": True, "false": False}.get(text)
        case "date":
            return _date(text)
        case "days":
            found = _DAYS.match(text)
            return float(found.group()) if found and len(text) < 20 else None
    percent = kind == "share" and text.endswith("%")
    number = _PLAIN_NUMBER.fullmatch(text.removesuffix("%").rstrip() if percent else text)
    if number is None or len(text) > 60:
        return None
    # Decimal, so that 20.1% is 0.201 and not a neighbour of it
    value = float(Decimal(number.group().replace("_", "")) / (100 if percent else 1))
    if kind == "integer" and not (value.is_integer() and abs(value) < LARGEST):
        return None
    return value


def _date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def above(left: Scalar | None, right: Scalar | None) -> bool:
    """Whether left lies above right; False when either is not given."""
    if left is None or right is None:
        return False
    if isinstance(left, datetime.date) and isinstance(right, datetime.date):
        return left > right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left > right
    return False


def show(value: Scalar | None) -> str:
    """Return a value as an author writes it in TOML, texts without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value) and abs(value) < 1e18:
        value = int(value)
    if isinstance(value, int):
        return f"{value:_}"
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value)


def describe(value: Any) -> str:  # noqa: ANN401  whatever TOML holds
    """Return what a value is, in an author's words."""
    match value:
        case bool():
            return f"`{show(value)}`"
        case int() | float():
            return f"the number {show(value) if abs(value) < 1e15 else 'given'}"
        case str():
            return "a text" if len(value) > 40 else f'the text "{value}"'
        case list():
            return "a list"
        case dict():
            return "a table"
        case datetime.datetime():
            return "a date with a time"
        case datetime.date():
            return f"the date {value}"
        case datetime.time():
            return "a time"
    return "this"


def plain(number: float) -> str:
    """Return a number without grouping, as it stands before a per cent sign."""
    return show(number).replace("_", "")
