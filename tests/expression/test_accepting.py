"""A plug-in's function is taken into the language, or its author reads what is wrong with it."""

from __future__ import annotations

import datetime
import functools
import math
import operator
import pickle

import pytest

from kamrules.diagnostics import Diagnostic
from kamrules.expression.accepting import KINDS
from kamrules.expression.plugged import PluginFunction
from tests.expression import offers
from tests.expression.offers import offer, refusal_or_function

REFUSED = [
    ({"name": "Doubled"}, "KR715", "small letters"),
    ({"name": "2x"}, "KR715", "small letters"),
    ({"name": ""}, "KR715", "small letters"),
    ({"name": "x" * 64}, "KR715", "small letters"),
    ({"name": None}, "KR715", "small letters"),
    ({"name": "round"}, "KR715", "name of one of the language: round(x, 2)"),
    ({"name": "sum"}, "KR715", "name of one of the language"),
    ({"name": "unknown"}, "KR715", "word of the language"),
    ({"name": "lambda"}, "KR715", "word of the language"),
    ({"parameters": ()}, "KR715", "1 to 16 arguments"),
    ({"parameters": ["number"]}, "KR715", "as a tuple"),
    ({"parameters": ("number",) * 17}, "KR715", "1 to 16 arguments"),
    ({"parameters": ("numbr",)}, "KR715", "kind `numbr`"),
    ({"parameters": ("choice",)}, "KR715", "kind `choice`"),
    ({"parameters": (["number"],)}, "KR715", "which there is not"),
    ({"returns": "choice"}, "KR715", "kind `choice`"),
    ({"returns": None}, "KR715", "kind `None`"),
    ({"about": " "}, "KR715", "`about`"),
    ({"about": "a\nb"}, "KR715", "one line"),
    ({"version": ""}, "KR715", "`version`"),
    ({"version": 2}, "KR715", "`version`"),
    ({"python": None}, "KR716", "has no Python form"),
    ({"sql": None}, "KR716", "has no SQL form"),
    ({"sql": "  "}, "KR716", "has no SQL form"),
    ({"sql": None, "python": None}, "KR716", "no Python and no SQL form"),
    ({"python": 5}, "KR717", "cannot be called"),
    ({"python": lambda x: 2 * x}, "KR717", "not found under its name"),
    ({"python": functools.partial(operator.mul, 2)}, "KR717", "not found under its name"),
    ({"python": [1].count}, "KR717", "not found under its name"),
    ({"python": offers.two}, "KR717", "does not take 1 argument"),
    ({"examples": ()}, "KR715", "needs examples"),
    ({"examples": None}, "KR715", "needs examples"),
    ({"examples": ((1.5, 3.0),)}, "KR715", "example 1 that does not fit"),
    ({"examples": (((1.5,), 3.0), ((1.5, 2.0), 3.0))}, "KR715", "example 2 that does not fit"),
    ({"examples": ((("1.5",), 3.0),)}, "KR715", "`'1.5'`, which is no value of number"),
    ({"examples": (((True,), 3.0),)}, "KR715", "no value of number"),
    ({"examples": (((math.nan,), 3.0),)}, "KR715", "no value of number"),
    ({"examples": (((1.5,), "3"),)}, "KR715", "no value of number"),
    ({"python": offers.halved}, "KR719", "is 0.75 in Python, and its example says 3.0"),
    ({"python": offers.raising}, "KR719", "is unknown in Python (ValueError: no 1.5)"),
    ({"python": offers.leaving}, "KR719", "is unknown in Python (SystemExit: 1.5)"),
    ({"python": offers.worded}, "KR719", "is unknown in Python, and"),
    ({"examples": (((None,), 0.0),)}, "KR719", "is unknown in Python, and its example says 0.0"),
    ({"examples": (((1.5,), None),)}, "KR719", "is 3.0 in Python, and its example says unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "code", "told"), REFUSED, ids=[each[-1] for each in REFUSED])
def test_a_function_that_cannot_be_one_of_the_language_is_refused_with_the_reason(
    changes, code, told
):
    found = refusal_or_function(**changes)
    assert isinstance(found, Diagnostic)
    assert (found.code, told in found.message) == (code, True), found.message
    assert "plug-in `test`" in found.message


def test_a_misspelt_kind_has_a_mend():
    found = refusal_or_function(returns="numbr")
    assert isinstance(found, Diagnostic)
    assert found.help == "did you mean `number`?"


def test_examples_may_be_written_with_whole_numbers_dates_and_unknown():
    found = offer(
        name="later", parameters=("date",), returns="date", python=offers.doubled, sql="2 * {0}",
        examples=(((datetime.date(1970, 1, 6),), datetime.date(1970, 1, 11)), ((None,), None), ((5,), 10)),
    )  # fmt: skip
    assert found.examples == (((5.0,), 10.0), ((None,), None), ((5.0,), 10.0))


def test_a_result_of_an_example_may_differ_in_the_last_digits():
    offer(parameters=("number", "number"), python=offers.two, sql="{0} + {1}",
          examples=(((0.1, 0.2), 0.3),))  # fmt: skip


def test_a_builtin_function_is_taken():
    found = offer(name="root", python=math.sqrt, sql="sqrt({0})", examples=(((4.0,), 2.0),))
    assert found.value(9.0) == 3.0
    assert found.value(-1.0) is None


def test_an_accepted_function_is_the_same_after_a_journey_to_another_process():
    found = offer()
    again = pickle.loads(pickle.dumps(found))
    assert again == found
    assert hash(again) == hash(found)
    assert again.value(2) == 4.0


VALUES = [
    ("number", 1, 1.0), ("number", True, None), ("number", 2**2000, None), ("number", "1", None),
    ("number", math.nan, None), ("number", math.inf, None), ("number", 0.1 + 0.2, 0.1 + 0.2),
    ("integer", 2.0, 2.0), ("integer", 2.5, None), ("days", -3, -3.0), ("days", 0.5, None),
    ("score", 100, 100.0), ("score", 100.1, None), ("score", -1, None),
    ("date", 0, 0.0), ("date", 2_932_896, 2_932_896.0), ("date", 2_932_897, None),
    ("date", -719_162, -719_162.0), ("date", -719_163, None), ("date", 1.5, None),
    ("share", 3.0, 3.0), ("money", -0.001, -0.001),
    ("text", "a", "a"), ("text", "\ud800", None), ("text", 5, None), ("text", b"a", None),
    ("bool", True, True), ("bool", 1, None), ("bool", None, None), ("text", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given", "wanted"), VALUES, ids=repr)
def test_what_comes_out_is_a_value_of_its_kind_or_unknown(kind, given, wanted):
    one = offer()
    made = PluginFunction("f", one.parameters, KINDS[kind], one.python, one.sql)
    found = made.settled(given)
    assert (found, type(found)) == (wanted, type(wanted))


def test_minus_zero_is_zero():
    one = offer(python=offers.doubled)
    assert math.copysign(1.0, one.value(-0.0)) == 1.0


def test_a_function_that_would_end_the_program_is_unknown_instead():
    one = offer()
    broken = PluginFunction(one.name, one.parameters, one.returns, offers.leaving, one.sql)
    assert broken.value(1.0) is None


def test_a_function_is_never_asked_about_the_unknown():
    one = offer()
    careless = PluginFunction(one.name, one.parameters, KINDS["text"], offers.worded, one.sql)
    assert careless.value(None) is None
    assert careless.value(1) == "1.0"
