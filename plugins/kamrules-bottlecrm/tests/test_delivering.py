"""What a delivery does in a running BottleCRM, and what it leaves alone."""

from __future__ import annotations

from by_hand import DUE, fields_of

from kamrules_bottlecrm.tasks import WITHDRAWN


def by_action(crm):
    return {each["custom_fields"]["kam_action"]: each for each in crm.tasks()}


def test_an_account_gets_its_class_tier_and_scores_and_its_action_as_a_task(deciding, crm, one):
    deciding.decide(one)
    deciding.advise(one, "call_them", priority=75.0, title="Call them")
    told = deciding.deliver()
    assert told == {"accounts changed": 1, "tasks made": 1, "tasks closed": 0, "fields made": 5}
    assert fields_of(crm, one) == {
        "kam_class": "key",
        "kam_tier": "partner",
        "kam_attractiveness": 71.25,
    }
    (task,) = crm.tasks()
    assert task["title"] == "Call them"
    assert (task["status"], task["priority"], task["due_date"]) == ("New", "High", str(DUE))
    assert task["account"]["id"] == one
    assert "Because of call_them." in task["description"]
    assert "finance" in task["description"]
    account = crm.accounts()["Sapling Academy"]
    assert {each["id"] for each in task["assigned_to"]} == {
        each["id"] for each in account["assigned_to"]
    }


def test_only_what_differs_is_written(deciding, crm, meddler):
    names = crm.accounts()
    for each in names.values():
        deciding.decide(each["id"], "ordinary", None, 40.0)
    assert deciding.deliver()["accounts changed"] == len(names)
    start = len(meddler.seen)
    assert deciding.deliver() == {"accounts changed": 0, "tasks made": 0, "tasks closed": 0}
    assert [each.method for each in meddler.seen[start:]].count("PATCH") == 0
    changed = names["Sapling Academy"]["id"]
    deciding.decide(changed, "ordinary", None, 41.5)
    assert deciding.deliver()["accounts changed"] == 1
    (patch,) = [each for each in meddler.seen if each.path.endswith(f"{changed}/")][-1:]
    assert patch.body == {"custom_fields": {"kam_attractiveness": 41.5}}


def test_what_is_not_known_any_more_is_taken_out_and_other_fields_stay(deciding, crm, one):
    field = {"target_model": "Account", "key": "colour", "label": "Colour", "field_type": "text"}
    crm.post("/api/custom-fields/", field)
    crm.patch(f"/api/accounts/{one}/", {"custom_fields": {"colour": "red"}})
    deciding.decide(one)
    deciding.deliver()
    deciding.decide(one, None, None, None)
    deciding.deliver()
    assert fields_of(crm, one) == {"colour": "red"}


def test_nothing_can_be_seen_before_the_commit(deciding, crm, one, meddler):
    deciding.decide(one)
    deciding.advise(one, "call_them")
    before = (
        crm.accounts(),
        crm.get("/api/custom-fields/"),
        crm.get("/api/tasks/?limit=500")["tasks"],
    )
    delivery = deciding.opened()
    delivery.stage(deciding.tables(), deciding.connection)
    delivery.abandon()
    delivery.abandon()
    after = (
        crm.accounts(),
        crm.get("/api/custom-fields/"),
        crm.get("/api/tasks/?limit=500")["tasks"],
    )
    assert after == before


def test_a_task_that_was_closed_is_not_made_again_while_its_action_is_proposed(deciding, crm, one):
    deciding.decide(one)
    deciding.advise(one, "call_them")
    deciding.deliver()
    (task,) = crm.tasks()
    crm.patch(f"/api/tasks/{task['id']}/", {"status": "Completed"})
    assert deciding.deliver()["tasks made"] == 0
    assert len(crm.tasks()) == 1


def test_a_closed_task_is_made_anew_when_its_cooldown_is_over_and_not_before(deciding, crm, one):
    deciding.decide(one)
    deciding.advise(one, "call_them")
    deciding.deliver()
    (task,) = crm.tasks()
    crm.patch(f"/api/tasks/{task['id']}/", {"status": "Completed"})
    deciding.again()
    deciding.decide(one)
    deciding.advise(one, "call_them", "cooldown")
    assert deciding.deliver()["tasks made"] == 0
    assert deciding.deliver() == {"accounts changed": 0, "tasks made": 0, "tasks closed": 0}
    deciding.again()
    deciding.decide(one)
    deciding.advise(one, "call_them")
    assert deciding.deliver()["tasks made"] == 1
    assert deciding.deliver()["tasks made"] == 0
    assert sorted(each["status"] for each in crm.tasks()) == ["Completed", "New"]


