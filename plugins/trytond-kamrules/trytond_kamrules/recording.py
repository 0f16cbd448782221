"""Writing decisions back set by set: one statement a table and kind of change, never one a record."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from sql import Literal, Null
from sql.functions import CurrentTimestamp
from trytond.model import fields
from trytond.pool import Pool
from trytond.transaction import Transaction

from .action import OPEN
from .remembered import ACCOUNT

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Iterator, Sequence

    from kamrules import Program

    from .deciding import Told
    from .remembered import Remembered

ROWS = 200
"""So many rows are inserted, and ids named, by one statement: databases limit its parameters."""
SCORE = ("sequence", "score_id", "value", "low", "high", "band_id", "texts")
LACK = ("sequence", "kind", "gate_id", "state", "texts")
GAP = ("sequence", "fact", "info_level", "matters", "texts")
ACTION = ("account", "party", "company", "action", "state", "stands", "proposed_on", "employee",
          "role", "priority", "effort", "due_date", "texts")  # fmt: skip
KEPT = ("role", "priority", "effort", "texts")
"""What an open action takes over from the decision; its due date and employee are people's."""


class Recording:
    """Collects the decisions of a company's parties on a date, and writes what has changed."""

    def __init__(
        self,
        company: Any,
        as_of: datetime.date,
        program: Program,
        *,
        top: int,
        remembered: Remembered,
    ) -> None:
        self.company = company
        self.as_of = as_of
        self.ruleset = f"{program.name} {program.version}"
        self.top = top
        self.remembered = remembered
        self.seen: set[int] = set()
        self.cursor = Transaction().connection.cursor()
        self.changed: dict[int, Told] = {}
        self.moves: dict[int, Told] = {}
        self.dropped_moves: list[int] = []
        self.new: list[tuple[int, dict[str, Any]]] = []
        self.kept: list[tuple[int, dict[str, Any]]] = []
        self.lapsed: list[int] = []
        self.fallen: list[int] = []
        self._deals: dict[int, int] | None = None
        self._roles: dict[str, int] | None = None

    def add(self, party: int, told: Told) -> None:
        """Take a party's decision."""
        self.seen.add(party)
        if self.remembered.accounts.get(party, (0, None))[1] != told.digest:
            self.changed[party] = told
        self._add_move(party, told)
        self._add_actions(party, told)

    def leave(self, parties: Iterable[int]) -> None:
        """Take it that parties are no accounts any more: nothing is proposed for them."""
        for party in parties:
            for each in self.remembered.open.get(party, {}).values():
                (self.lapsed if each["state"] == "proposed" else self.fallen).append(each["id"])

    def write(self) -> dict[str, int]:
        """Write everything; return what there was to write."""
        pool = Pool()
        self._write_accounts(pool.get("kamrules.account"))
        accounts = self._account_ids(pool.get("kamrules.account"))
        for name, columns in (("score", SCORE), ("lack", LACK), ("gap", GAP)):
            self._write_below(pool.get(f"kamrules.{name}"), columns, f"{name}s", accounts)
        self._write_moves(pool.get("kamrules.move"), accounts)
        self._write_actions(pool.get("kamrules.action"), accounts)
        return {
            "accounts": len(self.seen),
            "changed": len(self.changed),
            "proposed": len(self.new),
            "lapsed": len(self.lapsed),
        }

    # what changes

    def _add_move(self, party: int, told: Told) -> None:
        """Keep class and tier from the date on which they came up."""
        now = (told.account["class_id"], told.account["tier_id"])
        same_day = self.remembered.same_day.get(party)
        moved = now != self.remembered.before.get(party)
        if same_day is not None and (not moved or same_day[1:] != now):
            self.dropped_moves.append(same_day[0])
        if moved and (same_day is None or same_day[1:] != now):
            self.moves[party] = told

    def _add_actions(self, party: int, told: Told) -> None:
        """Keep open actions that are still called for, let others lapse, and add the most urgent new ones."""
        before = self.remembered.open.get(party, {})
        called = {}
        place = 0
        for each in told.actions:
            name = each["action"]
            if self.remembered.rests(party, name) and name not in before:
                continue
            called[name] = each
            place += 1
            if name not in before and place <= self.top:
                self.new.append((party, each))
        for name, known in before.items():
            wanted = called.get(name)
            if wanted is None:
                if known["state"] == "proposed":
                    self.lapsed.append(known["id"])
                elif known["stands"]:
                    self.fallen.append(known["id"])
                continue
            values = {key: wanted[key] for key in KEPT} | {"stands": True}
            values["employee"] = known["employee"] or self._employee(party, wanted["role"])
            if any(known[key] != value for key, value in values.items()):
                self.kept.append((known["id"], values))

    def _employee(self, party: int, role: str) -> int | None:
        """Return who takes an action: whom the party names, who has its deal, or who has the role."""
        manager, sponsor = self.remembered.people.get(party, (None, None))
        if role == "executive_sponsor" and sponsor:
            return sponsor
        if role == "account_manager":
            found = manager or self._deal_owners().get(party)
            if found:
                return found
        return self._role_owners().get(role)

    def _deal_owners(self) -> dict[int, int]:
        """Return the employee of each party's latest open deal."""
        if self._deals is None:
            deal = Pool().get("sale.opportunity").__table__()
            query = deal.select(
                deal.party, deal.employee,
                where=(deal.company == self.company.id) & deal.state.in_(("lead", "opportunity"))
                & (deal.party != Null) & (deal.employee != Null),
                order_by=[deal.start_date, deal.id],
            )  # fmt: skip
            self.cursor.execute(*query)
            self._deals = dict(self.cursor.fetchall())
        return self._deals

    def _role_owners(self) -> dict[str, int]:
        if self._roles is None:
            role = Pool().get("kamrules.role").__table__()
            query = role.select(
                role.role, role.employee,
                where=(role.company == self.company.id) & (role.employee != Null),
            )  # fmt: skip
            self.cursor.execute(*query)
            self._roles = dict(self.cursor.fetchall())
        return self._roles

    # writing

    def _write_accounts(self, Account: Any) -> None:
        table = Account.__table__()
        known = self.remembered.accounts
        new, old = [], []
        for party, told in self.changed.items():
            values = [*(told.account[name] for name in ACCOUNT), told.digest]
            if party in known:
                old.append((known[party][0], values))
            else:
                new.append([party, self.company.id, *values])
        names = [*ACCOUNT, "digest"]
        self._insert(table, ["party", "company", *names], new)
        self._update(table, names, old)
        for ids in _parts([*self.seen]):
            where = (table.company == self.company.id) & fields.SQL_OPERATORS["in"](
                table.party, ids
            )
            self.cursor.execute(
                *table.update(
                    [table.decided_on, table.ruleset], [self.as_of, self.ruleset], where=where
                )
            )

    def _account_ids(self, Account: Any) -> dict[int, int]:
        table = Account.__table__()
        self.cursor.execute(
            *table.select(table.party, table.id, where=table.company == self.company.id)
        )
        return dict(self.cursor.fetchall())

    def _write_below(
        self, Model: Any, columns: Sequence[str], part: str, accounts: dict[int, int]
    ) -> None:
        """Write anew what stands below the accounts that are decided otherwise."""
        table = Model.__table__()
        known = self.remembered.accounts
        self._delete(
            table, table.account, [known[each][0] for each in self.changed if each in known]
        )
        rows = (
            [accounts[party], *row]
            for party, told in self.changed.items()
            for row in getattr(told, part)
        )
        self._insert(table, ["account", *columns], rows)

    def _write_moves(self, Move: Any, accounts: dict[int, int]) -> None:
        table = Move.__table__()
        self._delete(table, table.id, self.dropped_moves)
        names = ("class_id", "tier_id", "texts")
        rows = (
            [accounts[party], self.as_of, *(told.account[name] for name in names)]
            for party, told in self.moves.items()
        )
        self._insert(table, ["account", "date", *names], rows)

    def _write_actions(self, Action: Any, accounts: dict[int, int]) -> None:
        table = Action.__table__()
        for ids in _parts(self.lapsed):
            where = fields.SQL_OPERATORS["in"](table.id, ids) & (table.state == "proposed")
            self.cursor.execute(
                *table.update(
                    [table.state, table.stands, table.answered_on],
                    ["lapsed", Literal(False), self.as_of],
                    where=where,
                )
            )
        for ids in _parts(self.fallen):
            where = fields.SQL_OPERATORS["in"](table.id, ids) & table.state.in_(OPEN)
            self.cursor.execute(*table.update([table.stands], [Literal(False)], where=where))
        groups: dict[tuple[str, ...], list[tuple[int, list[Any]]]] = defaultdict(list)
        for one, values in self.kept:
            groups[tuple(values)].append((one, list(values.values())))
        for names, some in groups.items():
            self._update(table, names, some)
        rows = []
        for party, each in self.new:
            values = each | {
                "account": accounts[party],
                "party": party,
                "company": self.company.id,
                "state": "proposed",
                "stands": True,
                "proposed_on": self.as_of,
                "employee": self._employee(party, each["role"]),
            }
            rows.append([values[name] for name in ACTION])
        self._insert(table, ACTION, rows)

    def _insert(self, table: Any, names: Sequence[str], rows: Iterable[list[Any]]) -> None:
        columns = [getattr(table, each) for each in (*names, "create_uid", "create_date")]
        by = [Transaction().user, CurrentTimestamp()]
        rows = iter(rows)
        while some := [[*each, *by] for each in islice(rows, ROWS)]:
            self.cursor.execute(*table.insert(columns, some))

    def _update(
        self, table: Any, names: Sequence[str], rows: Sequence[tuple[int, list[Any]]]
    ) -> None:
        """Set columns of rows by id: one prepared statement for all of them."""
        if not rows:
            return
        one, values = rows[0]
        columns = [getattr(table, each) for each in (*names, "write_uid")]
        user = Transaction().user
        statement, _ = table.update(columns, [*values, user], where=table.id == one)
        self.cursor.executemany(statement, [[*values, user, one] for one, values in rows])

    def _delete(self, table: Any, column: Any, ids: Sequence[int]) -> None:
        for some in _parts(ids):
            where = fields.SQL_OPERATORS["in"](column, some)
            self.cursor.execute(*table.delete(where=where))


def _parts(ids: Sequence[int]) -> Iterator[list[int]]:
    """Yield ids so many at a time."""
    for start in range(0, len(ids), ROWS):
        yield list(ids[start : start + ROWS])
