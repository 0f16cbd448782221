"""Signing: what shows a receiver that a webhook came from here, as Standard Webhooks specifies it.

A receiver checks it with any library for Standard Webhooks, or with an HMAC-SHA256 of `id.timestamp.body`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from kamrules.diagnostics import Diagnostic, UsageError

CODE = "KR843"
PREFIX = "whsec_"
LEAST, MOST = 24, 64
"""Bytes of a secret, as the specification has them."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets that sign; with two of them receivers may change from one to the other."""

    keys: tuple[bytes, ...]

    @staticmethod
    def of(text: str) -> Secrets:
        """Return the secrets in a text, with blanks between them. Raises UsageError for what is none."""
        keys = tuple(_key(each) for each in text.split())
        if not keys:
            raise _wrong("no secret is given to sign webhooks with")
        return Secrets(keys)

    def headers(self, identity: str, seconds: int, body: bytes) -> dict[str, str]:
        """Return the headers of a delivery: `identity` is the same in each try, `seconds` since 1970."""
        signed = b"%s.%d.%s" % (identity.encode(), seconds, body)
        digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in self.keys)
        signatures = (f"v1,{base64.b64encode(each).decode()}" for each in digests)
        return {
            "webhook-id": identity,
            "webhook-timestamp": str(seconds),
            "webhook-signature": " ".join(signatures),
        }


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not LEAST <= len(key) <= MOST:
        raise _wrong(
            f"a webhook secret is `{PREFIX}` and {LEAST} to {MOST} bytes in base64, and this one is not"
        )
    return key


def _wrong(message: str) -> UsageError:
    mend = f'export KAMRULES_WEBHOOK_SECRET="{PREFIX}$(openssl rand -base64 32)"'
    return UsageError(Diagnostic(CODE, message, help=mend))
