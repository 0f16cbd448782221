"""Functions of plug-ins at their edges: forms that fail or give nonsense are unknown in every engine."""

from __future__ import annotations

import datetime
import itertools
import math
import sys
from dataclasses import replace

import pytest

from kamrules import compile_ruleset, load_ruleset
from kamrules.contracts import LanguageFunction
from kamrules.expression.accepting import accepted
from kamrules.expression.plugged import PluginFunction
from kamrules.plugins.language import functions_of
from tests.agreement import engines
from tests.agreement.checking import agree
from tests.agreement.comparing import Disagreement
from tests.agreement.engines import by_row
from tests.expression import offers
from tests.strategies import Case
from tests.strategies.books import TableData

HEAD = """
[ruleset]
name = "plugged"
version = "1"
[table.accounts.column]
number = { type = "number" }
day = { type = "date" }
word = { type = "text" }
level = { type = "choice", choices = ["gold", "silver"] }
[table.orders.column]
amount = { type = "number" }
[role.us]
"""
NUMBERS = (None, 0, 1, -1, 0.5, 2.5, 100.0, 1e-6, 999_999_999_999.0, -2_932_897.0, 2_932_897.0)
DAYS = (None, datetime.date(1970, 1, 1), datetime.date(1, 1, 1), datetime.date(9999, 12, 31))
WORDS = (None, "", "a", "ß", "中文", "o'brien")


def shifted(day, by):
    """A day that may lie beyond all calendars."""
    return day + by * 1000


def tenth(x):
    """A tenth."""
    return x / 10


def power(x):
    """What soon is too large for a double."""
    return math.pow(10, x)


def root(x):
    """What is no number below 0."""
    return math.sqrt(x)


def letter(text):
    """A letter out of an empty text."""
    return text[0]


def above(x, low):
    """Whether it is more, but only of what is not nothing."""
    if x == 0:
        raise ArithmeticError
    return x > low


FUNCTIONS = (
    LanguageFunction("reciprocal", ("number",), "number", offers.reciprocal, "1 / {0}",
                     (((4,), 0.25), ((0,), None)), "One over it"),
    LanguageFunction("endless", ("number",), "number", offers.endless,
                     "CASE WHEN {0} > 0 THEN 'inf'::double ELSE 'nan'::double END",
                     (((4,), None), ((0,), None)), "No number"),
    LanguageFunction("shifted", ("date", "number"), "date", shifted, "{0} + {1} * 1000",
                     (((1, 1), 1001),), "A day some thousands later"),
    LanguageFunction("tenth", ("number",), "days", tenth, "{0} / 10", (((10,), 1), ((1,), None)), "A tenth"),
    LanguageFunction("points", ("number",), "score", tenth, "{0} / 10",
                     (((10,), 1), ((-1,), None)), "Points"),
    LanguageFunction("power", ("number",), "money", power, "pow(10, {0})", (((2,), 100), ((999,), None)),
                     "A power"),
    LanguageFunction("root", ("number",), "share", root, "sqrt({0})", (((4,), 2), ((-1,), None)), "A root"),
    LanguageFunction("letter", ("text",), "text", letter,
                     "CASE WHEN {0} = '' THEN ('x' || {0})::double::text ELSE substring({0}, 1, 1) END",
                     ((("abc",), "a"),), "A letter"),
    LanguageFunction("above", ("number", "number"), "bool", above,
                     "CASE WHEN {0} = 0 THEN ('x' || {1})::double > 1 ELSE {0} > {1} END",
                     (((2, 1), True), ((0, 1), None)), "Whether it is more"),
)  # fmt: skip
VALUES = {
    "number": ("reciprocal(number)", "endless(number)", "coalesce(reciprocal(number), -7)",
               "reciprocal(number)" + " * (power(number) / power(0))" * 4 , "reciprocal(reciprocal(number))",
               "sum(orders, reciprocal(amount))", "max(orders[above(amount, number)], reciprocal(amount))"),
    "date": ("shifted(day, number)", "shifted(as_of, reciprocal(number))"),
    "days": ("tenth(number)", "days_since(shifted(day, number))"),
    "score": ("points(number)",),
    "money": ("power(number)", "power(number) * number"),
    "share": ("root(number)",),
    "text": ("letter(word)", "letter(level)", "if(above(number, 0), letter(word), letter(level))"),
    "bool": ("above(number, 1)", "not above(number, 1)", "above(number, 1) is unknown",
             "above(number, 1) and word == 'a'", "above(number, 1) or word == 'a'",
             "any(orders[above(amount, number)])", "letter(word) == 'o'", "letter(word) in ['中', 'ß']"),
}  # fmt: skip


