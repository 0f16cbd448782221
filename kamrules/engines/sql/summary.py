"""The summary of a decided book: counts by class, tier, phase and strategy, moves, actions, faults."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from kamrules.engines.sql.output import CORE
from kamrules.engines.sql.tree import binary, call, column, double, sql, try_cast, when, whole
from kamrules.expression.types import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kamrules.compiler.program import Phase, Program, Strategy, Tier
    from kamrules.engines.sql.tree import Sql

Places = "Mapping[tuple[str, str], Sql]"
REVENUE = "revenue_12m"
EXAMPLES = 3
PARTS = 10_000
"""Revenue is summed in parts of a unit, as whole numbers, so that the order in which threads add up makes no
difference."""
_TOLD = (
    *(("word", each) for each in ("class", "tier", "phase", "strategy", "class_move", "tier_move")),
    ("step", "fault"),
)


def told_by(places: Mapping[tuple[str, str], Sql]) -> set[str]:
    """Return the columns of the core by which the summary tells accounts apart."""
    return _columns_of(places[key] for key in _TOLD if key in places)


def measures(places: Mapping[tuple[str, str], Sql]) -> dict[str, Sql]:
    """Return what the summary adds up over the accounts, by name; an engine may have done so in part."""
    proposed = column("proposed")
    found = {
        "accounts": whole(1),
        "proposed": proposed,
        "kept": places["action", "kept_count"],
        "held": places["action", "held_count"],
        "having": when([(binary(exp.GT, proposed.copy(), whole(0)), whole(1))], whole(0)),
    }
    revenue = places.get(("step", f"fact.{REVENUE}"))
    if revenue is not None:
        parts = binary(exp.Mul, revenue.copy(), double(PARTS))
        found["revenue"] = try_cast(call("round", parts), "hugeint")
    return {name: places.get(("sum", name), tree) for name, tree in found.items()}


def summary_reads(places: Mapping[tuple[str, str], Sql]) -> set[str]:
    """Return the columns of the core that the summary reads."""
    return told_by(places) | _columns_of(measures(places).values()) | {ACCOUNT_ID}


def _columns_of(trees: Iterable[Sql]) -> set[str]:
    return {each.name for tree in trees for each in tree.find_all(exp.Column)}


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
        self.sums = {
            name: f"coalesce(sum({sql(tree)}), 0)" for name, tree in measures(places).items()
        }
        super().__init__(program, tells_revenue=revenue == REVENUE and "revenue" in self.sums)

    @property
    def accounts(self) -> int:
        """Return the number of accounts."""
        found: int = self._rows(f"SELECT {self._sum('accounts')} FROM {CORE}")[0][0]  # noqa: S608
        return found

    def _sum(self, measure: str) -> str:
        return f"{self.sums[measure]}::BIGINT"

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.connection.execute(query).fetchall()
        return found

    def _text(self, address: str) -> str:
        found = self.places.get(("word", address))
        return sql(self.places["step", address] if found is None else found)

    def by(self, what: str) -> dict[Any, int]:
        """Return the number of accounts by the values of a step."""
        query = f"SELECT {self._text(what)} AS one, {self._sum('accounts')} FROM {CORE} GROUP BY 1"  # noqa: S608
        return dict(self._rows(query))

    def by_class_and_strategy(self) -> list[tuple[Any, Any, int]]:
        """Return class, strategy and the number of accounts."""
        # as texts: added up in one order, whatever the order of the rules
        one, other = (f"{self._text(each)}::VARCHAR" for each in ("class", "strategy"))
        rows = self._rows(
            f"SELECT {one} AS one, {other} AS other, {self._sum('accounts')} FROM {CORE} "  # noqa: S608
            "GROUP BY 1, 2 ORDER BY 1, 2"
        )
        return [(class_, strategy, accounts) for class_, strategy, accounts in rows]

    def classes(self) -> dict[Any, tuple[int, float | None]]:
        """Return the number of accounts of each class, and their revenue."""
        revenue = f"{self.sums['revenue']}::DOUBLE / {PARTS}" if self.tells_revenue else "NULL"
        rows = self._rows(
            f"SELECT {self._text('class')} AS one, {self._sum('accounts')}, {revenue} FROM {CORE} GROUP BY 1"  # noqa: S608
        )
        return {one: (accounts, revenue) for one, accounts, revenue in rows}

    def actions(self) -> dict[str, int]:
        """Return how many actions there are."""
        sums = ", ".join(self._sum(each) for each in ("proposed", "kept", "held", "having"))
        row = self._rows(f"SELECT {sums} FROM {CORE}")[0]  # noqa: S608
        return dict(zip(("proposed", "kept", "held_back", "accounts"), row, strict=True))

    def faults(self) -> list[dict[str, Any]]:
        """Return each fault with the number of accounts and the first ids."""
        fault, accounts = self._text("fault"), self._sum("accounts")
        rows = self._rows(
            f'SELECT {fault} AS one, {accounts} AS n, min("{ACCOUNT_ID}", {EXAMPLES}) FROM {CORE} '  # noqa: S608
            "WHERE one IS NOT NULL GROUP BY 1 ORDER BY n DESC, one"
        )
        return [{"fault": one, "accounts": n, "examples": ids} for one, n, ids in rows]
