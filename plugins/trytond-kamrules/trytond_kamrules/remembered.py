"""What was decided and answered before: the memory of hysteresis and cooldowns, in Tryton's own tables."""

from __future__ import annotations

import datetime
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from kamrules import Earlier
from sql import Literal
from sql.aggregate import Max
from trytond.model import fields
from trytond.pool import Pool
from trytond.transaction import Transaction

from .action import ANSWERED, OPEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamrules import Program

ACCOUNT = (
    "class_id", "class_level", "class_move", "tier_id", "tier_level", "tier_move", "phase_id",
    "strategy_id", "score", "fault", "texts",
)  # fmt: skip
"""The columns of an account that a decision fills, beside digest, ruleset and date."""


class Remembered:
    """What the tables hold of a company's parties before they are decided on a date."""

    def __init__(
        self,
        company: Any,
        as_of: datetime.date,
        program: Program,
        *,
        rest: int,
        parties: Sequence[int] | None = None,
    ) -> None:
        self.as_of = as_of
        self.company = company
        self.cursor = Transaction().connection.cursor()
        self.parties = parties
        self._cooldowns = {each.id: each.cooldown_days or 0 for each in program.actions}
        self._rest = rest
        self.accounts: dict[int, tuple[int, str | None]] = {}
        self.people: dict[int, tuple[int | None, int | None]] = {}
        self.before: dict[int, tuple[str | None, str | None]] = {}
        self.same_day: dict[int, tuple[int, str | None, str | None]] = {}
        self.answered: dict[int, dict[str, datetime.date]] = defaultdict(dict)
        self.open: dict[int, dict[str, dict[str, Any]]] = defaultdict(dict)
        self._read_accounts()
        self._read_moves()
        self._read_actions()

    def earlier(self, party: int) -> Earlier | None:
        """Return what kamrules is to know of a party's earlier decisions.

        An action's cooldown counts from when it was answered; while it is open, nothing holds it back,
        so that what it excludes stays excluded.
        """
        placed = self.before.get(party)
        answered = self.answered.get(party)
        if placed is None and not answered:
            return None
        known_class, tier = placed or (None, None)
        return Earlier.model_validate(
            {"class": known_class, "tier": tier, "proposed": dict(answered or {})}
        )

    def rests(self, party: int, action: str) -> bool:
        """Whether an action was answered so lately that it is not proposed again.

        kamrules holds back what was answered before the date and has a cooldown; this adds the date
        itself, and rules without a cooldown.
        """
        day = self.answered.get(party, {}).get(action)
        return day is not None and (self.as_of - day).days < (
            self._cooldowns.get(action) or self._rest
        )

    def _read_accounts(self) -> None:
        account = Pool().get("kamrules.account").__table__()
        query = account.select(
            account.id, account.party, account.digest, account.account_manager, account.executive_sponsor,
            where=self._wanted(account),
        )  # fmt: skip
        self.cursor.execute(*query)
        for one, party, digest, manager, sponsor in self.cursor.fetchall():
            self.accounts[party] = (one, digest)
            self.people[party] = (manager, sponsor)

    def _read_moves(self) -> None:
        """Read each party's class and tier as they were before the date, and those of the date."""
        pool = Pool()
        account = pool.get("kamrules.account").__table__()
        move = pool.get("kamrules.move").__table__()
        of_account = move.account == account.id
        latest = move.select(
            move.account.as_("account"),
            Max(move.date).as_("date"),
            where=move.date < self.as_of,
            group_by=move.account,
        )
        joined = account.join(move, condition=of_account).join(
            latest,
            type_="LEFT",
            condition=(latest.account == move.account) & (latest.date == move.date),
        )
        query = joined.select(
            account.party, move.id, move.date, move.class_id, move.tier_id,
            where=self._wanted(account) & ((latest.account != None) | (move.date == self.as_of)),  # noqa: E711  SQL
        )  # fmt: skip
        self.cursor.execute(*query)
        for party, one, date, known_class, tier in self.cursor.fetchall():
            if date == self.as_of:
                self.same_day[party] = (one, known_class, tier)
            else:
                self.before[party] = (known_class, tier)

    def _read_actions(self) -> None:
        action = Pool().get("kamrules.action").__table__()
        where = self._wanted(action)
        query = action.select(
            action.party, action.action, Max(action.answered_on),
            where=where & action.state.in_(ANSWERED), group_by=[action.party, action.action],
        )  # fmt: skip
        self.cursor.execute(*query)
        for party, one, day in self.cursor.fetchall():
            if day is not None:
                self.answered[party][one] = _date(day)
        query = action.select(
            action.party, action.action, action.id, action.state, action.stands, action.priority,
            action.effort, action.role, action.employee, action.texts,
            where=where & action.state.in_(OPEN), order_by=action.id,
        )  # fmt: skip
        self.cursor.execute(*query)
        names = ("id", "state", "stands", "priority", "effort", "role", "employee", "texts")
        for party, one, *values in self.cursor.fetchall():
            self.open[party][one] = dict(zip(names, values, strict=True))

    def _wanted(self, table):
        where = table.company == self.company.id
        if self.parties is None:
            return where & Literal(True)
        return where & fields.SQL_OPERATORS["in"](table.party, list(self.parties))


def _date(value: Any) -> datetime.date:
    return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(value)