def ruleset() -> str:
    """Return a ruleset with every value in a fact, a gate, a criterion and a message."""
    parts = [HEAD, '[score.of_all]\nband = { low = "[0..50)", high = "[50..100]" }\n']
    number = 0
    for kind, texts in VALUES.items():
        for text in texts:
            number += 1
            parts.append(f'[fact.f{number}]\ntype = "{kind}"\nvalue = """{text}"""\n')
            parts.append(_criterion(number, kind))
            parts.append(
                f'[action.a{number}]\ntitle = "T {{f{number}}}"\nwhen = "f{number} is not unknown"\n'
                f'priority = {number}\nowner = "us"\ndue_days = 1\neffort_hours = 1\n'
                f'because = "so {{f{number}}}"\n'
            )
    return "".join(parts).replace('"""', '"')


def _criterion(number: int, kind: str) -> str:
    if kind in {"text", "date"}:
        return ""
    value = f"f{number}" if kind != "bool" else f"if(f{number}, 1, 0)"
    return (
        f'[criterion.c{number}]\nscore = "of_all"\nweight = 1\nvalue = "{value}"\n'
        "curve = [[0, 0], [100, 100]]\n"
    )


def functions(**changes):
    """Return all functions, some of them with another form: `tenth=("sql", "{0} / 11")`."""
    found = {}
    for each in FUNCTIONS:
        one = accepted(each, "plug-in `test`")
        assert isinstance(one, PluginFunction), one
        if each.name in changes:
            one = replace(one, **dict([changes[each.name]]))
        found[one.name] = one
    return found


def case() -> Case:
    rows = [
        {"account_id": f"{index}", "number": number, "day": day, "word": word,
         "level": ("gold", None)[index % 2]}
        for index, (number, day, word) in enumerate(itertools.product(NUMBERS, DAYS, WORDS))
    ]  # fmt: skip
    orders = [
        {"account_id": f"{index}", "amount": amount}
        for index in range(0, len(rows), 3)
        for amount in (0, 4, None, -0.25)
    ]
    tables = {
        "accounts": TableData(
            {
                "account_id": "text",
                "number": "double",
                "day": "date",
                "word": "text",
                "level": "text",
            },
            rows,
        ),
        "orders": TableData({"account_id": "text", "amount": "double"}, orders),
    }
    return Case(ruleset(), tables, datetime.date(2026, 6, 30), None, 1000, "en")


@pytest.fixture
def with_functions(monkeypatch, tmp_path):
    """Let a case's ruleset be compiled with these functions, untried, so that changed ones are too."""

    def use(some, *, trying=False):
        known = functions_of(some)
        if not trying:
            known = replace(known, tried=lambda _: None)

        def compiled(text):
            path = tmp_path / "ruleset.toml"
            path.write_text(text, encoding="utf-8")
            return compile_ruleset(load_ruleset(path, functions=known))

        monkeypatch.setattr(sys.modules["tests.agreement.checking"], "compiled", compiled)
        return compiled

    return use


def test_whatever_functions_fail_at_is_unknown_in_every_engine(with_functions):
    compiled = with_functions(functions(), trying=True)
    some = case()
    agree(some)
    program = compiled(some.ruleset)
    told = by_row(program, some)["actions"]
    reasons = {each["reason"] for each in told}
    assert {"so 1", "so 2", "so o", "so a", "so yes", "so no"} <= reasons
    facts = list(itertools.chain(*VALUES.values()))
    fired = {facts[int(each["action"][1:]) - 1] for each in told}
    assert set(facts) - fired == {"endless(number)"}


MUTANTS = [
    {"reciprocal": ("sql", "1.0000001 / {0}")},
    {"tenth": ("sql", "trunc({0} / 10)")},
    {"points": ("sql", "least({0} / 10, 100)")},
    {"root": ("sql", "sqrt(abs({0}))")},
    {"letter": ("sql", "substring({0}, 1, 1)")},
    {"above": ("sql", "{0} >= {1}")},
    {"above": ("python", offers.two)},
    {"shifted": ("sql", "least({0} + {1} * 1000, 2932896)")},
    {"power": ("python", offers.doubled)},
    {"endless": ("sql", "{0}")},
]


@pytest.mark.parametrize(
    "change", MUTANTS, ids=lambda each: "-".join(each) + f" {next(iter(each.values()))[0]}"
)
def test_a_form_that_does_something_else_is_caught(with_functions, change):
    with_functions(functions(**change))
    with pytest.raises(Disagreement):
        agree(case())


def test_the_generated_rulesets_are_compiled_with_the_functions_they_call():
    found = engines.compiled(HEAD + '[fact.x]\ntype = "text"\nvalue = "initial(word)"\n')
    assert [each.name for each in found.functions] == ["initial"]
