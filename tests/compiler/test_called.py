"""A program knows the functions of plug-ins that it calls, and is another one when they are others."""

from __future__ import annotations

import datetime
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest

from kamrules import RulesetError, compile_ruleset, decide, load_ruleset
from kamrules.compiler import compile_with_warnings
from kamrules.expression.plugged import Functions
from kamrules.plugins.language import functions_of
from tests.expression import offers
from tests.expression.offers import offer

RULES = """
[ruleset]
name = "calling"
version = "1"
[table.accounts.column]
number = { type = "number" }
[table.orders.column]
amount = { type = "number" }
[fact.twice]
type = "number"
value = "VALUE"
[class.key]
when = "twice > 4"
[class.ordinary]
when = "not (twice > 4) or twice is unknown"
"""
CALLING = RULES.replace("VALUE", "doubled(number)")


def written(tmp_path, text=CALLING):
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


def known(*functions):
    return functions_of({each.name: each for each in functions or (offer(),)})


def compiled(tmp_path, text=CALLING, functions=None):
    return compile_ruleset(load_ruleset(written(tmp_path, text), functions=functions or known()))


def test_rules_call_functions_that_the_ruleset_was_loaded_with(tmp_path):
    program = compiled(tmp_path)
    assert program.functions == (offer(),)
    day = datetime.date(2026, 6, 30)
    assert decide(program, {"account_id": "A", "number": 3}, as_of=day).class_ == "key"
    assert decide(program, {"account_id": "A"}, as_of=day).class_ == "ordinary"


def test_a_ruleset_that_was_loaded_without_functions_knows_none(tmp_path):
    with pytest.raises(RulesetError) as error:
        compile_ruleset(load_ruleset(written(tmp_path)))
    (found,) = error.value.diagnostics
    assert (found.code, found.message) == ("KR204", "there is no function `doubled`")


def test_the_digest_of_a_program_changes_with_the_functions_that_it_calls(tmp_path):
    digests = [
        compiled(tmp_path, functions=known(each)).digest
        for each in (
            offer(), offer(version="2"), offer(sql="{0} * 2"),
            offer(about="Two times it"),
        )
    ]  # fmt: skip
    assert digests[0] == digests[3]
    assert len(set(digests)) == 3
    other = replace(offer(), about="Two times it", owner="plug-in `other`")
    assert compiled(tmp_path, functions=known(other)).digest == digests[0]


def test_functions_that_rules_do_not_call_do_not_change_a_program(tmp_path):
    text = RULES.replace("VALUE", "2 * number")
    program = compiled(tmp_path, text)
    assert program == compile_ruleset(load_ruleset(written(tmp_path, text)))
    assert program.functions == ()


@pytest.mark.parametrize(
    "value",
    ["sum(orders[doubled(amount) > 1].amount)", "sum(orders, doubled(amount))",
     "coalesce(if(number > 1, doubled(number), 0), 1)", "rank(doubled(number))"],
)  # fmt: skip
def test_a_function_is_found_wherever_it_is_called(tmp_path, value):
    program = compiled(tmp_path, RULES.replace("VALUE", value))
    assert [each.name for each in program.functions] == ["doubled"]


def test_only_functions_that_are_called_are_tried_and_each_once(tmp_path):
    asked = []

    def tried(one):
        asked.append(one.name)

    functions = Functions({each.name: each for each in (offer(), offer(name="other"))}, tried)
    text = RULES.replace("VALUE", "doubled(doubled(number))")
    for _ in range(2):
        compiled(tmp_path, text, functions)
    assert asked == ["doubled"]


def test_a_function_that_cannot_be_used_is_told_where_it_is_called(tmp_path):
    ruleset = load_ruleset(written(tmp_path), functions=known(offer(sql="sum({0})")))
    program, problems = compile_with_warnings(ruleset)
    assert program is None
    first = problems[0]
    assert (first.code, first.place.line, first.place.column) == ("KR718", 11, 10)
    assert "the SQL form of `doubled` of plug-in `test` holds an aggregate" in first.message


def test_a_program_that_calls_functions_decides_in_another_process(tmp_path):
    path = tmp_path / "program.pickle"
    path.write_bytes(pickle.dumps(compiled(tmp_path)))
    code = (
        "import pickle, sys, datetime; from kamrules import decide;"
        "program = pickle.load(open(sys.argv[1], 'rb'));"
        "decision = decide(program, {'account_id': 'A', 'number': 3},"
        " as_of=datetime.date(2026, 6, 30)); print(decision.class_, 'duckdb' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("key False\n", "")


def test_equal_programs_of_equal_functions_are_equal_after_pickling(tmp_path):
    program = compiled(tmp_path)
    again = pickle.loads(pickle.dumps(program))
    assert again == program
    assert again.functions[0].python is offers.doubled
