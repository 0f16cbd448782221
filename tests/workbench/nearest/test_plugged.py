"""What would have to change where rules call functions of plug-ins: found where it can be, never made up."""

from __future__ import annotations

import datetime
import itertools
import random

import pytest

from kamrules import UsageError, compile_ruleset, decide, load_ruleset
from kamrules.workbench.nearest import nearest
from kamrules.workbench.nearest.plugged import FARTHEST, answers
from kamrules.workbench.nearest.ranges import ANY, ANYTHING, equal, scale_choices
from tests.strategies.functions import plugged

TODAY = datetime.date(2026, 6, 30)
RULES = """
[ruleset]
name = "small"
version = "1"
[table.accounts.column]
country = { type = "text" }
town = { type = "text", changeable = false }
sales = { type = "money" }
visits = { type = "integer" }
[fact.net]
type = "money"
value = "after_discount(sales, 50%)"
[class.key]
when = "WHEN"
level = 2
[class.ordinary]
when = "not (WHEN) or (WHEN) is unknown"
level = 1
"""
FACTS = {"account_id": "A", "country": "Germany", "town": "Wien", "sales": 100, "visits": 1}


def compiled(tmp_path, when):
    path = tmp_path / "rules.toml"
    path.write_text(RULES.replace("WHEN", when), encoding="utf-8")
    return compile_ruleset(load_ruleset(path, functions=plugged()))


def found(tmp_path, when, **facts):
    return nearest(compiled(tmp_path, when), FACTS | facts, "class=key", as_of=TODAY)


def test_what_holds_by_a_function_needs_no_change(tmp_path):
    assert found(tmp_path, "initial(country) == 'G' and net >= 50").reached


def test_facts_beside_a_function_are_changed_as_ever(tmp_path):
    (way,) = found(tmp_path, "initial(country) == 'G' and visits >= 3").ways
    assert {each.fact: each.after for each in way.changes} == {"visits": 3}


def test_a_fact_that_a_function_reads_is_changed_to_a_value_that_rules_name(tmp_path):
    when = "initial(country) == 'A' and (country in ['Austria', 'Belgium'] or visits > 9)"
    ways = found(tmp_path, when).ways
    assert {each.fact: each.after for each in ways[0].changes} == {"country": "Austria"}


def test_nobody_claims_that_a_text_cannot_be_found_which_was_not_looked_for(tmp_path):
    told = found(tmp_path, "initial(country) == 'A'")
    assert (told.ways, told.blocked_by, told.searched) == ((), (), False)


def test_no_text_is_told_that_a_function_would_take_only_by_chance(tmp_path):
    """Any other country would do for a test of equality; one that a function looks at would not."""
    told = found(tmp_path, "initial(country) != 'G'")
    assert told.ways == ()
    assert not told.searched


def test_a_fixed_fact_that_a_function_reads_is_told_to_stand_in_the_way(tmp_path):
    told = found(tmp_path, "initial(town) == 'G' and visits >= 3")
    assert (told.ways, told.blocked_by, told.searched) == ((), ("town",), True)


def test_ways_that_are_found_come_out_so_when_the_account_is_decided(tmp_path):
    conditions = [
        "initial(country) == 'A' or longer_than(country, visits)", "net >= 80 or visits > 5",
        "signed(visits > 2, visits * 2) >= 9", "after_discount(sales, 10%) in [120..130] and visits > 0",
        "initial(town) == 'W' and signed(sales > 200, visits) > 3",
    ]  # fmt: skip
    chance, ways = random.Random(1), 0
    for number, when in enumerate(conditions):
        (tmp_path / str(number)).mkdir()
        program = compiled(tmp_path / str(number), when)
        for _ in range(6):
            facts = FACTS | {"sales": chance.randrange(300), "visits": chance.randrange(6)}
            for way in nearest(program, facts, "class=key", as_of=TODAY).ways:
                after = facts | {each.fact: each.after for each in way.changes}
                after = {key: value for key, value in after.items() if key != "net"}
                assert decide(program, after, as_of=TODAY).class_ == "key", (when, way)
                ways += 1
    assert ways >= 10


