"""Summing up: what a decided book comes to, counted by Spark; a few hundred rows come to the driver."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from kamrules.engines.sql.summary import EXAMPLES, Summary
from kamrules.expression.types import ACCOUNT_ID
from pyspark.sql import functions as f

if TYPE_CHECKING:
    from kamrules.compiler.program import Program
    from pyspark.sql import DataFrame, Row

_BY = ("class", "tier", "phase", "strategy", "class_move", "tier_move", "fault")


class SparkSummary(Summary):
    """Counts over a decided book, by Spark.

    `decisions` has beside its own columns `revenue`, the fact that is summed by class, if there is one.
    """

    def __init__(self, program: Program, decisions: DataFrame, actions: DataFrame) -> None:
        super().__init__(program, tells_revenue="revenue" in decisions.columns)
        self._decisions = decisions
        self._actions = actions
        revenue = f.col("revenue").try_cast("decimal(38, 4)") if self.tells_revenue else f.lit(None)
        counted = decisions.groupBy(*map(f.col, _BY)).agg(
            f.count("*").alias("accounts"),
            f.try_sum(revenue.cast("decimal(38, 4)")).alias("revenue"),
            f.sum("actions").alias("proposed"),
            f.count_if(f.col("actions") > 0).alias("with_actions"),
        )
        self._rows: list[Row] = counted.collect()

    @property
    def accounts(self) -> int:
        """Return the number of accounts."""
        return sum(each["accounts"] for each in self._rows)

    def by(self, what: str) -> dict[Any, int]:
        """Return the number of accounts by the values of a column."""
        found: dict[Any, int] = defaultdict(int)
        for row in self._rows:
            found[row[what]] += row["accounts"]
        return dict(found)

    def by_class_and_strategy(self) -> list[tuple[Any, Any, int]]:
        """Return class, strategy and the number of accounts."""
        found: dict[tuple[Any, Any], int] = defaultdict(int)
        for row in self._rows:
            found[row["class"], row["strategy"]] += row["accounts"]
        # as DuckDB orders them: unknown ones last
        ordered = sorted(found, key=lambda pair: [(each is None, each or "") for each in pair])
        return [(*pair, found[pair]) for pair in ordered]

    def classes(self) -> dict[Any, tuple[int, float | None]]:
        """Return the number of accounts of each class, and their revenue."""
        summed: dict[Any, Any] = defaultdict(int)
        for row in self._rows:
            summed[row["class"]] += row["revenue"] or 0
        return {key: (count, float(summed[key])) for key, count in self.by("class").items()}

    def actions(self) -> dict[str, int]:
        """Return how many actions there are."""
        statuses = dict(self._actions.groupBy("status").count().collect())
        kept = statuses.get("proposed", 0)
        return {
            "proposed": sum(each["proposed"] or 0 for each in self._rows),
            "kept": kept,
            "held_back": sum(statuses.values()) - kept,
            "accounts": sum(each["with_actions"] for each in self._rows),
        }

    def faults(self) -> list[dict[str, Any]]:
        """Return each fault with the number of accounts and the first ids."""
        found = [(count, fault) for fault, count in self.by("fault").items() if fault is not None]
        listed = []
        for count, fault in sorted(found, key=lambda pair: (-pair[0], pair[1])):
            of_it = self._decisions.where(f.col("fault") == f.lit(fault)).select(ACCOUNT_ID)
            some = of_it.orderBy(ACCOUNT_ID).limit(EXAMPLES).collect()
            listed.append(
                {"fault": fault, "accounts": count, "examples": [each[0] for each in some]}
            )
        return listed
