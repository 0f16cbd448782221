"""Deliveries to a running BottleCRM that cannot be made, or break off: what is told, and what is left."""

from __future__ import annotations

import pytest
from by_hand import NOWHERE, fields_of
from kamrules import DataError, UsageError
from meddling import Told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"fields": ["clas"]}, r"KR728.*names `clas`(.|\n)*did you mean `class`\?"),
        (
            {"owners": {"finance": "nobody@example.com"}},
            "KR728.*`nobody@example.com`, who is no active user",
        ),
        ({"prefix": "Kam "}, "KR633.*lower case"),
        ({"withdrawn": "delete"}, 'KR633.*has to be "close" or "leave"'),
        ({"owner": {}}, r"KR632(.|\n)*did you mean `owners`\?"),
        ({"owners": ["finance"]}, "KR633.*e-mail addresses by role"),
        ({"fields": []}, "KR633.*list of columns"),
    ],
)
def test_wrong_options_are_told_and_nothing_is_written(deciding, one, meddler, options, told):
    deciding.options = options
    deciding.decide(one)
    deciding.advise(one, "call_them")
    with pytest.raises(DataError, match=told):
        deciding.deliver()
    assert [each for each in meddler.writes() if each.body] == []


@pytest.mark.parametrize("mode", ["append", "create"])
def test_modes_that_a_crm_does_not_know_are_refused(deciding, mode):
    with pytest.raises(UsageError, match=f"KR728.*mode `{mode}`"):
        deciding.opened(mode)


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ({"field_type": "number"}, "is of type number, where text is wanted"),
        (
            {"field_type": "dropdown", "options": [{"value": "gold", "label": "Gold"}]},
            "does not offer `key`",
        ),
        ({"field_type": "text", "is_active": False}, "is switched off"),
    ],
)
def test_a_field_that_cannot_hold_the_class_is_told_before_anything_is_written(
    deciding, crm, one, meddler, field, told
):
    crm.post(
        "/api/custom-fields/",
        {"target_model": "Account", "key": "kam_class", "label": "Class", **field},
    )
    if field.get("is_active") is False:
        crm.bottle.run(
            "UPDATE custom_field_definition SET is_active = false WHERE key = 'kam_class'"
        )
    deciding.decide(one)
    deciding.advise(one, "call_them")
    with pytest.raises(DataError, match=f"KR725.*`kam_class` of accounts in BottleCRM {told}"):
        deciding.deliver()
    assert fields_of(crm, one) == {}
    assert crm.tasks() == []


def test_a_choice_that_a_field_offers_is_taken(deciding, crm, one):
    options = [{"value": "key", "label": "Key account"}]
    field = {
        "target_model": "Account",
        "key": "kam_class",
        "label": "Class",
        "field_type": "dropdown",
    }
    crm.post("/api/custom-fields/", {**field, "options": options})
    deciding.decide(one)
    deciding.deliver()
    assert fields_of(crm, one)["kam_class"] == "key"


def test_a_book_of_another_system_is_told(deciding, meddler):
    deciding.decide("C-00415")
    deciding.decide(NOWHERE)
    with pytest.raises(DataError, match=r"KR726.*none of the 2 accounts(.|\n)*BottleCRM's own"):
        deciding.deliver()
    assert [each for each in meddler.writes() if each.body] == []


def test_accounts_that_are_not_there_are_counted(deciding, one):
    deciding.decide(one)
    deciding.decide(NOWHERE)
    told = deciding.deliver()
    assert told["accounts not there"] == 1
    assert told["accounts changed"] == 1


def test_an_account_that_goes_between_reading_and_writing_is_passed_over(deciding, crm, one):
    gone = crm.post("/api/accounts/", {"name": "Here today"})["id"]
    deciding.decide(gone)
    deciding.decide(one)
    delivery = deciding.opened()
    try:
        delivery.stage(deciding.tables(), deciding.connection)
        crm.delete(f"/api/accounts/{gone}/")
        delivery.commit()
    finally:
        delivery.abandon()
    assert fields_of(crm, one)["kam_class"] == "key"


@pytest.mark.parametrize("path", ["/api/accounts/", "/api/tasks/", "/api/custom-fields/"])
def test_a_permission_that_lacks_is_told_before_anything_is_written(
    deciding, crm, one, meddler, path
):
    deciding.decide(one)
    deciding.advise(one, "call_them")
    refusal = Told(403, '{"detail": "You do not have permission to perform this action."}')
    meddler.instead = lambda asked: (
        refusal if asked.method != "GET" and asked.path.startswith(path) else None
    )
    with pytest.raises(DataError, match=f"KR720.*`{path}"):
        deciding.deliver()
    meddler.instead = lambda _: None
    assert fields_of(crm, one) == {}
    assert crm.get("/api/custom-fields/")["definitions"] == []


def test_a_rate_limit_while_writing_is_waited_for_and_no_task_is_made_twice(
    deciding, crm, one, monkeypatch, meddler
):
    waited = []
    monkeypatch.setattr("kamrules_bottlecrm.client.time.sleep", waited.append)
    deciding.decide(one)
    deciding.advise(one, "call_them")
    limit = [Told(429, headers={"retry-after": "2"})]
    meddler.instead = lambda asked: (
        limit.pop()
        if limit and asked.method == "POST" and asked.path == "/api/tasks/" and asked.body
        else None
    )
    deciding.deliver()
    assert len(crm.tasks()) == 1


def test_a_task_whose_answer_is_lost_is_not_made_twice(deciding, crm, one, meddler):
    deciding.decide(one)
    deciding.advise(one, "call_them")
    meddler.instead = lambda asked: (
        "cut" if asked.method == "POST" and asked.path == "/api/tasks/" and asked.body else None
    )
    with pytest.raises(
        DataError, match=r"KR721(.|\n)*KR727.*6 of 7 changes were written(.|\n)*run again"
    ):
        deciding.deliver()
    meddler.instead = lambda _: None
    assert len(crm.tasks()) == 1
    assert deciding.deliver()["tasks made"] == 0
    assert len(crm.tasks()) == 1


def test_a_task_that_may_have_been_made_is_not_sent_again_by_the_same_run(
    deciding, crm, one, meddler
):
    deciding.decide(one)
    deciding.advise(one, "call_them")
    meddler.instead = lambda asked: (
        Told(502) if asked.method == "POST" and asked.path == "/api/tasks/" and asked.body else None
    )
    with pytest.raises(DataError, match=r"KR721.*502, after 1 try(.|\n)*KR727"):
        deciding.deliver()
    sent = [each for each in meddler.writes() if each.path == "/api/tasks/" and each.body]
    assert len(sent) == 1
