"""Reading a request's body: no longer than allowed, in time, and JSON that can mean one thing only."""

from __future__ import annotations

import asyncio
import json
import math
import re
from typing import TYPE_CHECKING, Any

from kamrules.serve.problem import UNREADABLE, UNTAKEN, Problem, cut

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope

SECONDS = 10.0
"""For which a body may take to arrive."""
DEEPEST = 50
"""Levels of JSON in JSON: an account is four deep."""
_DRAINED = 4_000_000
_DRAIN_SECONDS = 2.0
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_NUL = b"\\u0000"


async def read_body(scope: Scope, receive: Receive, most: int) -> bytes:
    """Return the body, at most `most` bytes. Raises Problem 413 or 408."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value[:20]) > most:
            await _drain(receive)
            raise _too_large(most)
    try:
        async with asyncio.timeout(SECONDS):
            message = await _more(receive)
            body: bytes = message.get("body", b"")
            if not message.get("more_body", False):
                return _within(body, most)
            parts = [body]
            length = len(body)
            while message.get("more_body", False):
                message = await _more(receive)
                parts.append(message.get("body", b""))
                length += len(parts[-1])
                if length > most:
                    await _drain(receive)
                    raise _too_large(most)
    except TimeoutError:
        told = f"the body did not arrive within {SECONDS:.0f} seconds"
        raise Problem.of(408, UNTAKEN, told) from None
    return b"".join(parts)


async def _more(receive: Receive) -> Message:
    """Return the next piece of a body. Raises Problem when there is none: what came is not all of it."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Problem.of(400, UNREADABLE, "the client hung up before the end of the body")
    return message


def _within(body: bytes, most: int) -> bytes:
    if len(body) > most:
        raise _too_large(most)
    return body


def _too_large(most: int) -> Problem:
    return Problem.of(413, UNTAKEN, f"the body is longer than {most:,} bytes")


async def _drain(receive: Receive) -> None:
    """Read on for a little, and drop it: many clients look for an answer only when they have sent all."""
    dropped = 0
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while dropped < _DRAINED:
                message = await receive()
                dropped += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def read_json(body: bytes) -> Any:  # noqa: ANN401  whatever the client sends
    """Return the JSON value of a body.

    Raises Problem 400 for what is no UTF-8 or no JSON, for NaN and infinite numbers, keys written twice,
    values nested deeper than DEEPEST, and text that no store can hold (NUL, halves of surrogate pairs).
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(f"the body is no UTF-8 text: byte {error.start + 1} is not") from None
    if "\x00" in text or _NUL in body:
        raise _unreadable("the body holds the character NUL, which no text has")
    try:
        value = json.loads(
            text, object_pairs_hook=_once, parse_constant=_constant, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        raise _unreadable(_no_json(error)) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        # Python's own limit on the digits of a whole number
        raise _unreadable("the body has a number of more than 4,000 digits") from None
    if _SURROGATE.search(body):
        _only_characters(value)
    _not_deeper(value, body)
    return value


def _unreadable(message: str) -> Problem:
    return Problem.of(400, UNREADABLE, message)


def _no_json(error: json.JSONDecodeError) -> str:
    reason = error.msg[:1].lower() + error.msg[1:].replace("'", "`")
    return f"the body is no JSON: {reason}, line {error.lineno}, column {error.colno}"


def _too_deep() -> Problem:
    return _unreadable(f"the body is nested deeper than {DEEPEST} levels")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _unreadable(f"the body has the key `{cut(twice)}` twice in one object")
    return found


def _constant(name: str) -> Any:  # noqa: ANN401  it never returns
    raise _unreadable(f"the body has `{name}`, which is no JSON number; write null for unknown")


def _finite(digits: str) -> float:
    found = float(digits)
    if math.isinf(found):
        raise _unreadable(f"the number `{cut(digits)}` is too large")
    return found


def _only_characters(value: Any) -> None:  # noqa: ANN401  whatever the client sends
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        raise _unreadable("the body has half of a surrogate pair, which is no character") from None


def _not_deeper(value: Any, body: bytes) -> None:  # noqa: ANN401  whatever the client sends
    """Raise Problem for a value that is nested too deep; few bodies have enough brackets to be looked at."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise _too_deep()
