"""Accepting: whether a function that a plug-in offers can be one of the language, all but its SQL."""

from __future__ import annotations

import datetime
import inspect
import keyword
import math
import pickle
import re
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import Diagnostic, nearest
from kamrules.expression.functions import FUNCTIONS
from kamrules.expression.plugged import EPOCH, PluginFunction
from kamrules.expression.types import Kind, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kamrules.contracts import LanguageFunction

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
WORDS = {"and", "or", "not", "in", "is", "true", "false", "unknown", "as_of"}
"""Words of the language that are no functions."""
KINDS = {each.value: Type(each) for each in Kind if each is not Kind.CHOICE}
"""The kinds that a function takes and gives; a choice is taken as the text that it is."""
MOST_ARGUMENTS = 16
CLOSE = 1e-9
"""An example's result is a number as its author wrote it: 0.3 is the sum of 0.1 and 0.2."""

Wrong = tuple[str, str, str | None] | None
"""Code, what is wrong with the function, and a mend."""


def accepted(one: LanguageFunction, owner: str) -> PluginFunction | Diagnostic:
    """Return a function ready for rules, or why the language does not take it (KR715 to KR717, KR719).

    `owner` are the words by which people are told of the plug-in. The SQL form is only looked for here; the
    SQL engine tries it when an expression first calls the function (kamrules.engines.sql.plugged).
    """
    wrong = _signature(one) or _forms(one) or _examples(one)
    if wrong is not None:
        code, why, mend = wrong
        return Diagnostic(code, f"function `{one.name!s:.63}` of {owner} {why}", help=mend)
    python: Any = one.python  # _forms has seen to it that there is one
    made = PluginFunction(
        one.name, tuple(KINDS[each] for each in one.parameters), KINDS[one.returns], python,
        str(one.sql).strip(), one.about.strip(), one.version, owner,
        tuple((tuple(map(plain, some)), plain(result)) for some, result in one.examples),
    )  # fmt: skip
    told = _python_fails(made)
    return made if told is None else Diagnostic("KR719", told)


def _signature(one: Any) -> Wrong:  # noqa: ANN401  a stranger may write anything into it
    """Return what is wrong with name, kinds, description and version."""
    name = one.name
    if not isinstance(name, str) or not NAME.fullmatch(name):
        why = "needs a name of small letters, digits and `_`, such as `vat_country`"
        return "KR715", why, None
    if name in FUNCTIONS:
        return "KR715", f"has the name of one of the language: {FUNCTIONS[name].usage}", None
    if name in WORDS or keyword.iskeyword(name):
        return "KR715", "has the name of a word of the language", None
    if not isinstance(one.parameters, tuple) or not 1 <= len(one.parameters) <= MOST_ARGUMENTS:
        why = (
            f'takes 1 to {MOST_ARGUMENTS} arguments, as a tuple of kinds: `parameters = ("text",)`'
        )
        return "KR715", why, None
    for each in (*one.parameters, one.returns):
        if not isinstance(each, str) or each not in KINDS:
            close = nearest(str(each), KINDS)
            mend = f"did you mean `{close}`?" if close else f"the kinds are {', '.join(KINDS)}"
            return "KR715", f"has a value of the kind `{each!s:.40}`, which there is not", mend
    for text, what in ((one.about, "`about`, one line for people"), (one.version, "a `version`")):
        if not isinstance(text, str) or not text.strip() or not text.isprintable():
            return "KR715", f"needs {what}", None
    return None