FUNCTIONS = plugged().found
BOXES = {
    "money": [(1.0, 1.0, False, True), (0.0, 0.0, True, False), (1.0, 1.0, True, True),
              (1.0, 2.0, False, True)],
    "share": [(0.5, 0.5, False, True), (0.0, 1.0, True, True)],
    "number": [(2.0, 2.0, False, True), (-3.0, 5.0, False, True)],
    "date": [(9.0, 9.0, False, True), (0.0, 20.0, True, True)],
    "text": [frozenset({"abc"}), frozenset({"abc", "", None}), frozenset({ANYTHING}), frozenset({None}),
             frozenset({ANY, "a"})],
    "bool": [(True, False, False), (True, True, True), (False, False, True)],
}  # fmt: skip
INSIDE = {
    (1.0, 2.0, False, True): (1.0, 1.5, 2.0), (0.0, 1.0, True, True): (0.0, 0.7, 1.0, None),
    (-3.0, 5.0, False, True): (-3.0, 0.0, 2.5, 5.0), (0.0, 20.0, True, True): (0.0, 7.0, 13.0, 20.0, None),
    frozenset({ANYTHING}): ("...", "xyzzy", "", "A"), frozenset({ANY, "a"}): ("a", "b", ""),
}  # fmt: skip


def values_of(box):
    if box in INSIDE:
        return INSIDE[box]
    if isinstance(box, frozenset):
        return tuple(box)
    if len(box) == 3:
        return tuple(value for value, may in zip((True, False, None), box, strict=True) if may)
    low, _, unknown, known = box
    return (*((low,) if known else ()), *((None,) if unknown else ()))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_bounds_of_a_function_rule_out_nothing_that_it_gives(name):
    one = FUNCTIONS[name]
    for boxes in itertools.product(*(BOXES[each.kind.value] for each in one.parameters)):
        may = answers(one, *boxes)
        for arguments in itertools.product(*map(values_of, boxes)):
            value = one.value(*arguments)
            if isinstance(may, frozenset):
                assert value in may or (value is not None and ANY in may), (boxes, arguments)
            elif len(may) == 3:
                assert may[(True, False, None).index(value)], (boxes, arguments)
            elif value is None:
                assert may[2], (boxes, arguments)
            else:
                assert may[3], (boxes, arguments)
                assert may[0] <= value <= may[1], (boxes, arguments)


def test_bounds_of_a_function_are_exact_where_all_arguments_are_known():
    discount, longer = FUNCTIONS["after_discount"], FUNCTIONS["longer_than"]
    point = (200.0, 200.0, False, True)
    assert answers(discount, point, (0.5, 0.5, False, True)) == (100.0, 100.0, False, True)
    assert answers(discount, (0.0, 0.0, True, False), (0.0, 1.0, False, True)) == (
        0,
        0,
        True,
        False,
    )
    assert answers(discount, point, (0.0, 1.0, False, True)) == (-FARTHEST, FARTHEST, True, True)
    assert answers(longer, frozenset({"abc", "a"}), (2.0, 2.0, False, True)) == (True, True, False)


def test_texts_that_nobody_names_may_be_the_same_or_not():
    assert equal(frozenset({ANYTHING}), frozenset({ANYTHING})) == (True, True, False)
    assert equal(frozenset({ANYTHING}), frozenset({"a"})) == (False, True, False)
    assert equal(frozenset({ANY}), frozenset({"a"})) == (True, True, False)
    assert equal(frozenset({ANY}), frozenset({None})) == (False, False, True)
    assert equal(frozenset({"a"}), frozenset({"a"})) == (True, False, False)
    assert scale_choices((), [ANY]) == (0.0, 0.0)


def test_what_is_asked_of_a_program_may_call_the_functions_that_its_rules_call(tmp_path):
    program = compiled(tmp_path, "initial(country) == 'G' and visits > 5")
    assert nearest(program, FACTS, "initial(country) == 'G'", as_of=TODAY).reached
    with pytest.raises(UsageError) as error:
        nearest(program, FACTS, "week_of(as_of) == as_of", as_of=TODAY)
    assert error.value.diagnostics[0].code == "KR204"
