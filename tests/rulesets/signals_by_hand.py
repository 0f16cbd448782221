"""The signals of `kam` as a programmer would write them, for one account and without any engine: an oracle.

Each takes the account's tables as lists of dicts with dates in them and the date of the run, and returns the
days on which its pattern came about; the numbers are the parameters of `kam` as shipped.
"""

from __future__ import annotations

import datetime
from itertools import pairwise

MEMORY = 90
"""`trouble_memory`: so many days what went wrong counts."""


def day(number: int) -> datetime.timedelta:
    return datetime.timedelta(days=number)


def by_hand(account, today):
    """Return for each signal the day of its newest occurrence, None where there is none."""
    found = {}
    for signal, memory in SIGNALS:
        days = [each for each in signal(account, today) if each <= today]
        found[signal.__name__] = max(
            (each for each in days if memory is None or today <= each + day(memory)), default=None
        )
    return found


def unless(starts, answers, span):
    """Return the day after the span for each start that no answer follows within it."""
    return [
        start + day(span + 1)
        for start in starts
        if not any(start <= answer <= start + day(span) for answer in answers)
    ]


def near(dates, span):
    """Return each date that another one precedes, or falls together with, within the span."""
    return [later for one, later in pairwise(sorted(dates)) if later - one <= day(span)]


def apart(rows, key, date):
    """Return the dates of rows by their value, rows without either left out."""
    groups = {}
    for each in rows:
        if each.get(key) is not None and each.get(date) is not None:
            groups.setdefault(each[key], []).append(each[date])
    return groups.values()


def real(account):
    return [
        each
        for each in account["complaints"]
        if each.get("kind") != "request" and each.get("opened")
    ]


def talks(account, **wanted):
    """Return the dates of contacts that are, or may be, as wanted."""
    return [
        each["date"]
        for each in account["activities"]
        if each.get("date")
        and all(each.get(name) in {None, *some} for name, some in wanted.items())
    ]


def meetings(account):
    both = [
        each
        for each in account["activities"]
        if each.get("level") == "executive" and each.get("date")
    ]
    return [each["date"] for each in both if each.get("our_level") == "executive"]


def running(account, today):
    return [
        each
        for each in account["opportunities"]
        if each.get("stage") == "open" or (each.get("closed") and each["closed"] > today)
    ]


def severe_without_management(account, today):
    personally = {"visit", "call", "workshop", "review", "event", "presentation", "negotiation"}
    came = talks(account, our_level=["executive"], kind=personally)
    return unless(
        [each["opened"] for each in real(account) if (each.get("severity") or 0) >= 3], came, 7
    )


def complaint_repeated(account, today):
    told = [each for each in real(account) if each.get("subject") != "other"]
    return [each for dates in apart(told, "subject", "opened") for each in near(dates, 120)]


def satisfaction_after_complaint(account, today):
    asked = [
        each
        for each in account["surveys"]
        if each.get("kind") == "satisfaction" and each.get("topic") in {None, "overall"}
        and each.get("date") and each["date"] <= today
    ]  # fmt: skip
    last = max((each["date"] for each in asked), default=today)
    earlier = [
        (each["date"], each["score"]) for each in asked if each["date"] < last and "score" in each
    ]
    fell = [
        each["date"]
        for each in asked
        if each["date"] == last
        and earlier
        and "score" in each
        and max(earlier)[1] - each["score"] >= 10
    ]
    opened = [each["opened"] for each in real(account)]
    return [date for date in fell if any(date - day(120) <= each <= date for each in opened)]


def orders_stopped(account, today):
    all_of_them = [each["date"] for each in account["orders"] if each.get("date")]
    dates = sorted(each for each in all_of_them if each <= today)
    # the usual interval is that between the first and the last order, in whole days
    if len(dates) < 2 or 2 * int((dates[-1] - min(all_of_them)).days / (len(dates) - 1) + 0.5) > 90:
        return []
    return unless(
        [each["opened"] for each in real(account) if each["opened"] >= dates[-1]], all_of_them, 90
    )


def left_with_a_no(account, today):
    refused = [each for each in account["complaints"] if each.get("outcome") == "refused"]
    return unless(
        [each["closed"] for each in refused if each.get("closed")],
        talks(account, answered=[True]),
        14,
    )


