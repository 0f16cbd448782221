"""Which actions fire for a prospect or an unattractive account: by hand."""

from __future__ import annotations

from benchmarks.by_hand import parameters as p


def for_prospect(f, stakes, found):
    silence, deals = f.days_without_contact, f.open_deals
    waiting, in_hand = f.waiting_is_wiser, deals is not None and deals >= 1
    open_to_us = f.switching_cost in ("low", "medium") and f.deciders >= 1 and not in_hand
    if open_to_us and f.strongest_share is not None and f.strongest_share >= p.RIVAL_SHARE:
        found["offer_pilot"] = 34 + 0.4 * stakes
    if f.bought:
        found["win_back"] = 34 + 0.4 * stakes
    if f.business_potential is None:
        found["qualify_prospect"] = 22 + 0.3 * stakes
    if f.deciders == 0:
        found["find_decision_maker"] = 28 + 0.4 * stakes
    elif not waiting:
        if (silence is None or silence > p.PROSPECT_RHYTHM) and not in_hand:
            found["meet_decision_maker"] = 30 + 0.4 * stakes
        if silence is not None and silence <= p.PROSPECT_RHYTHM and deals == 0:
            found["offer_first_deal"] = 36 + 0.4 * stakes
    if in_hand and f.next_decision is not None and f.next_decision <= p.DECIDING_SOON:
        found["close_first_deal"] = 46 + 0.4 * stakes
    if waiting and (silence is None or silence > p.WAITING_RHYTHM):
        found["keep_warm"] = 14 + 0.3 * stakes
    if f.profile_holes >= 2:
        found["complete_profile"] = 8 + 0.25 * stakes
    if f.buying_process is None and in_hand:
        found["learn_buying_process"] = 22 + 0.35 * stakes
    if silence is not None and silence > p.PROSPECT_RHYTHM and not waiting:
        found["keep_rhythm"] = 16 + 0.35 * stakes + 4 * min(silence / p.PROSPECT_RHYTHM, 4)


def for_unattractive(f, stakes, found):
    touches = f.touches_90d
    if touches is not None and touches >= p.WASTED_CONTACTS:
        found["stop_visiting"] = 28 + 5 * min(touches, 6)
    if f.buying:
        found["serve_from_catalogue"] = 18
    if (
        f.business_potential is not None
        and f.business_potential >= p.GREAT_POTENTIAL
        and not f.credit_hold
    ):
        found["test_great_potential"] = 30 + 0.3 * stakes
