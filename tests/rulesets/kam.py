"""The ruleset `kam` compiled once, its example accounts, and short ways to decide with it."""

from __future__ import annotations

import datetime
from functools import cache
from typing import Any

from kamrules import Earlier, compile_ruleset, load_ruleset
from kamrules.engines.row import decide

AS_OF = datetime.date(2026, 6, 30)


@cache
def kam():
    return compile_ruleset(load_ruleset("kam"))


def persona(name: str) -> dict[str, Any]:
    """Return the facts of an example account of the ruleset, with those that it takes over."""
    known = load_ruleset("kam").model.persona
    facts: dict[str, Any] = {}
    while name:
        facts = {**known[name].facts, **facts}
        name = known[name].extends or ""
    return {"account_id": "A", **facts}


def decided(facts: dict[str, Any], *, as_of=AS_OF, before=None, **options):
    """Decide an account; `before` is the decision of the run before."""
    earlier = before and Earlier(
        class_=before.class_,
        tier=before.tier,
        proposed={each.id: before.as_of for each in before.actions},
    )
    return decide(kam(), facts, as_of=as_of, earlier=earlier, **options)


def days_ago(days: int) -> datetime.date:
    return AS_OF - datetime.timedelta(days=days)


def order(amount: float, ago: int, **more) -> dict[str, Any]:
    return {"date": days_ago(ago), "amount": amount, "margin": amount * 0.3, **more}
