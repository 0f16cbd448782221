"""Summing up: what a decided book comes to, counted by Spark; a few hundred rows come to the driver."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from kamrules.expression.types import ACCOUNT_ID
from pyspark.sql import functions as f

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules.compiler.program import Phase, Program, Strategy, Tier
    from pyspark.sql import DataFrame, Row

_BY = ("class", "tier", "phase", "strategy", "class_move", "tier_move", "fault")
_MOVES = ("placed", "stayed", "up", "down", "held")
_EXAMPLES = 3


class Summary:
    """Counts over a decided book, as kamrules.engines.sql.summary has them.

    `decisions` has beside its own columns `revenue`, the fact that is summed by class, if there is one.
    """

    def __init__(self, program: Program, decisions: DataFrame, actions: DataFrame) -> None:
        self._program = program
        self._decisions = decisions
        self._actions = actions
        self._told = "revenue" in decisions.columns
        revenue = f.col("revenue").try_cast("decimal(38, 4)") if self._told else f.lit(None)
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

    def plain(self) -> dict[str, Any]:
        """Return the summary as it stands in run.json."""
        program = self._program
        return {
            "accounts": self.accounts,
            "classes": self._classes(),
            "tiers": self._counted("tier", program.tiers, levels=True),
            "phases": self._counted("phase", program.phases),
            "strategies": self._counted("strategy", program.strategies),
            "moves": {what: self._moves(f"{what}_move") for what in ("class", "tier")},
            "actions": self._of_actions(),
            "faults": self._faults(),
        }

    def _by(self, *names: str) -> dict[Any, int]:
        found: dict[Any, int] = defaultdict(int)
        for row in self._rows:
            key = tuple(row[each] for each in names)
            found[key if len(key) > 1 else key[0]] += row["accounts"]
        return dict(found)

    def _classes(self) -> list[dict[str, Any]]:
        accounts = self._by("class")
        revenue: dict[Any, Any] = {}
        for row in self._rows:
            if row["revenue"] is not None:
                revenue[row["class"]] = revenue.get(row["class"], 0) + row["revenue"]
        rules = [
            (each.id, each.title, each.level)
            for each in sorted(self._program.classes, key=lambda each: -each.level)
        ]
        if None in accounts:
            rules.append((None, "unknown", None))  # type: ignore[arg-type]  accounts without a class
        times = self._times()
        none = 0.0 if self._told else None
        return [
            {
                "id": key, "title": title, "level": level, "accounts": accounts.get(key, 0),
                "revenue": float(revenue[key]) if key in revenue else none, "time_share": times.get(key),
            }
            for key, title, level in rules
        ]  # fmt: skip

    def _times(self) -> dict[Any, float]:
        """Return the share of selling time of each class, by the strategies of its accounts."""
        shares = {each.id: each.time_share for each in self._program.strategies}
        whole = self._by("strategy")
        found: dict[Any, float] = {}
        pairs = self._by("class", "strategy")
        # added up in one order, so that equal books give equal sums
        for class_, strategy in sorted(
            pairs, key=lambda pair: [(each is None, each or "") for each in pair]
        ):
            share = shares.get(strategy)
            if share is not None:
                part = share * pairs[class_, strategy] / whole[strategy]
                found[class_] = found.get(class_, 0.0) + part
        return found

    def _counted(
        self, what: str, rules: Sequence[Tier | Phase | Strategy], *, levels: bool = False
    ) -> list[dict[str, Any]]:
        found = self._by(what)
        listed: list[dict[str, Any]] = []
        for each in rules:
            level = {"level": getattr(each, "level", None)} if levels else {}
            listed.append(
                {"id": each.id, "title": each.title, **level, "accounts": found.get(each.id, 0)}
            )
        if None in found:
            level = {"level": None} if levels else {}
            listed.append({"id": None, "title": "none", **level, "accounts": found[None]})
        return listed

    def _moves(self, what: str) -> dict[str, int]:
        found = self._by(what)
        return {each: found[each] for each in _MOVES if each in found}

    def _of_actions(self) -> dict[str, int]:
        statuses = dict(self._actions.groupBy("status").count().collect())
        kept = statuses.get("proposed", 0)
        return {
            "proposed": sum(each["proposed"] or 0 for each in self._rows),
            "kept": kept,
            "held_back": sum(statuses.values()) - kept,
            "accounts": sum(each["with_actions"] for each in self._rows),
        }

    def _faults(self) -> list[dict[str, Any]]:
        found = [(count, fault) for fault, count in self._by("fault").items() if fault is not None]
        listed = []
        for count, fault in sorted(found, key=lambda pair: (-pair[0], pair[1])):
            of_it = self._decisions.where(f.col("fault") == f.lit(fault)).select(ACCOUNT_ID)
            some = of_it.orderBy(ACCOUNT_ID).limit(_EXAMPLES).collect()
            listed.append(
                {"fault": fault, "accounts": count, "examples": [each[0] for each in some]}
            )
        return listed
