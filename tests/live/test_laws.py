"""Laws: whatever happens, an account is decided as from its final rows, and replays the same."""

from __future__ import annotations

import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from kamrules import Earlier, KamrulesError, decide
from tests.live.living import PROGRAM, START, day, live

ACCOUNTS = st.sampled_from("AB")
DATES = st.integers(-20, 25).map(lambda number: day(number).isoformat())
CELLS = {
    "accounts": st.fixed_dictionaries(
        {}, optional={"name": st.sampled_from(["x", None]), "employees": st.integers(0, 120)}
    ),
    "orders": st.fixed_dictionaries(
        {}, optional={"date": DATES, "amount": st.sampled_from([0, 0.5, 400, 900.25, 1_500, None])}
    ),
    "visits": st.fixed_dictionaries(
        {}, optional={"date": DATES, "kind": st.sampled_from(["call", "visit"])}
    ),
}


@st.composite
def events(draw):
    table = draw(st.sampled_from(["accounts", "orders", "orders", "visits"]))
    op = draw(st.sampled_from(["insert", "insert", "insert", "update", "delete"]))
    row_id = None if table == "accounts" else draw(st.sampled_from("12"))
    return {
        "account_id": draw(ACCOUNTS),
        "table": table,
        "op": op,
        "row": draw(CELLS[table]),
        "row_id": row_id,
        "as_of": draw(st.sampled_from([None, None, 0, 1, 3])),
    }


STEPS = st.one_of(
    events(),
    events(),
    events(),
    st.tuples(st.just("settle"), ACCOUNTS, st.sampled_from(["accepted", "done", "dismissed"])),
    st.tuples(st.just("tick"), st.integers(0, 12)),
    st.just("again"),
)


class Model:
    """What an account is by the rules of runs with memory, told day by day."""

    def __init__(self):
        self.columns = None
        self.rows = {}
        self.as_of = None
        self.earlier = None
        self.settled = {}
        self.decision = None

    def begin(self, date):
        if self.as_of is not None and date > self.as_of:
            proposed = {} if self.earlier is None else dict(self.earlier.proposed)
            stood = self.decision or self.earlier
            if self.decision is not None:
                proposed |= {each.id: self.as_of for each in self.decision.actions}
            for action, on in self.settled.items():
                proposed[action] = max(on, proposed.get(action, on))
            if stood is not None or proposed:
                class_, tier = (None, None) if stood is None else (stood.class_, stood.tier)
                self.earlier = Earlier(class_=class_, tier=tier, proposed=proposed)
            self.as_of = date
        elif self.as_of is None:
            self.as_of = date

    def apply(self, event):
        table, op, row = event["table"], event["op"], event["row"]
        if table == "accounts":
            if op == "delete":
                self.columns, self.rows = None, {}
            else:
                self.columns = {**({} if op == "insert" else self.columns), **row}
            return
        name = (table, event["row_id"])
        if op == "delete":
            del self.rows[name]
        else:
            self.rows[name] = {**({} if op == "insert" else self.rows[name]), **row}

    def can(self, event):
        if event["table"] == "accounts":
            return event["op"] == "insert" or self.columns is not None
        there = (event["table"], event["row_id"]) in self.rows
        return self.columns is not None and (event["op"] == "insert" or there)

    def decide(self, account):
        if self.columns is None:
            self.decision = None
            return
        facts = {"account_id": account, **self.columns, "orders": [], "visits": []}
        for (table, _), row in self.rows.items():
            facts[table].append(row)
        self.decision = decide(PROGRAM, facts, as_of=self.as_of, earlier=self.earlier)


def play(book, steps):
    """Do the steps in a book and in the model; return the models."""
    models = {"A": Model(), "B": Model()}
    last = None
    for number, step in enumerate(steps):
        if step == "again":
            if last is not None:
                assert book.post(last[0]).entry == last[1]
        elif step[0] == "tick" if isinstance(step, tuple) else False:
            date = book.as_of + datetime.timedelta(days=step[1])
            book.tick(date)
            for account, model in models.items():
                if model.columns is not None:
                    model.begin(date)
                    model.decide(account)
        elif isinstance(step, tuple):
            settle(book, models[step[1]], step)
        else:
            last = post(book, models[step["account_id"]], step, number) or last
    return models


def post(book, model, step, number):
    wanted = (
        book.as_of if step["as_of"] is None else book.as_of + datetime.timedelta(days=step["as_of"])
    )
    event = {**step, "key": f"{number}", "as_of": None if step["as_of"] is None else wanted}
    if not model.can(step):
        assert refused(lambda: book.post(event))
        return None
    posted = book.post(event)
    model.begin(max(wanted, model.as_of or wanted))
    model.apply(step)
    model.decide(step["account_id"])
    assert posted.as_of == model.as_of
    return event, posted.entry


def settle(book, model, step):
    items = book.actions(account_id=step[1])
    if not items:
        return
    posted = book.settle(items[0].id, step[2])
    if posted.repeated:
        return
    model.begin(max(book.as_of, model.as_of))
    if step[2] != "accepted":
        model.settled[items[0].action] = model.as_of
    model.decide(step[1])


def refused(work):
    try:
        work()
    except KamrulesError:
        return True
    return False


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_an_account_is_decided_as_a_run_with_memory_decides_its_rows(steps):
    with live(as_of=START) as book:
        models = play(book, steps)
        for account, model in models.items():
            if model.decision is None:
                assert refused(lambda account=account: book.decision(account))
                continue
            assert book.decision(account) == model.decision
            outcome = book.outcome(account)
            assert (outcome.class_, outcome.tier) == (model.decision.class_, model.decision.tier)
            actions = [*model.decision.actions, *model.decision.held_back]
            assert [each.id for each in outcome.actions] == [each.id for each in actions]
            held = {each.id for each in actions if each.status in {"proposed", "cooldown"}}
            assert {each.action for each in book.actions(account_id=account)} <= held
        assert book.verify() == []
        assert book.replay() == []


@settings(max_examples=25, deadline=None)
@given(st.lists(STEPS, max_size=20), st.integers(0, 20))
def test_a_book_that_is_closed_and_opened_goes_on_as_if_it_had_not_been(steps, cut):
    import tempfile
    from pathlib import Path

    logs = []
    for cuts in ((), (cut,)):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "book.db"
            start = 0
            book = live(path)
            for end in (*cuts, len(steps)):
                for number, step in enumerate(steps[start:end], start):
                    act(book, step, number)
                start = max(start, end)
                book.close()
                book = live(path, as_of=None, kept=1)
            logs.append([each.hash for each in book.entries()])
            book.close()
    assert logs[0] == logs[1]


def act(book, step, number):
    """Do a step, whether or not it is refused."""
    if step == "again":
        return
    if isinstance(step, tuple) and step[0] == "tick":
        book.tick(book.as_of + datetime.timedelta(days=step[1]))
    elif isinstance(step, tuple):
        for item in book.actions(account_id=step[1])[:1]:
            refused(lambda item=item: book.settle(item.id, step[2]))
    else:
        date = (
            None if step["as_of"] is None else book.as_of + datetime.timedelta(days=step["as_of"])
        )
        refused(lambda: book.post({**step, "key": f"{number}", "as_of": date}))
