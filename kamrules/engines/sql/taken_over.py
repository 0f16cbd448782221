"""Taken over: how many decisions of earlier runs stand in a run, or why none can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT_BY = "the decisions that the state keeps were made "
SETTINGS = {
    "kamrules": KEPT_BY + "by kamrules {}",
    "form": KEPT_BY + "by an earlier kamrules",
    "duckdb": KEPT_BY + "with DuckDB {}",
    "digest": KEPT_BY + "by other rules or settings",
    "top": KEPT_BY + "with --top {}",
    "language": KEPT_BY + "in language {}",
    "tables": KEPT_BY + "for other tables",
}
"""Why nothing can be taken over, by what of how decisions were made is another than now."""
FUNCTION = {
    "as_of": KEPT_BY + "as of {}, and rules read the date",
    "compared": "what rules compare accounts with is another over the whole book than when "
    + KEPT_BY,
}
"""The same where the function is another, and what may be to blame."""
COLUMNS = "other columns of the book are filled than when " + KEPT_BY


@dataclass(frozen=True, slots=True)
class TakenOver:
    """How many accounts of a run were decided, how many decisions taken over, and why none were, if so."""

    decided: int
    taken_over: int
    why: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as it stands in run.json."""
        why = {} if self.why is None else {"why": self.why}
        return {"decided": self.decided, "taken_over": self.taken_over, **why}


def other_settings(old: Mapping[str, str], new: Mapping[str, str]) -> str | None:
    """Return why nothing can be taken over of what was made by other settings; None if it was not."""
    return _other(SETTINGS, old, new)


def other_function(old: Mapping[str, str], new: Mapping[str, str]) -> str | None:
    """Return why nothing can be taken over of what another function made; None if it was the same."""
    if old.get("function") == new["function"]:
        return None
    return _other(FUNCTION, old, new) or COLUMNS.strip()


def _other(
    reasons: Mapping[str, str], old: Mapping[str, str], new: Mapping[str, str]
) -> str | None:
    for key, why in reasons.items():
        if old.get(key) != new[key]:
            return why.format(old.get(key)).strip()
    return None
