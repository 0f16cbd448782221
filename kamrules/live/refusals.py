"""What a LiveBook refuses, as errors that callers tell apart: keys, unknown names, a failing store."""

from __future__ import annotations

from kamrules.diagnostics import DataError, Diagnostic

SHOWN = 80
"""So many characters of a caller's text are shown in a message."""


class KeyReused(DataError):  # noqa: N818  said of a key
    """An idempotency key came a second time, with another content (KR814)."""


class NotInBook(DataError):  # noqa: N818  said of an account, a row or an action
    """There is no such account, row or action in the book (KR815, KR817)."""


class StoreFailed(DataError):  # noqa: N818  said of a store
    """The store cannot be read or written at the moment (KR816)."""


class NotStored(StoreFailed):
    """Nothing of what was posted is kept, as far as is known; post it again under its key (KR816)."""


def shown(text: str) -> str:
    """Return a caller's text as a message shows it: in back-ticks, cut, without what cannot be printed."""
    cut = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
    printed = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in cut)
    return f"`{printed}`"


def no_account(account_id: str, *, mend: str | None = None) -> NotInBook:
    """Return the error about an account that the book does not have."""
    message = f"account {shown(account_id)} is not in the book"
    return NotInBook(Diagnostic("KR815", message, help=mend, address="account_id"))
