"""Reviewed: a review that `kamrules diff --out` wrote, and whether a program is the one it is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from kamrules.compiler import Program

KIND = "kamrules diff"
"""What stands under `kind` in the file of a review."""
SHORT = 12


def require(file: Path, program: Program) -> None:
    """Raise UsageError unless a program is the new one of a review.

    KR848: the file cannot be read, or holds no review. KR849: the program is another one. What counts is its
    digest, in which parameters that were set are, and the language in which texts are told is not.
    """
    digest = _digest(file)
    if digest == program.digest:
        return
    message = (
        f"ruleset `{program.name}` is not what was reviewed in `{file}`: its digest begins with "
        f"{program.digest[:SHORT]}, that of the reviewed one with {digest[:SHORT]}"
    )
    mend = (
        "compare it with `kamrules diff`, and the same --set, and write the review anew with --out"
    )
    raise UsageError(Diagnostic("KR849", message, help=mend))


def _digest(file: Path) -> str:
    """Return the digest of the program that was reviewed."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        message = f"review `{file}` cannot be read: {why}"
        raise UsageError(Diagnostic("KR848", message)) from error
    except (ValueError, RecursionError):
        content = None
    found = content.get("new") if isinstance(content, dict) else None
    digest = found.get("digest") if isinstance(found, dict) else None
    if not isinstance(content, dict) or content.get("kind") != KIND or not isinstance(digest, str):
        message = f"`{file}` holds no review"
        mend = "`kamrules diff OLD NEW --out FILE` writes one"
        raise UsageError(Diagnostic("KR848", message, help=mend))
    return digest