def _forms(one: LanguageFunction) -> Wrong:
    """Return which form is missing, or why the Python form cannot be used."""
    python, sql = one.python is not None, isinstance(one.sql, str) and bool(one.sql.strip())
    if not python or not sql:
        lacking = "Python" if sql else "SQL" if python else "Python and no SQL"
        mend = "say it in both, so that every engine decides alike"
        return "KR716", f"has no {lacking} form", mend
    if not callable(one.python):
        return "KR717", "has a Python form that cannot be called", None
    if not _importable(one.python):
        shown = getattr(one.python, "__qualname__", repr(one.python))
        why = (
            f"has the Python form `{shown!s:.60}`, which is not found under its name in its module"
        )
        mend = "write it with `def` at the top of a module: programs travel to other processes by its name"
        return "KR717", why, mend
    try:
        inspect.signature(one.python).bind(*one.parameters)
    except TypeError:
        count = len(one.parameters)
        plural = "argument" if count == 1 else "arguments"
        return "KR717", f"has a Python form that does not take {count} {plural}", None
    except ValueError:
        return None  # some functions in C do not tell what they take; the examples will
    return None


def _importable(python: Callable[..., Any]) -> bool:
    try:
        return pickle.loads(pickle.dumps(python)) is python  # noqa: S301  what was pickled here
    except Exception:  # noqa: BLE001  pickle raises what it likes
        return False


def _examples(one: Any) -> Wrong:  # noqa: ANN401
    """Return what is wrong with the form of the examples."""
    shape = '`examples = ((("DE123",), "DE"),)`: arguments as a tuple, then the result'
    if not isinstance(one.examples, tuple) or not one.examples:
        return "KR715", "needs examples, to which both of its forms are held", shape
    for number, each in enumerate(one.examples, start=1):
        arguments = each[0] if isinstance(each, tuple) and len(each) == 2 else None
        if not isinstance(arguments, tuple) or len(arguments) != len(one.parameters):
            return "KR715", f"has an example {number} that does not fit its arguments", shape
        for value, kind in zip((*arguments, each[1]), (*one.parameters, one.returns), strict=True):
            if not fits(value, KINDS[kind]):
                why = f"has an example {number} with `{value!r:.40}`, which is no value of {kind}"
                return "KR715", why, None
    return None


def fits(value: Any, kind: Type) -> bool:  # noqa: ANN401  whatever a plug-in wrote
    """Whether a value of an example is one of the kind; None, unknown, always is."""
    if value is None:
        return True
    if kind.kind is Kind.DATE and isinstance(value, datetime.date):
        return True
    if kind.kind in {Kind.TEXT, Kind.BOOL}:
        return isinstance(value, str if kind.kind is Kind.TEXT else bool)
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def plain(value: Any) -> Any:  # noqa: ANN401
    """Return a value of an example as expressions hold it: numbers as doubles, dates as days since 1970."""
    if isinstance(value, datetime.date):
        return float((value - EPOCH).days)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def same(found: Any, wanted: Any) -> bool:  # noqa: ANN401  values of an example
    """Whether what a form gave is an example's result."""
    if isinstance(found, float) and isinstance(wanted, float):
        return math.isclose(found, wanted, rel_tol=CLOSE, abs_tol=CLOSE)
    return type(found) is type(wanted) and bool(found == wanted)


def told_call(one: PluginFunction, arguments: Sequence[Any]) -> str:
    """Return the call of an example, with its arguments as expressions hold them."""
    return f"{one.name}({', '.join(told_value(each) for each in arguments)})"[:120]


def told_value(value: Any) -> str:  # noqa: ANN401
    """Return a value of an example in words."""
    return "unknown" if value is None else repr(value)[:80]


def _python_fails(one: PluginFunction) -> str | None:
    """Return what the Python form gives instead of the result of an example, None when all hold."""
    for arguments, wanted in one.examples:
        found, raised = None, ""
        try:
            if None not in arguments:
                found = one.settled(one.python(*arguments))
        except (Exception, SystemExit) as error:  # noqa: BLE001  a stranger's code
            raised = f" ({type(error).__name__}: {str(error)[:80]})"
        if not same(found, wanted):
            lead = f"`{told_call(one, arguments)}` of {one.owner} is {told_value(found)} in Python"
            return f"{lead}{raised}, and its example says {told_value(wanted)}"
    return None
