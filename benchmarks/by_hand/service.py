"""Facts about complaints, surveys, rivals, agreements and plans: by hand."""

from __future__ import annotations

from benchmarks.by_hand import parameters as p
from benchmarks.by_hand.spans import DAYS


def read_complaints(f, account, today):
    rows = account.get("complaints")
    f.open_complaints = f.severe_complaints = f.complaints_12m = None
    f.oldest_complaint = f.oldest_severe = f.complaint_settled = None
    if rows is None:
        return
    year = today - DAYS[365]
    still_open = severe = in_year = 0
    oldest = oldest_severe = settled = None
    for row in rows:
        opened, closed = row.get("opened"), row.get("closed")
        if opened is not None and year < opened <= today:
            in_year += 1
        if closed is not None and closed <= today:
            if settled is None or closed > settled:
                settled = closed
        elif opened is None or opened <= today:
            still_open += 1
            bad = (row.get("severity") or 0) >= 3
            severe += bad
            if opened is not None:
                if oldest is None or opened < oldest:
                    oldest = opened
                if bad and (oldest_severe is None or opened < oldest_severe):
                    oldest_severe = opened
    f.open_complaints, f.severe_complaints, f.complaints_12m = still_open, severe, in_year
    f.complaint_settled = settled
    if oldest is not None:
        f.oldest_complaint = (today - oldest).days
    if oldest_severe is not None:
        f.oldest_severe = (today - oldest_severe).days


def read_surveys(f, account, today):
    rows = account.get("surveys")
    f.surveys_known = rows is not None
    f.last_survey = f.satisfaction = f.satisfaction_before = None
    f.self_check = f.days_without_self_check = None
    if not rows:
        return
    answers, checks = [], []
    last = last_check = None
    for row in rows:
        date, kind, score = row.get("date"), row.get("kind"), row.get("score")
        if date is None or date > today:
            continue
        if kind == "satisfaction":
            if last is None or date > last:
                last = date
            if score is not None:
                answers.append((date, score))
        elif kind == "self_check":
            if last_check is None or date > last_check:
                last_check = date
            if score is not None:
                checks.append((date, score))
    f.last_survey = last
    if answers:
        f.satisfaction = max(answers)[1]
        earlier = [answer for answer in answers if answer[0] < last]
        if earlier:
            f.satisfaction_before = max(earlier)[1]
    if checks:
        f.self_check = max(checks)[1]
    if last_check is not None:
        f.days_without_self_check = (today - last_check).days


def read_competitors(f, account, today):
    rows = account.get("competitors")
    f.rivals_known = 0
    f.strongest_share = f.rival_preferred = f.days_without_rival_news = None
    if rows is not None:
        f.rivals_known = len(rows)
        f.rival_preferred = False
        seen = None
        for row in rows:
            share, date = row.get("share"), row.get("seen")
            if share is not None and (f.strongest_share is None or share > f.strongest_share):
                f.strongest_share = share
            if date is not None and (seen is None or date > seen):
                seen = date
            if row.get("preferred"):
                f.rival_preferred = True
        if seen is not None:
            f.days_without_rival_news = (today - seen).days
    f.waiting_is_wiser = (
        f.switching_cost == "high"
        and f.strongest_share is not None
        and f.strongest_share >= p.RIVAL_SHARE
    )


def read_agreements(f, account, today):
    rows = account.get("agreements")
    f.agreements_in_force = f.exclusive_field = f.allied = f.agreement_ends_in = None
    if rows is None:
        return
    f.agreements_in_force, f.exclusive_field, f.allied = 0, False, False
    ends = None
    for row in rows:
        start, until = row.get("from"), row.get("until")
        if until is not None:
            if until < today:
                continue
            if ends is None or until < ends:
                ends = until
        if start is not None and start > today:
            continue
        f.agreements_in_force += 1
        kind = row.get("kind")
        if kind == "alliance":
            f.allied = f.exclusive_field = True
        elif kind == "exclusive":
            f.exclusive_field = True
    if ends is not None:
        f.agreement_ends_in = (ends - today).days


def read_plans(f, account, today):
    rows = account.get("plans")
    f.plans_written = 0
    f.plan_age = f.vague_goals = f.overdue_steps = None
    f.plan_vision = f.plan_analysis = f.plan_benefits = f.plan_approved = None
    if not rows:
        return
    f.plans_written = len(rows)
    goals = smart = updated = None
    for row in sorted((row for row in rows if row.get("updated")), key=lambda row: row["updated"]):
        get = row.get
        if row["updated"] <= today:
            updated = row["updated"]
        goals = goals if get("goals") is None else get("goals")
        smart = smart if get("smart_goals") is None else get("smart_goals")
        for name, column in (
            ("overdue_steps", "overdue_actions"), ("plan_vision", "vision"),
            ("plan_analysis", "analysis"), ("plan_benefits", "benefits"),
            ("plan_approved", "approved"),
        ):  # fmt: skip
            value = get(column)
            if value is not None:
                setattr(f, name, value)
    if goals is not None and smart is not None:
        f.vague_goals = goals - smart
    if updated is not None:
        f.plan_age = (today - updated).days
