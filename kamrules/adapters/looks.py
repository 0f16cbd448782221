"""What the sheets of a workbook look like: how numbers are shown, and which cells have which colour.

Bands and tiers are a ramp, the higher the darker, since whether high is good depends on the score.
Colours are rules of the sheet, so that they follow when someone edits or sorts it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.adapters.formulas import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GREEN, AMBER, GREY, RED = "#C7E9C0", "#FDD0A2", "#E3E3E3", "#F8B4AB"
_RAMP = ("#EFF3FF", "#C6DBEF", "#9ECAE1", "#6BAED6")
_SPARE = ("#E5D8BD", "#DECBE4", "#CCEBC5", "#FDDAEC", "#B3CDE3", "#FFFFCC")
CLASSES = {
    "key": "#F4C95D", "ordinary": "#CFE3F7", "prospect": "#D9F0D3", "unattractive": GREY,
}  # fmt: skip
TIERS = ("vendor", "preferred_supplier", "partner", "strategic_alliance")
MOVES = {"up": GREEN, "down": RED, "held": AMBER}
STATES = {"met": GREEN, "unmet": AMBER, "unknown": GREY}
STATUSES = {"proposed": GREEN, "cooldown": GREY, "excluded": GREY}
_MOST = 12
"""So many different words of a column have colours; a column with more is no scale."""
_SCORED = ("decisions", "scores", "actions")
"""Tables whose doubles are scores, priorities or hours, for which one decimal is enough."""


def number_format(table: str, column: str, kind: str) -> str | None:
    """Return how a spreadsheet shows a column of one of DuckDB's types; None for as it likes."""
    if kind == "DATE":
        return "yyyy-mm-dd"
    if kind.startswith("TIMESTAMP"):
        return "yyyy-mm-dd hh:mm:ss"
    if kind.startswith("DECIMAL"):
        return "#,##0.00"
    if kind in {"FLOAT", "DOUBLE"}:
        if column.endswith("share"):
            return "0.0%"
        return "0.0" if table in _SCORED else None
    return "#,##0" if "INT" in kind else None


def coloured(
    table: str,
    relation: Any,  # noqa: ANN401  DuckDB's
) -> Iterator[tuple[int, int, dict[str, str]]]:
    """Yield the first and last column of a part of a table, counted from 0, and its words' colours."""
    columns = list(relation.columns)
    if table == "gates" and len(columns) > 1:
        yield 1, len(columns) - 1, STATES
        return
    for number, column in enumerate(columns):
        if found := _colours(table, column, columns, relation):
            yield number, number, found


def _colours(
    table: str,
    column: str,
    columns: Sequence[str],
    relation: Any,  # noqa: ANN401
) -> dict[str, str]:
    if column in {"class", "class_before", "next_class"}:
        return _with_spare(CLASSES, relation, column)
    if column in {"tier", "tier_before", "next_tier"}:
        return _with_spare(_ramp(TIERS), relation, column)
    if column in {"class_move", "tier_move"}:
        return MOVES
    if table == "actions" and column == "status":
        return STATUSES
    score = column.removesuffix("_band")
    if score != column and score in columns:
        return _ramp(_words(relation, column, f"min({quoted(score)})"))
    return {}


def _with_spare(known: dict[str, str], relation: Any, column: str) -> dict[str, str]:  # noqa: ANN401
    """Return the colours of known words, and of a ruleset's own in the order of the alphabet."""
    words = _words(relation, column, quoted(column))
    others = [each for each in words if each not in known]
    return known | dict(zip(others, _SPARE, strict=False))


def _words(relation: Any, column: str, order: str) -> list[str]:  # noqa: ANN401
    """Return the different texts of a column in an order, none if it has too many to be a scale."""
    name = quoted(column)
    found = relation.filter(f"{name} IS NOT NULL").aggregate(
        f"{name} AS word, {order} AS place", name
    )
    rows = found.order("place NULLS LAST, word").limit(_MOST + 1).fetchall()
    return [word for word, _ in rows] if len(rows) <= _MOST else []


def _ramp(words: Sequence[str]) -> dict[str, str]:
    """Return a colour for each word, from the lightest to the darkest."""
    last, steps = len(_RAMP) - 1, max(len(words) - 1, 1)
    return {word: _RAMP[round(place * last / steps)] for place, word in enumerate(words)}
