"""Foretelling: how well a number known on a past date ranks accounts by what came after."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from kamrules.engines.sql.past import OUTCOME

if TYPE_CHECKING:
    from kamrules.engines.sql.past import PastBook

TENTH = Fraction(1, 10)


@dataclass(frozen=True, slots=True)
class Foretold:
    """How well accounts were ranked by a number, the greatest first and unknown last.

    `lift`: the mean outcome of the top tenth, divided by that of all; where the tenth ends among accounts
    that rank alike, each of them counts in part. None unless the outcomes sum to more than nothing.
    `correlation`: Spearman's rank correlation of the number and the outcome, that is Pearson's of their
    ranks, where those that are alike share the mean of their ranks (Kendall and Gibbons, Rank Correlation
    Methods, 5th edition, 1990, chapter 3). None when all accounts are alike in either.
    """

    accounts: int
    lift: float | None
    correlation: float | None


def foretold(past: PastBook, number: int, by: str) -> Foretold:
    """Return how well a column of a date (`class_level`, `score_x`, `against`) foretold the outcome.

    Accounts whose outcome is unknown don't count. All sums are of whole numbers, so no engine's order of
    adding shows.
    """
    table = (
        f'(SELECT "{by}" AS p, "{OUTCOME}" AS o FROM past_{number} WHERE "{OUTCOME}" IS NOT NULL)'  # noqa: S608
    )
    accounts, correlation = _correlation(past, table)
    return Foretold(accounts, _lift(past, table, accounts), correlation)


def _correlation(past: PastBook, table: str) -> tuple[int, float | None]:
    # twice the mean rank of what is alike is a whole number
    n, sx, sy, sxx, syy, sxy = past.held.rows(
        "WITH r AS (SELECT "  # noqa: S608  our names
        "(2 * rank() OVER (ORDER BY p NULLS FIRST) + count(*) OVER (PARTITION BY p) - 1)::HUGEINT AS x, "
        "(2 * rank() OVER (ORDER BY o) + count(*) OVER (PARTITION BY o) - 1)::HUGEINT AS y "
        f"FROM {table}) SELECT count(*), sum(x), sum(y), sum(x * x), sum(y * y), sum(x * y) FROM r"
    )[0]
    if not n:
        return 0, None
    sx, sy, sxx, syy, sxy = (int(each) for each in (sx, sy, sxx, syy, sxy))
    spread = (n * sxx - sx * sx) * (n * syy - sy * sy)
    if not spread:
        return n, None
    return n, round((n * sxy - sx * sy) / math.sqrt(spread), 6)


def _lift(past: PastBook, table: str, accounts: int) -> float | None:
    top = TENTH * accounts
    rows = past.held.rows(
        "WITH g AS (SELECT p, count(*) AS n, sum(o::DECIMAL(38, 6)) AS s "  # noqa: S608  our names
        f"FROM {table} GROUP BY p), c AS (SELECT *, (sum(n) OVER (ORDER BY p DESC NULLS LAST "
        "ROWS UNBOUNDED PRECEDING) - n)::BIGINT AS above FROM g) "
        f"SELECT above + n > {math.floor(top)}, sum(n)::BIGINT, sum(s), min(above) FROM c "
        f"WHERE above < {math.ceil(top)} GROUP BY 1 ORDER BY 1"
    )
    total = past.held.rows(f"SELECT sum(o::DECIMAL(38, 6)) FROM {table}")[0][0]  # noqa: S608
    if not rows or total is None or total <= 0:
        return None
    found = Fraction(0)
    for beyond, n, s, above in rows:
        part = (top - above) / n if beyond else Fraction(1)
        found += Fraction(s) * min(part, Fraction(1))
    return round(float(found / top / (Fraction(total) / accounts)), 4)
