"""Secrets that this process has read, and texts without them: no message ever holds one.

The lowest module of all, so that every diagnostic passes it.
"""

from __future__ import annotations

from urllib.parse import quote, quote_plus

MASK = "***"
SHORTEST = 4
"""Shorter texts are no secrets, and would be found in every other word."""

_SECRETS: set[str] = set()


def remember(secret: str) -> None:
    """Keep a secret out of every text that is masked from now on, also as it stands in URLs and in repr."""
    for form in (secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]):
        if len(form) >= SHORTEST:
            _SECRETS.add(form)


def masked(text: str) -> str:
    """Return a text with `***` in place of every secret that was read in this process."""
    if not _SECRETS:
        return text
    for each in sorted(_SECRETS, key=len, reverse=True):
        text = text.replace(each, MASK)
    return text
