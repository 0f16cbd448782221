"""A decision's parts are put into words when they are asked for; nobody can tell from outside."""

from __future__ import annotations

import copy
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from kamrules import decide, explain
from kamrules.decision import Decision, Explanation
from kamrules.engines.row import telling
from tests.engines.row.rulesets import AS_OF, FACTS, compiled

PROGRAM = compiled()


def fresh(**changes):
    """Return a decision of which nothing was asked yet."""
    return decide(PROGRAM, FACTS | changes, as_of=AS_OF)


@pytest.fixture(scope="module")
def plain():
    """Return the decision as a plain model, each field taken on its own and checked by pydantic."""
    found = fresh()
    return Decision(**{name: getattr(found, name) for name in Decision.model_fields})


class Holder(BaseModel):
    """A model of somebody's own with a decision in it."""

    decision: Decision
    maybe: Decision | None = None


WHOLE = {
    "model_dump": lambda one: one.model_dump(),
    "json": lambda one: one.model_dump_json(by_alias=True),
    "some of it": lambda one: one.model_dump(include={"actions", "class_"}),
    "within another model": lambda one: Holder(decision=one, maybe=one).model_dump_json(),
    "in a list": lambda one: TypeAdapter(list[Decision]).dump_json([one]),
    "validated": lambda one: Decision.model_validate(one).model_dump_json(),
    "fields": list,
    "vars": vars,
    "repr": repr,
    "str": str,
    "copy": lambda one: copy.copy(one).model_dump_json(),
    "deep copy": lambda one: copy.deepcopy(one).model_dump_json(),
    "model_copy": lambda one: one.model_copy(update={"name": "Other"}).model_dump_json(),
    "pickle": lambda one: pickle.loads(pickle.dumps(one)).model_dump_json(),
    "set fields": lambda one: one.model_fields_set,
}


@pytest.mark.parametrize("way", WHOLE)
@pytest.mark.parametrize("asked", ["nothing", "actions"])
def test_whoever_asks_for_the_whole_gets_it_in_the_order_of_the_fields(plain, way, asked):
    one = fresh()
    if asked != "nothing":
        assert getattr(one, asked)
    assert WHOLE[way](one) == WHOLE[way](plain)


def test_two_decisions_are_equal_when_all_their_parts_are(plain):
    assert fresh() == fresh()
    assert fresh() == plain
    assert plain == fresh()
    assert fresh() != fresh(revenue=2_001)
    assert fresh() != fresh(account_id="A2")
    assert not fresh() == "A1"  # noqa: SIM201  what a decision itself says of another thing


def test_a_decision_is_read_only_and_not_hashable():
    one = fresh()
    with pytest.raises(ValidationError, match="frozen"):
        one.tier = "partner"
    with pytest.raises(ValidationError, match="frozen"):
        del one.tier
    with pytest.raises(TypeError, match="unhashable"):
        hash(fresh())


def test_a_name_that_is_no_field_is_told_as_of_any_decision():
    with pytest.raises(AttributeError, match="'Decision' object has no attribute 'klass'"):
        _ = fresh().klass
    assert not hasattr(fresh(), "__array__")


def test_a_part_is_made_when_it_is_asked_for_and_then_kept(monkeypatch):
    made = []
    known = telling.Telling._part

    def noted(self, one, top, name):
        made.append(name)
        return known(self, one, top, name)

    monkeypatch.setattr(telling.Telling, "_part", noted)
    one = fresh()
    assert (one.class_, one.tier, one.proposed) == ("key", "partner", 1)
    assert made == []
    assert one.actions is one.actions
    assert made == ["actions"]
    one.model_dump()
    assert one.actions is one.actions
    assert sorted(made) == sorted(set(made))


def test_what_the_caller_changes_afterwards_does_not_change_the_decision(plain):
    facts = FACTS | {"orders": [dict(each) for each in FACTS["orders"]]}
    one = decide(PROGRAM, facts, as_of=AS_OF)
    facts["revenue"] = 1
    facts["name"] = "Other"
    facts["orders"].clear()
    assert one == plain


def test_a_decision_matches_patterns_and_classes(plain):
    match fresh():
        case Decision(class_="key", actions=(first, *_)):
            assert first == plain.actions[0]
        case _:
            pytest.fail("a decision is no Decision")


def test_an_explanation_holds_its_decision_whole(plain):
    told = explain(PROGRAM, FACTS, as_of=AS_OF)
    assert Explanation.model_validate_json(told.model_dump_json()).decision == plain


def test_threads_that_ask_one_decision_at_once_get_the_same(plain):
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(40):
            one, start = fresh(), threading.Barrier(6)

            def asked(number, one=one, start=start):
                start.wait(60)
                if number % 3 == 0:
                    return one.model_dump_json()
                if number % 3 == 1:
                    return one.actions, one.gates, one.facts, one.scores
                return one.gaps

            with ThreadPoolExecutor(6) as pool:
                found = list(pool.map(asked, range(6)))
            assert found[0] == found[3] == plain.model_dump_json()
            parts = (plain.actions, plain.gates, plain.facts, plain.scores)
            assert found[1] == found[4] == parts
            assert found[2] == found[5] == plain.gaps
    finally:
        sys.setswitchinterval(before)
