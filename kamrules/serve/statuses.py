"""Statuses: which HTTP status an error of the book or of a ruleset becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.live.refusals import KeyReused, NotInBook, StoreFailed

if TYPE_CHECKING:
    from kamrules.diagnostics import KamrulesError


def status_of(error: KamrulesError, *, about_path: bool = True) -> int:
    """Return the status for an error.

    `about_path`: the request's path names what the error is about, so that what is not in the book is
    404; else it stands in the body, and the body is wrong (422).
    """
    match error:
        case KeyReused():
            return 409
        case NotInBook() if about_path:
            return 404
        case StoreFailed():
            return 503
    return 422


RESULTS = {409: "conflict", 503: "not_stored"}


def result_of(status: int) -> str:
    """Return how an event that was not applied is counted."""
    return RESULTS.get(status, "refused")
