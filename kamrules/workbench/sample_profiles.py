"""Who the companies of the sample book are: size, standing with us, and what is going on there.

Everything the tables later show is drawn from a Profile, so that they tell one story: a customer whose
people favour us also orders without other offers, one whom a rival courts also buys less.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from kamrules.workbench.sample_names import COUNTRIES, INDUSTRIES, OUR_PEOPLE, Country

if TYPE_CHECKING:
    from kamrules.workbench.sample_chance import Chance

CUSTOMER, FORMER, PROSPECT, POOR = "customer", "former", "prospect", "poor"
_KINDS = ((CUSTOMER, 0.52), (FORMER, 0.05), (PROSPECT, 0.31), (POOR, 0.12))

_PERIOD = 500
"""The book's mix of large and small repeats after that many accounts, so a longer book has the same."""

_TROUBLES = (
    # what goes on, how often among customers, how often among the others
    ("complaint_severe", 0.035, 0),
    ("complaint_old", 0.05, 0),
    ("complaint_new", 0.05, 0),
    ("complaint_settled", 0.07, 0),
    ("complaints_many", 0.03, 0),
    ("rival_preferred", 0.06, 0.1),
    ("falling", 0.12, 0),
    ("rising", 0.16, 0),
    ("cooling", 0.06, 0),
    ("supporter_left", 0.05, 0),
    ("single_contact", 0.09, 0),
    ("order_late", 0.07, 0),
    ("deal_stalled", 0.1, 0.12),
    ("deal_dead", 0.04, 0.06),
    ("deal_deciding", 0.09, 0.13),
    ("deal_lost", 0.06, 0.05),
    ("deal_large", 0.05, 0.04),
    ("new_customer", 0.05, 0),
    ("asleep", 0.05, 0),
    ("credit_hold", 0.035, 0.03),
    ("agreement_ends", 0.06, 0),
    ("no_manager", 0.06, 0.4),
    ("satisfaction_fell", 0.07, 0),
    ("discontent", 0.05, 0),
    ("complacent", 0.05, 0),
    ("thin_margin", 0.09, 0),
    ("opponent", 0.07, 0.03),
    ("plan_stale", 0.12, 0),
    ("plan_draft", 0.22, 0),
    ("self_check_bad", 0.09, 0),
    ("decider_neglected", 0.12, 0.2),
    ("executives_neglected", 0.14, 0),
    ("stances_open", 0.12, 0),
    ("one_person", 0.12, 0),
    ("large_elsewhere", 0, 0.08),
    ("locked_in", 0.04, 0.2),
    ("visited_in_vain", 0, 0.25),
    ("poorly_known", 0.1, 0.35),
)


class Profile(NamedTuple):
    """A company as it is, known to us or not. Money in the book's currency, a year."""

    account_id: str
    name: str
    country: Country
    industry: str
    kind: str
    rank: float  # place by size among the customers (1 is the largest), as in a book of 500
    revenue: float  # what it buys from us; 0 for those who never did
    trend: float  # growth of that from year to year
    margin: float
    spend: float  # what it buys of our kind of product from all suppliers
    potential: float
    size: float  # its own revenue
    years: float  # how long it has been a customer
    tier: int  # how close the relation is, 1 to 4; 0 when there is none
    known: float  # how likely it is that we know a thing about it
    care: float  # how well we look after it, 0 to 1
    manager: str | None
    troubles: frozenset[str]


def profiles(count: int, chance: Chance) -> list[Profile]:
    """Return the companies of a book, in the order of their ids."""
    kinds = _spread([(kind, share) for kind, share in _KINDS], count)
    customers = kinds.count(CUSTOMER)
    ranks = chance.shuffled([(each + 0.5) / customers for each in range(customers)])
    taken: set[str] = set()
    found = []
    for number, kind in enumerate(chance.shuffled(kinds)):
        rank = 1 + (ranks.pop() * 0.52 * _PERIOD if kind == CUSTOMER else chance.between(5, 260))
        found.append(_profile(number + 1, kind, rank, taken, chance))
    return found


def _spread(shares: list[tuple[str, float]], count: int) -> list[str]:
    """Return that many kinds in their shares, what rounding leaves over as the first."""
    rest = [kind for kind, share in shares[1:] for _ in range(int(share * count + 0.5))][:count]
    return [shares[0][0]] * (count - len(rest)) + rest


