"""Stories of the sample book: rows that follow on one another, so that signals have something to find."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from kamrules.workbench.sample_chance import Chance
from kamrules.workbench.sample_names import RIVALS
from kamrules.workbench.sample_profiles import CUSTOMER, POOR, Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Row = dict[str, object]
Account = dict[str, list[Row]]
"""The rows of one account, by table."""
Told = Iterator[tuple[str, Row]]
"""Rows that a story adds, each with its table; rows that are there already are changed in place."""

_SUBJECTS = ("delivery", "quality", "operation")


def tell_stories(
    tables: dict[str, list[Row]], companies: Iterable[Profile], as_of: datetime.date, seed: int
) -> None:
    """Add to the tables what followed on one another; each story is drawn apart, so that the others stay."""
    accounts: dict[str, Account] = {
        each.account_id: {name: [] for name in tables} for each in companies
    }
    for name, rows in tables.items():
        for row in rows:
            accounts[str(row["account_id"])][name].append(row)
    for number, story in enumerate(STORIES, start=301):
        chance = Chance(seed * 1_000 + number)
        for who in companies:
            for name, row in story(who, accounts[who.account_id], as_of, chance):
                accounts[who.account_id][name].append({"account_id": who.account_id, **row})
    for name, rows in tables.items():
        rows[:] = [row for each in accounts.values() for row in each[name]]


def whom_we_met(who: Profile, has: Account, as_of: datetime.date, chance: Chance) -> Told:  # noqa: ARG001  one form for all
    """Note in most contacts whom of theirs we met: somebody of the level that took part."""
    for row in has["activities"]:
        people = [
            each["name"]
            for each in has["contacts"]
            if each["level"] == row["level"] and not each["left"]
        ]
        if people:
            row["contact"] = chance.known(0.8, chance.pick(people))
    yield from ()


def same_complaint_again(
    who: Profile, has: Account, as_of: datetime.date, chance: Chance  # noqa: ARG001
) -> Told:  # fmt: skip
    """A complaint that was settled comes again."""
    if who.kind != CUSTOMER or not chance.happens(0.04):
        return
    subject, again = chance.pick(_SUBJECTS), chance.before(as_of, 8, 80)
    for opened in (chance.before(again, 20, 100), again):
        yield "complaints", _complaint(opened, as_of, subject, chance)


def complaint_before_survey(
    who: Profile, has: Account, as_of: datetime.date, chance: Chance
) -> Told:
    """Where satisfaction fell, a complaint often came before it."""
    told = [each for each in has["surveys"] if each["kind"] == "satisfaction"]
    if "satisfaction_fell" not in who.troubles or not told or not chance.happens(0.6):
        return
    last = max(told, key=_date)
    last["date"] = chance.before(as_of, 10, 75)
    opened = chance.before(_date(last), 10, 90)
    yield "complaints", _complaint(opened, as_of, chance.pick(_SUBJECTS), chance)


def silence_after_complaint(
    who: Profile, has: Account, as_of: datetime.date, chance: Chance
) -> Told:
    """A customer whose order is late may have complained after the last one."""
    if not has["orders"] or "order_late" not in who.troubles:
        return
    last = max(map(_date, has["orders"]))
    spare = (as_of - last).days - 92
    if spare > 0 and chance.happens(0.6):
        opened = last + datetime.timedelta(days=chance.whole(0, spare))
        yield "complaints", _complaint(opened, as_of, chance.pick(_SUBJECTS), chance)


def refused(who: Profile, has: Account, as_of: datetime.date, chance: Chance) -> Told:
    """A request was refused, and nobody called again."""
    if who.kind != CUSTOMER or not chance.happens(0.12):
        return
    touches = [_date(each) for each in has["activities"]]
    touches += [cast("datetime.date", each["last_contact"]) for each in has["contacts"]]
    quiet = (as_of - max(touches, default=as_of)).days
    if quiet > 20:
        closed = as_of - datetime.timedelta(days=chance.whole(16, min(quiet - 1, 80)))
        opened = chance.before(closed, 1, 9)
        request = _complaint(opened, as_of, "other", chance)
        yield "complaints", {**request, "kind": "request", "closed": closed, "outcome": "refused"}


def time_wasted(who: Profile, has: Account, as_of: datetime.date, chance: Chance) -> Told:
    """The same person was met twice in vain."""
    if who.kind == CUSTOMER and chance.happens(0.06):
        recent = as_of - datetime.timedelta(days=85)
        met = [each for each in has["activities"] if each.get("contact") and _date(each) >= recent]
        one = chance.pick(met)["contact"] if met else None
        for each in [each for each in met if each["contact"] == one][-2:]:
            each["useful"] = False
    yield from ()


def late_again(who: Profile, has: Account, as_of: datetime.date, chance: Chance) -> Told:
    """The last two deliveries came late."""
    if who.kind == CUSTOMER and len(has["orders"]) > 3 and chance.happens(0.05):
        for each in sorted(has["orders"], key=_date)[-2:]:
            promised = cast("datetime.date", each["promised"])
            delivered = promised + datetime.timedelta(days=chance.whole(3, 15))
            each["delivered"] = delivered if delivered <= as_of else None
    yield from ()


def new_manager(who: Profile, has: Account, as_of: datetime.date, chance: Chance) -> Told:
    """Where our management neglects the top, nobody introduced the new account manager either."""
    if "executives_neglected" in who.troubles and chance.happens(0.6):
        for each in has["team"]:
            if each["role"] == "account_manager":
                each["since"] = chance.before(as_of, 66, 175)
    yield from ()


def supporter_just_gone(who: Profile, has: Account, as_of: datetime.date, chance: Chance) -> Told:
    """Some supporters left lately, and since then we have met nobody but the staff."""
    if "supporter_left" in who.troubles and chance.happens(0.6):
        for each in has["contacts"]:
            if each["left"]:
                each["last_contact"] = last = chance.before(as_of, 47, 65)
                for talk in has["activities"]:
                    if _date(talk) >= last:
                        talk.update(level="staff", our_level="manager", contact=None)
    yield from ()


def beaten_by_one(who: Profile, has: Account, as_of: datetime.date, chance: Chance) -> Told:  # noqa: ARG001
    """One rival won two deals in a row."""
    if who.kind == POOR or not chance.happens(0.03):
        return
    rival, last = chance.pick(RIVALS), chance.before(as_of, 5, 80)
    worth = max(8_000.0, (who.revenue or who.spend) * 0.15)
    for closed in (chance.before(last, 15, 100), last):
        opened = chance.before(closed, 40, 120)
        yield "opportunities", {
            "opened": opened, "offered": opened + datetime.timedelta(days=chance.whole(5, 30)),
            "expected": closed, "closed": closed, "stage": "lost",
            "amount": f"{round(worth * chance.between(0.4, 1.5), -2):.2f}", "kind": "new",
            "exclusive": False, "decider_met": chance.happens(0.7),
            "lost_because": chance.pick(("price", "product")), "lost_to": rival,
        }  # fmt: skip


def _complaint(opened: datetime.date, as_of: datetime.date, subject: str, chance: Chance) -> Row:
    """Return a complaint that costs the customer money, settled within days."""
    return {
        "opened": opened, "closed": min(opened + datetime.timedelta(days=chance.whole(3, 14)), as_of),
        "kind": "complaint", "severity": chance.whole(1, 2), "subject": subject,
        "first_answer": opened + datetime.timedelta(days=chance.whole(0, 1)), "outcome": "solved",
        "our_fault": chance.happens(0.5), "admitted": True,
    }  # fmt: skip


def _date(row: Row) -> datetime.date:
    return cast("datetime.date", row["date"])


STORIES: tuple[Callable[[Profile, Account, datetime.date, Chance], Told], ...] = (
    whom_we_met, same_complaint_again, complaint_before_survey, silence_after_complaint, refused,
    time_wasted, late_again, new_manager, supporter_just_gone, beaten_by_one,
)  # fmt: skip
