"""What the generator of the agreement tests writes compiles: a case that does not is tried for nothing."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from kamrules.expression.types import Kind, Type
from tests.agreement.engines import compiled
from tests.strategies import cases
from tests.strategies.drawing import Draw
from tests.strategies.expressions import NUMERIC, Expressions, Sight
from tests.strategies.toml import toml
from tests.strategies.values import USUAL

NAMES = {f"a_{kind.value}": Type(kind) for kind in (*NUMERIC, Kind.BOOL, Kind.DATE)}
AT_ONCE = 100
"""So many expressions are tried in one ruleset: what a generator seldom does wrong must show."""


def few(examples):
    """Return settings for so many cases, the same ones on every machine."""
    return settings(
        max_examples=examples, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


@st.composite
def rulesets(draw, kind):
    """Return a ruleset that compares expressions of a kind with the least number that rules of it name."""
    write = Expressions(Draw(draw), Sight(NAMES, {}, {}, datetime.date(2026, 6, 30)))
    least = f"{abs(min(USUAL[kind])):.0f}d" if kind is Kind.DAYS else f"{min(USUAL[kind]):.0f}"
    facts = {
        f"compared_{number}": {
            "type": "bool",
            "value": f"{write.number(kind, 3, typed=True)} > {least}",
        }
        for number in range(AT_ONCE)
    }
    columns = {name: {"type": of.kind.value} for name, of in NAMES.items()}
    header = {"name": "generated", "version": "1"}
    return toml({"ruleset": header, "table": {"accounts": {"column": columns}}, "fact": facts})


@pytest.mark.parametrize("kind", NUMERIC, ids=[each.value for each in NUMERIC])
def test_an_expression_is_of_the_kind_that_it_was_asked_for(kind):
    @seed(1)
    @few(20)
    @given(rulesets(kind))
    def every(text):
        compiled(text)

    every()


def test_rulesets_compile():
    @seed(11)
    @few(100)
    @given(cases())
    def every(case):
        compiled(case.ruleset)

    every()