def _profile(number: int, kind: str, rank: float, taken: set[str], chance: Chance) -> Profile:
    country = chance.weighted([(each, each.weight) for each in COUNTRIES])
    industry = chance.pick(INDUSTRIES)
    customer = kind == CUSTOMER
    troubles = _troubles(customer, chance)
    revenue = _revenue(kind, rank, chance)
    share = chance.between(0.12, 0.85) if customer else 1.0
    worth = revenue if customer else _pareto(rank) * chance.between(0.3, 1.6)
    if kind == POOR:
        worth = 4_000_000 if "large_elsewhere" in troubles else worth * 0.06
    spend = worth / share
    tier = _tier(rank, troubles, chance) if customer else 0
    important = customer and rank < 50
    return Profile(
        account_id=f"C-{number:05d}",
        name=_company(country, industry, taken, chance),
        country=country,
        industry=industry,
        kind=kind,
        rank=rank,
        revenue=revenue,
        trend=_trend(troubles, chance),
        margin=chance.between(0.05, 0.13) if "thin_margin" in troubles else chance.between(0.17, 0.44),
        spend=spend,
        potential=spend * chance.between(0.7, 1.5),
        size=worth * math.exp(chance.between(2.5, 6.5)),
        years=chance.between(0.1, 0.45) if "new_customer" in troubles else chance.between(1.2, 12),
        tier=tier,
        known=_known(tier, troubles, important=important, chance=chance),
        care=chance.between(0.55, 1) if important or tier > 2 else chance.between(0.1, 0.8),
        manager=None if "no_manager" in troubles else chance.pick(OUR_PEOPLE),
        troubles=troubles,
    )  # fmt: skip


def _troubles(customer: bool, chance: Chance) -> frozenset[str]:  # noqa: FBT001
    return frozenset([
        name for name, ours, others in _TROUBLES if chance.happens(ours if customer else others)
    ])  # fmt: skip


def _pareto(rank: float) -> float:
    """Return the yearly revenue of the customer at that place: a few large ones carry the book."""
    return 40_000_000 / math.pow(rank + 3, 1.12)


def _revenue(kind: str, rank: float, chance: Chance) -> float:
    if kind == FORMER:
        return _pareto(rank + 60) * chance.between(0.3, 1)
    if kind != CUSTOMER:
        return 0
    noise = chance.between(0.85, 1.15)
    if rank > 100:
        noise = chance.between(0.02, 0.1) if chance.happens(0.12) else chance.between(0.3, 1.3)
    return _pareto(rank) * noise


def _trend(troubles: frozenset[str], chance: Chance) -> float:
    if "falling" in troubles or "rival_preferred" in troubles:
        return chance.between(-0.45, -0.18)
    if "rising" in troubles:
        return chance.between(0.28, 0.8)
    return chance.between(-0.1, 0.16)


def _tier(rank: float, troubles: frozenset[str], chance: Chance) -> int:
    """Return how close the relation with a customer is: closer ones among the large."""
    if "new_customer" in troubles or "poorly_known" in troubles:
        return 1
    likely = (
        ((4, 0.17), (3, 0.28), (2, 0.35), (1, 0.2))
        if rank < 50
        else ((3, 0.03), (2, 0.27), (1, 0.7))
    )
    return chance.weighted(likely)


def _known(tier: int, troubles: frozenset[str], *, important: bool, chance: Chance) -> float:
    if "poorly_known" in troubles:
        return chance.between(0.02, 0.25)
    return min(0.98, chance.between(0.35, 0.75) + 0.1 * tier + (0.1 if important else 0))


def _company(country: Country, industry: str, taken: set[str], chance: Chance) -> str:
    """Return a company's name that is not taken yet."""
    trade = country.trades[INDUSTRIES.index(industry)]
    for _ in range(20):
        name = country.pattern.format(
            stem=chance.pick(country.stems), trade=trade, form=chance.pick(country.forms)
        )
        if name not in taken:
            taken.add(name)
            return name
    number = 2
    while f"{name} {number}" in taken:
        number += 1
    taken.add(f"{name} {number}")
    return f"{name} {number}"


def person(country: Country, chance: Chance) -> str:
    """Return a person's name."""
    return country.person.format(
        given=chance.pick(country.given), family=chance.pick(country.family)
    )
