"""Actions in cooldown or excluded, however many there are and however long they cool down."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agreement.engines import by_polars, by_row, by_sql, compiled
from tests.strategies import Case
from tests.strategies.books import Past, TableData

AS_OF = datetime.date(2026, 6, 30)
HEAD = '[ruleset]\nname = "cooling"\nversion = "1"\n[role.seller]\n'
COOLDOWNS = st.lists(
    st.sampled_from([0, 1, 2, 7, 30, 365, 36_500]) | st.integers(0, 36_500), min_size=1, max_size=40
)


def ruleset(cooldowns: list[int], pairs: set[int]) -> str:
    """Return rules by which every action applies; one of `pairs` shuts out the one written before it."""
    actions = [
        f'[action.a{place}]\ntitle = "a"\nwhen = "true"\npriority = {90 - place}\nowner = "seller"\n'
        f'due_days = 1\nbecause = "so"\ncooldown_days = {cooldown}\n'
        + (f'excludes = ["a{place - 1}"]\n' if place in pairs else "")
        for place, cooldown in enumerate(cooldowns)
    ]
    return HEAD + "".join(actions)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
@pytest.mark.parametrize("engine", [by_row, by_sql, by_polars])
def test_what_was_proposed_within_the_cooldown_waits_until_it_is_over(engine, data):
    cooldowns = data.draw(COOLDOWNS)
    places = range(len(cooldowns))
    pairs = set(
        data.draw(st.lists(st.sampled_from([each for each in places if each] or [0]), max_size=4))
    )
    pairs -= {0} | {each - 1 for each in pairs}  # one that is shut out shuts nobody out
    days = {place: sorted(data.draw(st.lists(ago(cooldowns[place]), max_size=3)), reverse=True)
            for place in places}  # fmt: skip
    past = Past(
        proposals=[
            ("A", f"a{place}", AS_OF - datetime.timedelta(days=each))
            for place, some in days.items()
            for each in some
        ]
    )
    tables = {"accounts": TableData({"account_id": "text"}, [{"account_id": "A"}])}
    text = ruleset(cooldowns, pairs)
    case = Case(text, tables, AS_OF, past, len(cooldowns), "en")
    found = [
        (row["action"], row["status"], row["free_on"], row["excluded_by"])
        for row in engine(compiled(text), case)["actions"]
    ]
    proposed, held = [], []
    for place, cooldown in enumerate(cooldowns):
        last = min(days[place], default=cooldown)
        if place + 1 in pairs:
            held.append((f"a{place}", "excluded", None, f"a{place + 1}"))
        elif last < cooldown:
            free = AS_OF + datetime.timedelta(days=cooldown - last)
            held.append((f"a{place}", "cooldown", free, None))
        else:
            proposed.append((f"a{place}", "proposed", None, None))
    assert found == proposed + held


def ago(cooldown: int) -> st.SearchStrategy[int]:
    """Return days since a proposal, at and about the end of a cooldown more often than elsewhere."""
    ends = [each for each in (1, cooldown - 1, cooldown, cooldown + 1) if each > 0]
    return st.sampled_from(ends) | st.integers(1, 40_000)