def test_an_open_task_stays_as_its_owner_has_it(deciding, crm, one):
    deciding.decide(one)
    deciding.advise(one, "call_them")
    deciding.deliver()
    (task,) = crm.tasks()
    kept = {"title": "Ring them up", "status": "In Progress", "due_date": "2027-01-05"}
    crm.patch(f"/api/tasks/{task['id']}/", kept)
    deciding.again()
    deciding.decide(one)
    deciding.advise(one, "call_them", "cooldown")
    deciding.deliver()
    (task,) = crm.tasks()
    assert {name: task[name] for name in kept} == kept


def test_the_task_of_a_withdrawn_action_is_closed_and_says_so(deciding, crm, one):
    deciding.decide(one)
    deciding.advise(one, "call_them")
    deciding.advise(one, "write_them", rank=2)
    deciding.deliver()
    deciding.again()
    deciding.decide(one)
    deciding.advise(one, "write_them")
    assert deciding.deliver()["tasks closed"] == 1
    found = by_action(crm)
    assert found["call_them"]["status"] == "Completed"
    assert found["call_them"]["title"] == WITHDRAWN + "Do call_them"
    assert found["write_them"]["status"] == "New"
    assert deciding.deliver() == {"accounts changed": 0, "tasks made": 0, "tasks closed": 0}
    deciding.advise(one, "call_them", rank=2)
    assert deciding.deliver()["tasks made"] == 1


def test_the_task_of_an_action_that_no_ruleset_has_any_more_is_closed(deciding, crm, one):
    deciding.decide(one, hidden=2)
    deciding.advise(one, "call_them")
    deciding.deliver()
    deciding.again()
    deciding.decide(one, hidden=0)
    assert deciding.deliver()["tasks closed"] == 1


def test_an_action_that_is_cut_off_may_be_proposed_still_and_its_task_stays(deciding, crm, one):
    other = crm.accounts()["Quayside Holdings"]["id"]
    deciding.decide(one)
    deciding.decide(other)
    deciding.advise(one, "call_them")
    deciding.advise(other, "call_them")
    deciding.deliver()
    deciding.again()
    deciding.decide(one, hidden=1)
    deciding.advise(one, "write_them")
    deciding.decide(other)
    deciding.advise(other, "call_them")
    assert deciding.deliver()["tasks closed"] == 0
    # nor does it matter that it is cut off everywhere
    deciding.again()
    deciding.decide(one, hidden=1)
    deciding.advise(one, "write_them")
    deciding.decide(other, hidden=1)
    assert deciding.deliver()["tasks closed"] == 0
    assert {each["status"] for each in crm.tasks()} == {"New"}


def test_tasks_of_accounts_that_the_run_does_not_tell_of_stay(deciding, crm, one):
    deciding.decide(one)
    deciding.advise(one, "call_them")
    deciding.deliver()
    deciding.again()
    deciding.decide(crm.accounts()["Quayside Holdings"]["id"])
    assert deciding.deliver()["tasks closed"] == 0
    assert fields_of(crm, one)["kam_class"] == "key"


def test_options_choose_fields_names_owners_and_how_many_tasks(deciding, crm, one):
    email = crm.get("/api/tasks/?limit=1&slim=true")["users"][0]["user__email"]
    deciding.options = {
        "fields": ["class", "attractiveness"], "prefix": "ours_", "top": 1, "withdrawn": "leave",
        "owners": {"finance": email},
    }  # fmt: skip
    deciding.decide(one)
    deciding.advise(one, "call_them")
    deciding.advise(one, "write_them", rank=2)
    assert deciding.deliver()["tasks made"] == 1
    assert fields_of(crm, one) == {"ours_class": "key", "ours_attractiveness": 71.25}
    (listed,) = crm.get("/api/tasks/?slim=true&cf_ours_task=current")["tasks"]
    assert [each["user_details"]["email"] for each in listed["assigned_to"]] == [email]
    deciding.again()
    deciding.decide(one)
    assert deciding.deliver()["tasks closed"] == 0


def test_a_long_title_is_cut(deciding, crm, one):
    deciding.decide(one)
    deciding.advise(one, "call_them", title="Ä" * 300)
    deciding.deliver()
    (task,) = crm.tasks()
    assert len(task["title"]) == 200
    deciding.again()
    deciding.decide(one)
    deciding.deliver()
    (task,) = crm.tasks()
    assert len(task["title"]) == 200
    assert task["title"].startswith(WITHDRAWN)
