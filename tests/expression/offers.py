"""Functions that a plug-in might offer, and changes to them; each at the top of a module, as it must be."""

from __future__ import annotations

from dataclasses import replace

from kamrules.contracts import LanguageFunction
from kamrules.expression.accepting import accepted
from kamrules.expression.plugged import PluginFunction


def doubled(x):
    """Twice the number."""
    return 2 * x


def halved(x):
    """Half the number."""
    return x / 2


def raising(x):
    """Fail."""
    raise ValueError(f"no {x}")


def leaving(x):
    """End the program."""
    raise SystemExit(x)


def reciprocal(x):
    """One over the number, which fails for 0."""
    return 1 / x


def endless(x):
    """What is no number."""
    return float("inf") if x > 0 else float("nan")


def worded(x):
    """Give a text where a number is due."""
    return str(x)


def surrogate(x):
    """Give a text that is none."""
    return "\ud800" if x > 0 else "fine"


def first_letter(text):
    """The first letter, in capitals."""
    return text[:1].upper()


def two(x, y):
    """Take two."""
    return x + y


DOUBLED = LanguageFunction(
    "doubled", ("number",), "number", doubled, "2 * {0}", (((1.5,), 3.0),), "Twice the number"
)


def offer(**changes) -> PluginFunction:
    """Return `doubled` with changes, accepted."""
    found = refusal_or_function(**changes)
    assert isinstance(found, PluginFunction), found
    return found


def refusal_or_function(**changes):
    """Return what becomes of `doubled` with changes."""
    return accepted(replace(DOUBLED, **changes), "plug-in `test`")
