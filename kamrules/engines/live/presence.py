"""Presence: whether durable-rules can be used here, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_RULE: dict[str, Any] = {"r": {"all": [{"a": {"$gte": {"q": 1}}}, {"b": {"n": {"a": "q"}}}]}}
_MESSAGES = ('"id":"1","q":2', '"id":"2","n":1', '"id":"3","n":2')


def what_is_wrong() -> str | None:
    """Return why the live engine cannot use durable-rules here; None where a small match comes out right."""
    from kamrules.engines.live.session import Session  # noqa: PLC0415  asked for now and then

    try:
        session = Session("trial", _RULE)
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError)
        return "it is not installed" if missing else f"it cannot be loaded: {error}"
    try:
        fired = list(session.run(_MESSAGES))
    except Exception as error:  # noqa: BLE001  whatever an extension raises
        return f"it fails: {error}"
    finally:
        session.close()
    return None if len(fired) == 1 else "it matches wrongly"
