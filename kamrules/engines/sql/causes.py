"""Causes: what changes between two programs' outcomes, and which of their edits bring each change about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kamrules.engines.sql.connecting import told_as_data
from kamrules.engines.sql.outcomes import BITS, DIFFERING, NEW, OLD, mask
from kamrules.engines.sql.staging import LINE
from kamrules.expression.types import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kamrules.engines.sql.held import HeldBook

CHANGES, VERDICTS, CAUSED = "changes", "verdicts", "caused"
CLASS, TIER, BEST, ACTIONS = 0, 1, 2, 3
"""Parts of an outcome by number; the action numbered n is part ACTIONS + n."""
MOST = 60
"""So many edits can be told apart: one bit each."""


@dataclass(frozen=True, slots=True)
class Moved:
    """So many accounts for which a part of the outcome goes from one value to another, and why.

    `enough` and `needed` are sets of edits as bits; `revenue` is the sum over accounts of which it is known,
    None when it is for none. An action is `0` where it is not proposed, and `1` where it is.
    """

    part: int
    was: str | None
    becomes: str | None
    enough: int
    needed: int
    accounts: int
    revenue: float | None


@dataclass(frozen=True, slots=True)
class Differing:
    """One account that differs, with each part of its outcome that does."""

    account_id: str
    name: str | None
    revenue: float | None
    moves: tuple[Moved, ...]


class Causes:
    """What differs between the outcomes OLD and NEW, once Outcomes.keep_differing has been called."""

    def __init__(self, held: HeldBook, actions: Sequence[str]) -> None:
        """List every change of every account."""
        self.held = held
        self.actions = actions
        self.words = -(-len(actions) // BITS)
        with told_as_data():
            self._make_changes()

    def _run(self, query: str) -> list[tuple[Any, ...]]:
        with told_as_data():
            return self.held.rows(query)

    def _make_changes(self) -> None:
        selects = [
            self._changed(part, f'"{name}_was"', f'"{name}_is"')
            for part, name in ((CLASS, "class"), (TIER, "tier"), (BEST, "best"))
        ]
        for number in self._changed_actions():
            word, bit = divmod(number, BITS)
            was, now = (f'("{mask(word)}_{side}" >> {bit}) & 1' for side in ("was", "is"))
            selects.append(self._changed(ACTIONS + number, was, now))
        self.held.connection.execute(f'CREATE TABLE "{CHANGES}" AS {" UNION ALL ".join(selects)}')
        self.held.connection.execute(
            f'CREATE TABLE "{VERDICTS}" ("{LINE}" BIGINT, part BIGINT, enough BIGINT, needed BIGINT)'
        )

    @staticmethod
    def _changed(part: int, was: str, now: str) -> str:
        return (
            f'SELECT "{LINE}", {part}::BIGINT AS part, ({was})::VARCHAR AS was, ({now})::VARCHAR AS becomes, '  # noqa: S608
            f'revenue FROM "{DIFFERING}" WHERE ({was}) IS DISTINCT FROM ({now})'
        )

    def _changed_actions(self) -> Iterator[int]:
        for word in range(self.words):
            one = mask(word)
            bits = self.held.rows(
                f'SELECT coalesce(bit_or(xor("{one}_was", "{one}_is")), 0) FROM "{DIFFERING}"'  # noqa: S608
            )[0][0]
            yield from (word * BITS + bit for bit in range(BITS) if bits >> bit & 1)

    # verdicts

    def judge(self, trial: str, edit: int, *, done: bool) -> None:
        """Note for which changes an edit is enough, or needed, by the table of a trial's outcomes.

        With `done` the trial is the old program with the edit done; else the new one with it undone.
        """
        side, column = ("becomes", "enough") if done else ("was", "needed")
        bits = ", ".join(f'"{mask(word)}"' for word in range(self.words)) or "0::BIGINT"
        action = (
            f"((list_value({bits})[((part - {ACTIONS}) // {BITS}) + 1] >> "
            f"((part - {ACTIONS}) % {BITS})::INTEGER) & 1)::VARCHAR"
        )
        told = (
            f"CASE part WHEN {CLASS} THEN class WHEN {TIER} THEN tier WHEN {BEST} THEN best::VARCHAR "
            f"ELSE {action} END"
        )
        self._run(
            f'INSERT INTO "{VERDICTS}" ("{LINE}", part, {column}) '  # noqa: S608
            f'SELECT c."{LINE}", c.part, {1 << edit} FROM "{CHANGES}" c JOIN "{trial}" t '
            f'ON c."{LINE}" = t."{LINE}" WHERE ({told}) IS NOT DISTINCT FROM c.{side}'
        )

    def judge_all(self, edit: int, *, done: bool) -> None:
        """Note that an edit is enough, or needed, for every change."""
        column = "enough" if done else "needed"
        self._run(
            f'INSERT INTO "{VERDICTS}" ("{LINE}", part, {column}) '  # noqa: S608
            f'SELECT "{LINE}", part, {1 << edit} FROM "{CHANGES}"'
        )

    def settle(self) -> None:
        """Put the verdicts beside the changes."""
        self._run(
            f'CREATE TABLE "{CAUSED}" AS SELECT c.*, coalesce(v.enough, 0) AS enough, '  # noqa: S608
            f'coalesce(v.needed, 0) AS needed FROM "{CHANGES}" c LEFT JOIN ('
            f'SELECT "{LINE}", part, coalesce(bit_or(enough), 0) AS enough, '
            f'coalesce(bit_or(needed), 0) AS needed FROM "{VERDICTS}" GROUP BY ALL) v '
            f'ON c."{LINE}" = v."{LINE}" AND c.part = v.part'
        )

    # what came of it

    def moves(self) -> list[Moved]:
        """Return how many accounts change in what, by cause; the order is always the same."""
        rows = self._run(
            "SELECT part, was, becomes, enough, needed, count(*), sum(revenue)::DOUBLE "  # noqa: S608
            f'FROM "{CAUSED}" WHERE part <> {BEST} GROUP BY ALL ORDER BY ALL'
        )
        return [Moved(*row) for row in rows]

    def reordered(self) -> list[Moved]:
        """Return for how many accounts other actions come first, or in another order, by cause."""
        rows = self._run(
            "SELECT part, NULL, NULL, enough, needed, count(*), sum(revenue)::DOUBLE "  # noqa: S608
            f'FROM "{CAUSED}" WHERE part = {BEST} GROUP BY ALL ORDER BY ALL'
        )
        return [Moved(*row) for row in rows]

    def only_reordered(self) -> int:
        """Return for how many accounts nothing else changes than which actions come first."""
        rows = self._run(
            f'SELECT count(*) FROM "{DIFFERING}" '  # noqa: S608
            f'WHERE "{LINE}" NOT IN (SELECT "{LINE}" FROM "{CAUSED}" WHERE part <> {BEST})'
        )
        found: int = rows[0][0]
        return found

    def changed(self) -> tuple[int, float | None]:
        """Return how many accounts change class, tier or the actions proposed, and their revenue."""
        rows = self._run(
            f'SELECT count(*), sum(revenue)::DOUBLE FROM "{DIFFERING}" '  # noqa: S608
            f'WHERE "{LINE}" IN (SELECT "{LINE}" FROM "{CAUSED}" WHERE part <> {BEST})'
        )
        return rows[0][0], rows[0][1]

    def accounts(self, most: int) -> list[Differing]:
        """Return the changed accounts with the largest revenue, at most so many."""
        named = self.held.accounts.columns.get("name")
        name = "NULL" if named is None else f'h."{named[0]}"'
        people = self._run(
            f'SELECT d."{LINE}", d."{ACCOUNT_ID}", {name}, d.revenue::DOUBLE FROM "{DIFFERING}" d '  # noqa: S608
            f'JOIN few h USING ("{LINE}") '
            f'ORDER BY d.revenue DESC NULLS LAST, d."{LINE}" LIMIT {most}'
        )
        lines = ", ".join(str(row[0]) for row in people) or "NULL"
        moves: dict[int, list[Moved]] = {}
        for line, *row in self._run(
            f'SELECT "{LINE}", part, was, becomes, enough, needed, 1, revenue::DOUBLE FROM "{CAUSED}" '  # noqa: S608
            f'WHERE "{LINE}" IN ({lines}) ORDER BY ALL'
        ):
            moves.setdefault(line, []).append(Moved(*row))
        return [
            Differing(account, told, revenue, tuple(moves.get(line, ())))
            for line, account, told, revenue in people
        ]

    def matrix(self, what: str) -> list[tuple[str | None, str | None, int, float | None]]:
        """Return how many accounts are in which class (or tier) before and after, with their revenue."""
        rows = self._run(
            f'SELECT o."{what}", n."{what}", count(*), sum(n.revenue)::DOUBLE '  # noqa: S608
            f'FROM "{NEW}" n JOIN "{OLD}" o USING ("{LINE}") GROUP BY ALL ORDER BY ALL'
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def proposals(self) -> dict[str, tuple[int, int, int]]:
        """Return for every action for how many accounts it is proposed before, appears, and vanishes."""
        found = {}
        for word in range(self.words):
            some, one = self.actions[word * BITS : (word + 1) * BITS], mask(word)
            before = [f'sum(("{one}" >> {bit}) & 1)' for bit in range(len(some))]
            counts = self._run(f'SELECT {", ".join(before)} FROM "{OLD}"')[0]  # noqa: S608
            moved = []
            for bit in range(len(some)):
                was, now = (f'(("{one}_{side}" >> {bit}) & 1)' for side in ("was", "is"))
                moved += [f"count(*) FILTER ({was} < {now})", f"count(*) FILTER ({was} > {now})"]
            moves = self._run(f'SELECT {", ".join(moved)} FROM "{DIFFERING}"')[0]  # noqa: S608
            for place, each in enumerate(some):
                found[each] = (int(counts[place] or 0), moves[2 * place], moves[2 * place + 1])
        return found

    def best_of(self, told: str | None) -> list[str]:
        """Return the actions that a list of numbers, as text, stands for."""
        words = (told or "").strip("[]").split(", ")
        return [self.actions[int(each)] for each in words if each.isdigit()]
