"""What verify and nearest say of rules that read signals, held against accounts with every few rows."""

from __future__ import annotations

import datetime
import itertools
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamrules import compile_ruleset, decide, load_ruleset, nearest
from kamrules.workbench.verify import State, verify

AS_OF = datetime.date(2026, 1, 1)
"""The date of rules without tests."""
TABLES = """[ruleset]
name = "random"
version = "1"
[table.complaints.column]
date = { type = "date" }
contact = { type = "text" }
grave = { type = "bool" }
[table.visits.column]
date = { type = "date" }
contact = { type = "text" }
kind = { type = "choice", choices = ["executive", "other"] }
"""
PATTERNS = [
    'after = "complaints"',
    'after = "complaints[grave]"\nfor_days = 10',
    'after = "complaints"\nat_least = 2\nwithin_days = 5',
    'after = "complaints"\nat_least = 3\nwithin_days = 5\nsame = "contact"',
    'after = "complaints"\nthen = "visits"\nwithin_days = 7\nsame = "contact"',
    'after = "complaints[grave]"\nwithout = "visits[kind == \'executive\']"\nwithin_days = 7',
    'after = "visits[kind == \'other\']"\nwithout = "complaints"\nwithin_days = 3\nfor_days = 9',
]
ATOMS = st.sampled_from([
    "s", "t", "not s", "not t", "s.date is unknown", "t.date is not unknown", "s is unknown",
    "days_since(s.date) <= 8d", "days_since(s.date) > 3d", "days_since(t.date) > 8d", "s.date > as_of",
    "s.date <= t.date", "coalesce(s, false)", "coalesce(days_since(t.date) <= 3d, true)",
])  # fmt: skip
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
    ),
    max_leaves=4,
)
PATTERN = st.sampled_from(PATTERNS)


def ruleset_of(folder, patterns, conditions):
    signals = "".join(
        f"[signal.{name}]\n{each}\n" for name, each in zip("st", patterns, strict=True)
    )
    classes = "".join(
        f'[class.c{number}]\nlevel = {number + 1}\nwhen = "{each}"\n'
        for number, each in enumerate(conditions)
    )
    # every fact is read, whatever the conditions read
    rest = '[fact.both]\ntype = "bool"\nvalue = "s or t"\n'
    path = folder.mktemp("random") / "rules.toml"
    path.write_text(TABLES + signals + rest + classes, encoding="utf-8")
    return load_ruleset(str(path))


@cache
def accounts():
    """Return accounts with up to two complaints and up to two visits, and those that lack a table."""

    def row(ago, contact, **more):
        return {"date": AS_OF - datetime.timedelta(days=ago), "contact": contact, **more}

    ages = [0, 2, 6, 9, 12]
    complaints = [
        row(ago, who, grave=grave)
        for ago in ages[::2]
        for who, grave in (("a", True), ("b", False))
    ]
    visits = [row(ago, "a", kind=kind) for ago in ages for kind in ("executive", "other")]
    some = [
        None,
        [],
        *([each] for each in complaints),
        *map(list, itertools.combinations(complaints, 2)),
    ]
    others = [None, [], *([each] for each in visits)]
    found = []
    for mine, theirs in itertools.product(some, others):
        facts = {"account_id": "a", "complaints": mine, "visits": theirs}
        found.append({name: each for name, each in facts.items() if each is not None})
    return found


@settings(max_examples=40, deadline=None)
@given(st.tuples(PATTERN, PATTERN), st.lists(CONDITIONS, min_size=2, max_size=3))
def test_what_is_proved_is_so_and_what_is_untrue_is_shown(tmp_path_factory, patterns, conditions):
    ruleset = ruleset_of(tmp_path_factory, patterns, conditions)
    program = compile_ruleset(ruleset)
    findings = [each for each in verify(ruleset).findings if each.kind != "tuned"]
    for each in findings:
        if each.state is State.UNTRUE and each.kind in {"disjoint", "complete", "certain"}:
            assert decide(program, each.witness, as_of=each.as_of).class_ is None
    proved = {each.kind for each in findings} - {
        each.kind for each in findings if each.state is not State.PROVED
    }
    never = {
        each.diagnostic.message for each in findings
        if each.kind == "reachable" and each.state is State.UNTRUE
    }  # fmt: skip
    for facts in accounts():
        decision = decide(program, facts, as_of=AS_OF)
        several = [each for each in decision.faults if "several" in each]
        assert not ("disjoint" in proved and several)
        assert not ("complete" in proved and "no class holds" in decision.faults)
        assert not any(f"class `{decision.class_}` never" in each for each in never)


# the one and the other, and a lone day
WANTED = ["s", "not s", "s and t", "days_since(s.date) > 3d", "s and days_since(s.date) > 8d",
          "s.date is unknown", "s.date <= t.date", "not s and days_since(t.date) <= 3d"]  # fmt: skip


@pytest.mark.parametrize("wanted", WANTED)
@pytest.mark.parametrize("pattern", PATTERNS[3:6])
def test_the_cheapest_way_is_no_dearer_than_any_account_that_there_is(
    tmp_path_factory, pattern, wanted
):
    ruleset = ruleset_of(tmp_path_factory, (pattern, PATTERNS[0]), ["s", "not s"])
    program = compile_ruleset(ruleset)
    start = {"account_id": "a", "complaints": [], "visits": []}
    found = nearest(program, start, wanted, as_of=AS_OF)
    assert found.searched
    if found.reached:
        return
    lacks = compile_ruleset(
        ruleset_of(tmp_path_factory, (pattern, PATTERNS[0]), [wanted, f"not ({wanted})"])
    )
    reached = [
        decide(lacks, facts, as_of=AS_OF) for facts in accounts() if len(facts) == len(start)
    ]
    costs = [_cost(each.facts) for each in reached if each.class_ == "c0"]
    if costs:
        assert found.ways
        assert found.ways[0].cost <= min(costs)
    for way in found.ways:
        told = {each.fact: each.after for each in way.changes}
        for name in "st":
            day = told.get(f"{name}_date")
            assert day is None or (told.get(name) is True and day <= AS_OF)


def _cost(facts):
    """Return what it costs to come there from nothing: each signal 1, and 1 more on another day than now."""
    return sum(facts[name] + (facts[f"{name}_date"] not in {None, AS_OF}) for name in ("s", "t"))


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(
    ("condition", "state"),
    [
        ("s and s.date is unknown", State.UNTRUE),
        ("not s and s.date is not unknown", State.UNTRUE),
        ("not s and days_since(s.date) > 3d", State.UNTRUE),
        ("s and days_since(s.date) is unknown", State.UNTRUE),
        ("s.date > as_of", State.UNTRUE),
        ("s is unknown", State.SHOWN),
        ("s and days_since(s.date) == 8d", State.SHOWN),
        ("s.date == as_of", State.SHOWN),
        ("not s and t", State.SHOWN),
    ],
)
def test_a_signal_has_a_date_exactly_when_it_holds_and_none_to_come(
    tmp_path_factory, pattern, condition, state
):
    other = "after = \"visits[kind == 'executive']\""
    ruleset = ruleset_of(tmp_path_factory, (pattern, other), [f"not ({condition})", condition])
    found = verify(ruleset).findings
    states = [
        each.state for each in found if (each.kind, each.address) == ("reachable", "class.c1")
    ]
    assert states == [state]
