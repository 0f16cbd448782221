"""The summary of a decided book: counts by class, tier, phase and strategy, moves, actions, faults."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from kamrules.engines.sql.output import CORE
from kamrules.engines.sql.tree import sql
from kamrules.expression.types import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kamrules.compiler.program import Phase, Program, Strategy, Tier
    from kamrules.engines.sql.tree import Sql

Places = "Mapping[tuple[str, str], Sql]"
REVENUE = "revenue_12m"
EXAMPLES = 3
_READ = (
    *(("word", each) for each in ("class", "tier", "phase", "strategy", "class_move", "tier_move")),
    ("step", "fault"),
    ("step", f"fact.{REVENUE}"),
    ("action", "kept_count"),
    ("action", "held_count"),
)


def summary_reads(places: Mapping[tuple[str, str], Sql]) -> set[str]:
    """Return the columns of the core that the summary reads."""
    found = [places[key] for key in _READ if key in places]
    names = {each.name for tree in found for each in tree.find_all(exp.Column)}
    return names | {ACCOUNT_ID, "proposed"}


class Summary(ABC):
    """What a decided book comes to, from counts of its accounts; who counts them, the subclasses say."""

    def __init__(self, program: Program, *, tells_revenue: bool) -> None:
        """Take whether the ruleset has the fact that is summed by class."""
        self.program = program
        self.tells_revenue = tells_revenue

    @property
    @abstractmethod
    def accounts(self) -> int:
        """Return the number of accounts."""

    @abstractmethod
    def by(self, what: str) -> dict[Any, int]:
        """Return the number of accounts by tier, phase, strategy, class_move or tier_move."""

    @abstractmethod
    def by_class_and_strategy(self) -> list[tuple[Any, Any, int]]:
        """Return class, strategy and the number of accounts, in one order for equal books."""

    @abstractmethod
    def classes(self) -> dict[Any, tuple[int, float | None]]:
        """Return the number of accounts of each class, and their revenue, summed exactly."""

    @abstractmethod
    def actions(self) -> dict[str, int]:
        """Return how many actions are proposed, kept and held back, and how many accounts have some."""

    @abstractmethod
    def faults(self) -> list[dict[str, Any]]:
        """Return each way in which the ruleset fails to place accounts, with how many and the first ids."""

    def plain(self) -> dict[str, Any]:
        """Return the summary as plain data, as it stands in run.json."""
        program = self.program
        return {
            "accounts": self.accounts,
            "classes": self._classes(),
            "tiers": self._counted("tier", program.tiers, levels=True),
            "phases": self._counted("phase", program.phases),
            "strategies": self._counted("strategy", program.strategies),
            "moves": {what: self._moves(what) for what in ("class", "tier")},
            "actions": self.actions(),
            "faults": self.faults(),
        }

    def _classes(self) -> list[dict[str, Any]]:
        found, times = self.classes(), self._times()
        rules: list[tuple[str | None, str, int | None]] = [
            (each.id, each.title, each.level)
            for each in sorted(self.program.classes, key=lambda each: -each.level)
        ]
        if None in found:
            rules.append((None, "unknown", None))
        return [
            {
                "id": key,
                "title": title,
                "level": level,
                "accounts": accounts,
                "revenue": (revenue or 0.0) if self.tells_revenue else None,
                "time_share": times.get(key),
            }
            for key, title, level in rules
            for accounts, revenue in [found.get(key, (0, None))]
        ]

    def _times(self) -> dict[Any, float]:
        """Return the share of selling time that falls to each class, by the strategies of its accounts.

        A strategy that holds in several classes is shared out by their accounts.
        """
        shares = {each.id: each.time_share for each in self.program.strategies}
        rows = self.by_class_and_strategy()
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
        found = self.by(what)
        listed: list[dict[str, Any]] = []
        for each in rules:
            level = {"level": getattr(each, "level", None)} if levels else {}
            count = found.get(each.id, 0)
            listed.append({"id": each.id, "title": each.title, **level, "accounts": count})
        if None in found:
            level = {"level": None} if levels else {}
            listed.append({"id": None, "title": "none", **level, "accounts": found[None]})
        return listed

    def _moves(self, what: str) -> dict[str, int]:
        found = self.by(f"{what}_move")
        order = ("placed", "stayed", "up", "down", "held")
        return {each: found[each] for each in order if each in found}


class CoreSummary(Summary):
    """Counts over the core of a decided book, by DuckDB."""

    def __init__(
        self,
        connection: Any,  # noqa: ANN401  DuckDB's
        program: Program,
        places: Mapping[tuple[str, str], Sql],
        revenue: str | None,
    ) -> None:
        self.connection = connection
        self.places = places
        self.summed = places.get(("step", f"fact.{revenue}")) if revenue == REVENUE else None
        super().__init__(program, tells_revenue=self.summed is not None)

    @property
    def accounts(self) -> int:
        """Return the number of accounts."""
        found: int = self._rows(f"SELECT count(*) FROM {CORE}")[0][0]  # noqa: S608
        return found

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.connection.execute(query).fetchall()
        return found

    def _text(self, address: str) -> str:
        found = self.places.get(("word", address))
        return sql(self.places["step", address] if found is None else found)

    def by(self, what: str) -> dict[Any, int]:
        """Return the number of accounts by the values of a step."""
        return dict(
            self._rows(f"SELECT {self._text(what)} AS one, count(*) FROM {CORE} GROUP BY 1")  # noqa: S608
        )

    def by_class_and_strategy(self) -> list[tuple[Any, Any, int]]:
        """Return class, strategy and the number of accounts."""
        # as texts: added up in one order, whatever the order of the rules
        one, other = (f"{self._text(each)}::VARCHAR" for each in ("class", "strategy"))
        rows = self._rows(
            f"SELECT {one} AS one, {other} AS other, count(*) FROM {CORE} GROUP BY ALL ORDER BY ALL"  # noqa: S608
        )
        return [(class_, strategy, accounts) for class_, strategy, accounts in rows]

    def classes(self) -> dict[Any, tuple[int, float | None]]:
        """Return the number of accounts of each class, and their revenue."""
        # summed as decimals, so that the order in which threads add up makes no difference
        summed = self.summed
        exact = f"sum(try_cast({sql(summed)} AS DECIMAL(38, 4)))" if summed is not None else "NULL"
        rows = self._rows(
            f"SELECT {self._text('class')} AS one, count(*), {exact}::DOUBLE FROM {CORE} GROUP BY 1"  # noqa: S608
        )
        return {one: (accounts, revenue) for one, accounts, revenue in rows}

    def actions(self) -> dict[str, int]:
        """Return how many actions there are."""
        kept, held = (sql(self.places["action", each]) for each in ("kept_count", "held_count"))
        row = self._rows(
            f"SELECT coalesce(sum(proposed), 0)::BIGINT, coalesce(sum({kept}), 0)::BIGINT, "  # noqa: S608
            f"coalesce(sum({held}), 0)::BIGINT, count(*) FILTER (proposed > 0) FROM {CORE}"
        )[0]
        return dict(zip(("proposed", "kept", "held_back", "accounts"), row, strict=True))

    def faults(self) -> list[dict[str, Any]]:
        """Return each fault with the number of accounts and the first ids."""
        fault = self._text("fault")
        rows = self._rows(
            f'SELECT {fault} AS one, count(*) AS n, min("{ACCOUNT_ID}", {EXAMPLES}) FROM {CORE} '  # noqa: S608
            "WHERE one IS NOT NULL GROUP BY 1 ORDER BY n DESC, one"
        )
        return [{"fault": one, "accounts": n, "examples": ids} for one, n, ids in rows]
