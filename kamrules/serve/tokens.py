"""Tokens: who may ask. Only their digests are kept, and they are compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CODE = "KR842"
LEAST = 16
"""Characters of a token: fewer can be guessed."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens that open the service, as digests; none at all: it is open to everyone who reaches it."""

    digests: tuple[bytes, ...] = ()

    @staticmethod
    def of(texts: Iterable[str]) -> Tokens:
        """Return the tokens of their texts. Raises UsageError for one that is too short or has blanks."""
        digests = []
        for text in texts:
            if len(text) < LEAST or not text.isascii() or not text.isprintable() or " " in text:
                message = f"a token is {LEAST} or more printable ASCII characters without a blank"
                mend = "make one with `python -c 'import secrets; print(secrets.token_urlsafe())'`"
                raise UsageError(Diagnostic(CODE, message, help=mend))
            digests.append(_digest(text.encode()))
        return Tokens(tuple(digests))

    @staticmethod
    def read(path: Path) -> Tokens:
        """Return the tokens of a file, one a line, so that two hold while one takes the other's place.

        Raises UsageError when the file cannot be read or holds none.
        """
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            message = f"token file `{path}` cannot be read: {reason}"
            raise UsageError(Diagnostic(CODE, message)) from None
        except UnicodeDecodeError:
            raise UsageError(Diagnostic(CODE, f"token file `{path}` is no text")) from None
        texts = [line.strip() for line in lines]
        found = Tokens.of(text for text in texts if text and not text.startswith("#"))
        if not found.digests:
            raise UsageError(Diagnostic(CODE, f"token file `{path}` holds no token"))
        return found

    def open_for(self, authorization: bytes | None) -> bool:
        """Whether the value of an Authorization header holds one of the tokens."""
        if not self.digests:
            return True
        scheme, _, given = (authorization or b"").partition(b" ")
        digest = _digest(given.strip())
        # every digest is compared, so that the time taken tells nothing about which one it was
        same = [hmac.compare_digest(digest, each) for each in self.digests]
        return scheme.lower() == b"bearer" and any(same)


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(32)


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()
