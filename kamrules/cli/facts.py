"""Facts of one account as JSON: read from a file or stdin."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from kamrules.diagnostics import DataError, Diagnostic, Place, UsageError


def read_facts(name: str) -> dict[str, Any]:
    """Return the JSON object in a file, or on stdin for `-`.

    Raises UsageError when there is no such file, DataError when it holds something else.
    """
    shown = "standard input" if name == "-" else name
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise UsageError(Diagnostic("KR805", f"`{shown}` cannot be read: {reason}")) from None
    try:
        text = raw.decode("utf-8-sig")
        facts = json.loads(text, parse_constant=lambda _: None)
    except UnicodeDecodeError as error:
        message = f"`{shown}` is no UTF-8 text: byte {error.start + 1} is not"
        raise DataError(Diagnostic("KR805", message)) from None
    except json.JSONDecodeError as error:
        raise DataError(_broken(shown, text, error)) from None
    except (RecursionError, ValueError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise DataError(Diagnostic("KR805", f"`{shown}` is no JSON: {reason}")) from None
    if not isinstance(facts, dict):
        message = f"`{shown}` holds {_kind(facts)}; one account is an object, such as"
        raise DataError(Diagnostic("KR805", f'{message} {{"account_id": "ACME"}}'))
    return facts


def _broken(shown: str, text: str, error: json.JSONDecodeError) -> Diagnostic:
    lines = text.splitlines() or [""]
    line, column = error.lineno, error.colno
    if line > len(lines) or column > len(lines[line - 1]) + 1:
        line, column = len(lines), len(lines[-1]) + 1
    place = Place(shown, line, column, column + 1)
    reason = error.msg[:1].lower() + error.msg[1:].replace("'", "`")
    return Diagnostic("KR805", f"no JSON: {reason}", place=place, excerpt=lines[line - 1])


def _kind(value: object) -> str:
    if value is None or isinstance(value, bool | int | float):
        return f"`{json.dumps(value)}`"
    return "a text" if isinstance(value, str) else "a list"
