"""Many accounts one after another: what comes out, when, and what becomes of those that cannot be decided."""

from __future__ import annotations

import datetime
import gc
import itertools
import pickle
import weakref

import pytest

from kamrules import Cutoffs, DataError, decide, decide_many
from kamrules.decision import Decision, Earlier
from tests.engines.row.rulesets import AS_OF, FACTS, SMALL, compiled

PROGRAM = compiled()
RANKING = f"""{SMALL}
[fact.place]
type = "integer"
value = "rank(revenue)"
"""


def account(number, **changes):
    return FACTS | {"account_id": f"A{number}", "revenue": 100 * number} | changes


ACCOUNTS = [account(number) for number in range(1, 30)]


def test_each_account_is_decided_as_it_is_alone_in_the_order_given():
    found = list(decide_many(PROGRAM, ACCOUNTS, as_of=AS_OF, top=1))
    assert found == [decide(PROGRAM, each, as_of=AS_OF, top=1) for each in ACCOUNTS]
    assert len({each.class_ for each in found}) == 2


def test_what_was_decided_before_is_looked_up_by_account():
    earlier = {
        "A6": Earlier(class_="key", tier="vendor", proposed={"call": datetime.date(2026, 1, 30)}),
        "A7": Earlier(class_="prospect"),
    }
    found = {
        each.account_id: each
        for each in decide_many(PROGRAM, ACCOUNTS, as_of=AS_OF, earlier=earlier)
    }
    assert (found["A6"].class_, found["A6"].class_move) == ("key", "held")
    assert (found["A7"].class_, found["A7"].class_move) == ("ordinary", "up")
    assert found["A8"].class_move == "placed"
    assert found["A6"] == decide(PROGRAM, account(6), as_of=AS_OF, earlier=earlier["A6"])


def test_texts_come_in_the_language_asked_for():
    (found,) = decide_many(PROGRAM, [FACTS], as_of=AS_OF, language="zh")
    assert [each.title for each in found.actions] == ["拜访"]


def test_accounts_are_taken_only_as_decisions_are_asked_for():
    taken = []

    def given():
        for number in itertools.count(1):
            taken.append(number)
            yield account(number)

    found = decide_many(PROGRAM, given(), as_of=AS_OF)
    assert taken == []
    assert [each.account_id for each in itertools.islice(found, 3)] == ["A1", "A2", "A3"]
    assert taken == [1, 2, 3]


def test_decisions_that_nobody_keeps_are_gone_at_once_without_garbage():
    found = decide_many(PROGRAM, ACCOUNTS, as_of=AS_OF)
    gc.collect()
    gc.disable()
    try:
        first = next(found)
        assert first.actions
        gone = weakref.ref(first)
        del first
        assert gone() is None
    finally:
        gc.enable()


def test_an_account_that_cannot_be_decided_is_named_by_its_place_and_id():
    found = decide_many(PROGRAM, [account(1), account(2, margin="much", revenu=1)], as_of=AS_OF)
    assert next(found).account_id == "A1"
    with pytest.raises(DataError) as raised:
        next(found)
    assert [(each.code, each.address) for each in raised.value.diagnostics] == [
        ("KR601", "accounts[1].revenu"),
        ("KR602", "accounts[1].margin"),
    ]
    assert "account 2, `A2`: `margin` is a number, not the text `much`" in str(raised.value)
    assert "help: did you mean `revenue`?" in str(raised.value)
    assert list(found) == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"revenue": 5}, "account 2: `account_id` is missing"),
        (["A2"], "account 2: an account is an object, not a list"),
        (None, "account 2: an account is an object, not `None`"),
    ],
)
def test_accounts_that_cannot_be_decided_are_left_out_and_handed_over_when_asked(wrong, says):
    errors = []
    given = [account(1), wrong, account(3)]
    found = decide_many(PROGRAM, given, as_of=AS_OF, leave_out=errors.append)
    assert [each.account_id for each in found] == ["A1", "A3"]
    (error,) = errors
    assert isinstance(error, DataError)
    assert says in str(error)


def test_lenient_facts_take_what_does_not_fit_for_unknown():
    errors = []
    given = [account(1, margin="much"), {"revenue": 5}]
    (found,) = decide_many(PROGRAM, given, as_of=AS_OF, strict=False, leave_out=errors.append)
    assert found == decide(PROGRAM, account(1, margin=None), as_of=AS_OF)
    assert len(errors) == 1


def test_wrong_options_are_told_before_the_first_account():
    cutoffs = Cutoffs.of(compiled(RANKING), ACCOUNTS, as_of=AS_OF)
    with pytest.raises(DataError, match="cut-offs"):
        decide_many(PROGRAM, ACCOUNTS, as_of=AS_OF, cutoffs=cutoffs)
    with pytest.raises(ValueError, match="isoformat"):
        decide_many(PROGRAM, ACCOUNTS, as_of="31.01.2026")


def test_accounts_are_ranked_among_the_cut_offs_given():
    ranking = compiled(RANKING)
    cutoffs = Cutoffs.of(ranking, ACCOUNTS, as_of=AS_OF)
    found = decide_many(ranking, reversed(ACCOUNTS), as_of=AS_OF, cutoffs=cutoffs)
    assert [each.facts["place"] for each in found] == list(range(1, 30))


def test_decisions_of_many_go_to_other_processes_as_any():
    found = list(decide_many(PROGRAM, ACCOUNTS[:3], as_of=AS_OF))
    again = pickle.loads(pickle.dumps(found))
    assert again == found
    assert {type(each) for each in again} == {Decision}
