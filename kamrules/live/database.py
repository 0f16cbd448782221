"""The database toolkit that a store needs: importing this says how to get it where it is missing."""

from __future__ import annotations

from kamrules.diagnostics import Diagnostic, UsageError

try:
    import sqlalchemy
except ModuleNotFoundError:
    raise UsageError(
        Diagnostic(
            "KR824",
            "a live book needs SQLAlchemy, which is not installed",
            help='pip install "kamrules[live]"',
        )
    ) from None

__all__ = ["sqlalchemy"]
