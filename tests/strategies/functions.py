"""Functions as plug-ins add them to the language, for generated rulesets to call.

They are said in SQL that every warehouse of the tests has, and none can fail, which ends a query there.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from kamrules import hookimpl
from kamrules.contracts import LanguageFunction
from kamrules.expression.accepting import accepted
from kamrules.expression.plugged import PluginFunction
from kamrules.plugins.language import functions_of

if TYPE_CHECKING:
    from kamrules.expression.plugged import Functions

kamrules_api = 2


def initial(name: str) -> str | None:
    """The first letter, unknown for an empty text."""
    return name[0] if name else None


def after_discount(price: float, discount: float) -> float:
    """What is left of a price."""
    return price * (1.0 - discount)


def days_into_week(date: float) -> float:
    """The days since Thursday, on which 1970 began."""
    return date - 7.0 * math.floor(date / 7.0)


def longer_than(text: str, letters: float) -> bool:
    """Whether a text has more letters than that."""
    return len(text) > letters


def signed(up: bool, amount: float) -> float:  # noqa: FBT001  a value
    """The amount, or minus it."""
    return amount if up else -amount


def week_of(date: float) -> float:
    """The Thursday on which the week of a date began."""
    return 7.0 * math.floor(date / 7.0)


FUNCTIONS = (
    LanguageFunction(
        "initial", ("text",), "text", initial,
        "case when length({0}) > 0 then substring({0}, 1, 1) end",
        ((("Acme",), "A"), (("",), None), (("中文",), "中")), "The first letter",
    ),
    LanguageFunction(
        "after_discount", ("money", "share"), "money", after_discount, "{0} * (1 - {1})",
        (((200.0, 0.25), 150.0), ((-1.0, 0.0), -1.0)), "What is left of a price",
    ),
    LanguageFunction(
        "days_into_week", ("date",), "days", days_into_week, "{0} - 7 * floor({0} / 7)",
        (((1.0,), 1.0), ((-1.0,), 6.0)), "The days since Thursday",
    ),
    LanguageFunction(
        "longer_than", ("text", "number"), "bool", longer_than, "length({0}) > {1}",
        ((("abc", 2.0), True), (("", 0.0), False)), "Whether a text is longer",
    ),
    LanguageFunction(
        "signed", ("bool", "number"), "number", signed, "case when {0} then {1} else -{1} end",
        (((True, 2.0), 2.0), ((False, 2.0), -2.0)), "The amount or minus it",
    ),
    LanguageFunction(
        "week_of", ("date",), "date", week_of, "7 * floor({0} / 7)",
        (((8.0,), 7.0), ((-1.0,), -7.0)), "The Thursday before",
    ),
)  # fmt: skip


@hookimpl
def register_functions(register) -> None:
    """Register all of them."""
    for each in FUNCTIONS:
        register(each)


@cache
def plugged() -> Functions:
    """Return the functions as load_ruleset takes them."""
    found = {}
    for each in FUNCTIONS:
        one = accepted(each, "plug-in `tests`")
        assert isinstance(one, PluginFunction), one
        found[one.name] = one
    return functions_of(found)
