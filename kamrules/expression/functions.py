"""The closed table of functions: what each takes, and what it is for in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from kamrules.expression.nodes import Aggregation, BookFunction, Function


@dataclass(frozen=True, slots=True)
class Signature:
    """How a function is called. `least` and `most` arguments; most None: any number."""

    usage: str
    least: int
    most: int | None
    about: str


FUNCTIONS: dict[str, Signature] = {
    "if": Signature("if(condition, a, b)", 3, 3, "a when the condition is true, else b"),
    "abs": Signature("abs(x)", 1, 1, "x without its sign"),
    "round": Signature("round(x, 2)", 1, 2, "x rounded half away from zero, to 0 to 6 places"),
    "clamp": Signature("clamp(x, low, high)", 3, 3, "x, not below low and not above high"),
    "coalesce": Signature("coalesce(a, b)", 2, None, "the first argument that is known"),
    "days_since": Signature(
        "days_since(date)", 1, 1, "the days from a date to the date of the run"
    ),
    "days_until": Signature(
        "days_until(date)", 1, 1, "the days from the date of the run to a date"
    ),
    "decay": Signature(
        "decay(days_since(date), 45d)",
        2,
        2,
        "what is left of 1 after an age, by a half-life: 1, then 0.5, then 0.25, ...",
    ),
    "min": Signature(
        "min(a, b), min(orders.amount) or min(orders, amount - cost)",
        1,
        None,
        "the smallest of values, of a column, or of what is worked out for each row",
    ),
    "max": Signature(
        "max(a, b), max(orders.amount) or max(orders, amount - cost)",
        1,
        None,
        "the greatest of values, of a column, or of what is worked out for each row",
    ),
    "sum": Signature(
        "sum(orders.amount) or sum(orders, amount * share)",
        1,
        2,
        "the sum over the rows of a column, or of what is worked out for each",
    ),
    "count": Signature(
        "count(contacts)", 1, 1, "the number of rows, or of known values of a column"
    ),
    "mean": Signature(
        "mean(surveys.score) or mean(orders, amount / pieces)",
        1,
        2,
        "the mean over the rows of a column, or of what is worked out for each",
    ),
    "any": Signature("any(complaints[closed is unknown])", 1, 1, "whether there is such a row"),
    "first": Signature("first(surveys.score)", 1, 1, "a column's value in the earliest row"),
    "last": Signature("last(surveys.score)", 1, 1, "a column's value in the latest row"),
    "distinct": Signature(
        "distinct(orders.product)", 1, 1, "how many different values a column has"
    ),
    "rank": Signature(
        "rank(revenue)",
        1,
        1,
        "the account's place among all accounts of the book, 1 for the greatest",
    ),
    "rank_share": Signature(
        "rank_share(revenue)", 1, 1, "the rank as a share of all accounts: 1% for the top hundredth"
    ),
    "share_of_total": Signature(
        "share_of_total(revenue)", 1, 1, "the account's share of the whole book's sum"
    ),
    "running_total": Signature(
        "running_total(hours_a_month, worth)",
        2,
        2,
        "the first number, added up over all accounts of which the second is as great or greater",
    ),
    "running_share": Signature(
        "running_share(revenue, revenue)",
        2,
        2,
        "that running total as a share of the whole book's sum: 80% for the accounts that make most of it",
    ),
}

VALUES = {each.value: each for each in Function}
AGGREGATES = {each.value: each for each in Aggregation}
OF_BOOK = {each.value: each for each in BookFunction}
PLACING = (BookFunction.RANK, BookFunction.RANK_SHARE, BookFunction.SHARE_OF_TOTAL)
RUNNING = (BookFunction.RUNNING_TOTAL, BookFunction.RUNNING_SHARE)
"""Whole-book functions that say where an account stands by one number, and those that add up another."""

ELSEWHERE = {
    "now": "as_of", "today": "as_of", "current_date": "as_of", "len": "count(...)", "size": "count(...)",
    "avg": "mean(...)", "average": "mean(...)", "iff": "if(...)", "iif": "if(...)", "case": "if(...)",
    "ifnull": "coalesce(...)", "isnull": "x is unknown", "nvl": "coalesce(...)", "is_null": "x is unknown",
    "total": "sum(...)", "nunique": "distinct(...)", "count_distinct": "distinct(...)", "exists": "any(...)",
    "datediff": "days_since(...)", "sumif": "sum(orders[condition].amount)",
    "countif": "count(orders[condition])", "half_life": "decay(...)", "halflife": "decay(...)",
    "percentile": "rank_share(...)", "percent_rank": "rank_share(...)", "cume_dist": "rank_share(...)",
    "dense_rank": "rank(...)", "row_number": "rank(...)", "ratio_to_report": "share_of_total(...)",
    "cumsum": "running_total(...)", "cumulative_sum": "running_total(...)",
    "runningvalue": "running_total(...)",
}  # fmt: skip
"""What functions of other languages are called here."""