def late_in_a_row(account, today):
    promised = [each for each in account["orders"] if each.get("promised")]
    punctual = [
        each["promised"]
        for each in promised
        if each.get("delivered") and each["delivered"] <= min(each["promised"], today)
    ]
    late = [
        each["promised"]
        for each in promised
        if each["promised"] < today
        and (each.get("delivered") is None or each["delivered"] > each["promised"])
        and (not punctual or each["promised"] > max(punctual))
    ]
    return near(late, 120)


def project_not_assessed(account, today):
    ended = [
        each["finished"]
        for each in account["projects"]
        if each.get("finished") and not each.get("stopped")
    ]
    asked = [
        each["date"]
        for each in account["surveys"]
        if each.get("kind") == "satisfaction" and each.get("date")
    ]
    return unless(ended, asked, 60)


def time_wasted_again(account, today):
    wasted = [each for each in account["activities"] if each.get("useful") is False]
    return [each for dates in apart(wasted, "contact", "date") for each in near(dates, 120)]


def managements_apart(account, today):
    met = [each for each in meetings(account) if each <= today]
    again = [
        each["date"]
        for each in account["activities"]
        if each.get("level") == "executive" and each.get("our_level") in {None, "executive"}
        and each.get("date") and met and each["date"] > max(met)
    ]  # fmt: skip
    return unless({max(met)} if met else (), again, 180)


def manager_not_introduced(account, today):
    begun = [
        each["since"]
        for each in account["team"]
        if each.get("role") == "account_manager"
        and each.get("since")
        and each.get("until", today) >= today
    ]
    return unless(begun, talks(account, level=["executive"]), 60)


def supporter_not_followed(account, today):
    gone = [
        each
        for each in account["contacts"]
        if each.get("left") and each.get("stance") == "supporter" and each.get("last_contact")
        and each["last_contact"] > today - day(365)
    ]  # fmt: skip
    name = max(((each["last_contact"], each["name"]) for each in gone), default=(None, None))[1]
    found = []
    for each in gone:
        others = [
            talk["date"]
            for talk in account["activities"]
            if talk.get("date") and talk.get("level") == each.get("level") is not None
            and talk.get("contact") != name
        ]  # fmt: skip
        found += unless([each["last_contact"]], others, 45)
    return found


def deal_after_meeting(account, today):
    met = meetings(account)
    opened = [each["opened"] for each in running(account, today) if each.get("opened")]
    return [each for each in opened if any(each - day(45) <= date <= each for date in met)]


def offer_in_silence(account, today):
    offered = [each["offered"] for each in running(account, today) if each.get("offered")]
    return unless(
        [each for each in offered if each > today - day(365)], talks(account, answered=[True]), 21
    )


def beaten_again(account, today):
    lost = [each for each in account["opportunities"] if each.get("stage") == "lost"]
    return [each for dates in apart(lost, "lost_to", "closed") for each in near(dates, 120)]


def rival_unanswered(account, today):
    known = [each for each in account["competitors"] if each.get("name")]
    dated = sorted(
        (each for each in known if each.get("seen")), key=lambda each: (each["seen"], each["name"])
    )
    shares = [each["share"] for each in account["competitors"] if each.get("share") is not None]
    preferred = [each for each in dated if each.get("preferred")]
    largest = [each for each in dated if shares and each.get("share") == max(shares)]
    watched = (preferred or largest or dated or [{}])[-1].get("name")
    seen = [
        each["seen"]
        for each in dated
        if each["name"] == watched and (each.get("trend") == "gaining" or each.get("preferred"))
    ]
    return unless(seen, talks(account, level=["executive", "manager"], answered=[True]), 30)


SIGNALS = (
    (severe_without_management, MEMORY), (complaint_repeated, MEMORY), (satisfaction_after_complaint, MEMORY),
    (orders_stopped, None), (left_with_a_no, MEMORY), (late_in_a_row, None), (project_not_assessed, MEMORY),
    (time_wasted_again, MEMORY), (managements_apart, None), (manager_not_introduced, 180),
    (supporter_not_followed, None), (deal_after_meeting, None), (offer_in_silence, None),
    (beaten_again, MEMORY), (rival_unanswered, MEMORY),
)  # fmt: skip
"""Each signal with the days for which it lasts."""
