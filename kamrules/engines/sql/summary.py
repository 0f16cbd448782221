"""The summary of a decided book: counts by class, tier, phase and strategy, moves, actions, faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from kamrules.engines.sql.output import CORE
from kamrules.engines.sql.tree import sql
from kamrules.expression.types import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kamrules.compiler.program import Class, Phase, Program, Strategy, Tier
    from kamrules.engines.sql.tree import Sql

Places = "Mapping[tuple[str, str], Sql]"
REVENUE = "revenue_12m"
EXAMPLES = 3
_READ = (
    *(("word", each) for each in ("class", "tier", "phase", "strategy", "class_move", "tier_move")),
    ("step", "fault"),
    ("step", f"fact.{REVENUE}"),
    ("action", "held"),
)


def summary_reads(places: Mapping[tuple[str, str], Sql]) -> set[str]:
    """Return the columns of the core that the summary reads."""
    found = [places[key] for key in _READ if key in places]
    names = {each.name for tree in found for each in tree.find_all(exp.Column)}
    return names | {ACCOUNT_ID, "proposed", "chosen"}


class Summary:
    """Counts over the core of a decided book."""

    def __init__(
        self,
        connection: Any,  # noqa: ANN401  DuckDB's
        program: Program,
        places: Mapping[tuple[str, str], Sql],
    ) -> None:
        self.connection = connection
        self.program = program
        self.places = places

    def plain(self, revenue: str | None) -> dict[str, Any]:
        """Return the summary as plain data."""
        program = self.program
        return {
            "accounts": self._rows("SELECT count(*) FROM core")[0][0],
            "classes": self._classes(revenue),
            "tiers": self._counted("tier", program.tiers, levels=True),
            "phases": self._counted("phase", program.phases),
            "strategies": self._counted("strategy", program.strategies),
            "moves": {what: self._moves(what) for what in ("class", "tier")},
            "actions": self._actions(),
            "faults": self._faults(),
        }

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.connection.execute(query).fetchall()
        return found

    def _text(self, address: str) -> str:
        found = self.places.get(("word", address))
        return sql(self.places["step", address] if found is None else found)

    def _by(self, address: str, extra: str = "") -> dict[Any, tuple[Any, ...]]:
        """Return counts (and what `extra` says) by the values of a step."""
        rows = self._rows(
            f"SELECT {self._text(address)} AS one, count(*) {extra} FROM {CORE} GROUP BY 1"  # noqa: S608
        )
        return {row[0]: row[1:] for row in rows}

    def _classes(self, revenue: str | None) -> list[dict[str, Any]]:
        summed = self.places.get(("step", f"fact.{revenue}")) if revenue == REVENUE else None
        # summed as decimals, so that the order in which threads add up makes no difference
        exact = f"sum(try_cast({sql(summed)} AS DECIMAL(38, 4)))" if summed is not None else "NULL"
        extra = f", {exact}::DOUBLE"
        found = self._by("class", extra)
        rules: list[Class] = sorted(self.program.classes, key=lambda each: -each.level)
        listed = [
            {"id": each.id, "title": each.title, "level": each.level,
             **dict(zip(("accounts", "revenue"), found.get(each.id, (0, None)), strict=True))}
            for each in rules
        ]  # fmt: skip
        if None in found:
            rest = dict(zip(("accounts", "revenue"), found[None], strict=True))
            listed.append({"id": None, "title": "unknown", "level": None, **rest})
        times = self._times()
        for each in listed:
            if summed is not None and each["revenue"] is None:
                each["revenue"] = 0.0
            each["time_share"] = times.get(each["id"])
        return listed

    def _times(self) -> dict[Any, float]:
        """Return the share of selling time that falls to each class, by the strategies of its accounts.

        A strategy that holds in several classes is shared out by their accounts.
        """
        shares = {each.id: each.time_share for each in self.program.strategies}
        # as texts: added up in one order, whatever the order of the rules
        one, other = (f"{self._text(each)}::VARCHAR" for each in ("class", "strategy"))
        rows = self._rows(
            f"SELECT {one} AS one, {other} AS other, count(*) FROM {CORE} GROUP BY ALL ORDER BY ALL"  # noqa: S608
        )
        whole: dict[Any, int] = {}
        for _, strategy, accounts in rows:
            whole[strategy] = whole.get(strategy, 0) + accounts
        found: dict[Any, float] = {}
        for class_, strategy, accounts in rows:
            share = shares.get(strategy)
            if share is not None:
                found[class_] = found.get(class_, 0.0) + share * accounts / whole[strategy]
        return found

    def _counted(
        self, what: str, rules: Sequence[Tier | Phase | Strategy], *, levels: bool = False
    ) -> list[dict[str, Any]]:
        found = self._by(what)
        listed: list[dict[str, Any]] = []
        for each in rules:
            level = {"level": getattr(each, "level", None)} if levels else {}
            count = found.get(each.id, (0,))[0]
            listed.append({"id": each.id, "title": each.title, **level, "accounts": count})
        if None in found:
            level = {"level": None} if levels else {}
            listed.append({"id": None, "title": "none", **level, "accounts": found[None][0]})
        return listed

    def _moves(self, what: str) -> dict[str, int]:
        found = self._by(f"{what}_move")
        order = ("placed", "stayed", "up", "down", "held")
        return {each: found[each][0] for each in order if each in found}

    def _actions(self) -> dict[str, int]:
        held = sql(self.places["action", "held"])
        row = self._rows(
            "SELECT coalesce(sum(proposed), 0)::BIGINT, coalesce(sum(len(chosen)), 0)::BIGINT, "  # noqa: S608
            f"coalesce(sum(len({held})), 0)::BIGINT, count(*) FILTER (proposed > 0) FROM {CORE}"
        )[0]
        return dict(zip(("proposed", "kept", "held_back", "accounts"), row, strict=True))

    def _faults(self) -> list[dict[str, Any]]:
        fault = self._text("fault")
        rows = self._rows(
            f'SELECT {fault} AS one, count(*) AS n, min("{ACCOUNT_ID}", {EXAMPLES}) FROM {CORE} '  # noqa: S608
            "WHERE one IS NOT NULL GROUP BY 1 ORDER BY n DESC, one"
        )
        return [{"fault": one, "accounts": n, "examples": ids} for one, n, ids in rows]
