"""The options of our source and our sink: which there are, and of what kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules import DataError
from kamrules.diagnostics import nearest
from kamrules.secrets import revealed, revealed_uri

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kamrules import Diagnostic

    Fault = Callable[[str, str, str | None], Diagnostic]

_WORDS: dict[type, str] = {str: "a text", dict: "a table, such as { pages = 10 }"}


def checked(
    options: Mapping[str, object],
    kinds: Mapping[str, type],
    what: str,
    fault: Callable[[str, str, str, str | None], Diagnostic],
) -> Mapping[str, Any]:
    """Return options as they are. Raises DataError for those that are not among `kinds`, or not of theirs.

    `fault` makes a diagnostic of code, message, the option's name and help.
    """
    problems = []
    for name, value in options.items():
        if name not in kinds:
            near = nearest(name, kinds)
            mend = f"did you mean `{near}`?" if near else f"it has {', '.join(kinds)}"
            problems.append(fault("KR632", f"{what} `dlt` has no option `{name}`", name, mend))
        elif not isinstance(value, kinds[name]) or value == "":
            message = f"option `{name}` is {_WORDS[kinds[name]]}"
            problems.append(fault("KR633", message, name, None))
    if problems:
        raise DataError(*problems)
    return options


def revealed_in(value: Any, fault: Fault) -> Any:  # noqa: ANN401  what TOML holds
    """Return what an option holds with its references to secrets replaced; keep it out of messages."""
    if isinstance(value, str):
        return revealed_uri(value, fault) if "://" in value else revealed(value, fault)
    if isinstance(value, list):
        return [revealed_in(each, fault) for each in value]
    if isinstance(value, dict):
        return {key: revealed_in(each, fault) for key, each in value.items()}
    return value
