"""Facts about people and contacts with them: by hand."""

from __future__ import annotations

from benchmarks.by_hand import parameters as p
from benchmarks.by_hand.spans import DAYS


def read_contacts(f, account, today):
    rows = account.get("contacts")
    f.contacts_known = f.deciders = 0
    f.live_contacts = f.executive_contacts = f.executives_matched = None
    f.deciding_supporters = f.users_known = f.important_contacts = None
    f.important_matched = f.important_supporters = f.opponents = f.stances_unknown = (
        f.our_people
    ) = None
    f.departed_supporter = f.neglected_decider = False
    f.neglected_for = f.last_spoken = f.last_spoken_top = None
    if rows is None:
        return
    live, gone = today - DAYS[p.LIVE_WITHIN], today - DAYS[p.DEPARTURE_MEMORY]
    neglected = today - DAYS[p.DECIDER_RHYTHM]
    known = in_touch = executives = matched = deciders = deciding = users = 0
    important = important_matched = supporters = opponents = unclear = 0
    spoken = spoken_top = decider_spoken = None
    ours = set()
    for row in rows:
        get = row.get
        date, stance = get("last_contact"), get("stance")
        top = get("level") == "executive"
        if date is not None:
            if spoken is None or date > spoken:
                spoken = date
            if top and (spoken_top is None or date > spoken_top):
                spoken_top = date
        if get("left"):
            if (
                stance == "supporter"
                and date is not None
                and date > gone
                and get("name") is not None
            ):
                f.departed_supporter = True
            continue
        role, counterpart = get("role"), get("counterpart")
        known += 1
        if date is not None and date > live:
            in_touch += 1
        if counterpart is not None:
            ours.add(counterpart)
        if top:
            executives += 1
            matched += counterpart is not None
        decides = role == "decision_maker"
        if decides:
            deciders += 1
            deciding += stance == "supporter"
            if date is not None:
                if decider_spoken is None or date < decider_spoken:
                    decider_spoken = date
                if date <= neglected and get("name") is not None:
                    f.neglected_decider = True
        elif role == "user":
            users += 1
        if (top or decides) and stance is None:
            unclear += 1
        if top or decides or (get("influence") or 0) >= p.IMPORTANT_INFLUENCE:
            important += 1
            important_matched += counterpart is not None
            if stance == "supporter":
                supporters += 1
            elif stance == "opponent":
                opponents += 1
    f.contacts_known, f.live_contacts, f.deciders, f.deciding_supporters = (
        known,
        in_touch,
        deciders,
        deciding,
    )
    f.executive_contacts, f.executives_matched, f.users_known = executives, matched, users
    f.important_contacts, f.important_matched = important, important_matched
    f.important_supporters, f.opponents, f.stances_unknown = supporters, opponents, unclear
    f.our_people, f.last_spoken, f.last_spoken_top = len(ours), spoken, spoken_top
    if decider_spoken is not None:
        f.neglected_for = (today - decider_spoken).days


def read_activities(f, account, today):
    rows = account.get("activities")
    f.touches_90d = f.touches_before = f.days_without_review = None
    f.contact_cooling = False
    touched, touched_top = f.last_spoken, f.last_spoken_top
    if rows is not None:
        quarter, half = today - DAYS[90], today - DAYS[180]
        now = before = 0
        review = None
        for row in rows:
            date = row.get("date")
            if date is None or date > today:
                continue
            if date > quarter:
                now += 1
            elif date > half:
                before += 1
            if touched is None or date > touched:
                touched = date
            if row.get("level") == "executive" and (touched_top is None or date > touched_top):
                touched_top = date
            if row.get("kind") == "review" and (review is None or date > review):
                review = date
        f.touches_90d, f.touches_before = now, before
        f.contact_cooling = before >= p.COOLING_BASE and now <= p.COOLING * before
        if review is not None:
            f.days_without_review = (today - review).days
    f.last_touch = touched
    f.days_without_contact = None if touched is None else (today - touched).days
    f.days_without_executive = None if touched_top is None else (today - touched_top).days
