"""business-rules: its JSON conditions over a class of variables, and actions that note what follows.

It knows no unknown values and adds nothing up: variables tell of each value whether it is known, points are
added by actions, and the rules run in stages, since a rule cannot read what another one did.
"""

from __future__ import annotations

from decimal import Decimal

from benchmarks.peers.lowering import CLASS_NUMBERS, COUNT
from benchmarks.peers.rules import (
    ACTIONS,
    AS_OF,
    CLASSES,
    COLUMNS,
    CRITERIA,
    FACTS,
    SCORES,
    TIERS,
    TOP,
    nullable,
)

_OPERATORS = {">=": "greater_than_or_equal_to", "<": "less_than", "==": "equal_to"}


def build():
    """Return a function from accounts to their decisions."""
    from business_rules.engine import run_all

    variables, noting = _variables(), _noting()
    criteria = [_points(each) for each in CRITERIA.values()]
    classes, tiers = _classes(), _tiers()
    proposals = [
        _rule(each.when, "propose", number=number) for number, each in enumerate(ACTIONS.values())
    ]

    def decide(accounts):
        for account in accounts:
            values = _values(account)
            read, write = variables(values), noting(values)
            for each in criteria:
                run_all(each, read, write, stop_on_first_trigger=True)
            for score in SCORES:
                values[score] = Decimal(values[score]) / 100
            run_all(classes, read, write, stop_on_first_trigger=True)
            run_all(tiers, read, write, stop_on_first_trigger=True)
            run_all(proposals, read, write)
            scores = [float(values[each]) for each in SCORES]
            keys = sorted((_key(number, values) for number in values["proposed"]), reverse=True)
            yield values["class"], values["level"], *scores, keys[:TOP]

    return decide


def _key(number, values):
    action = tuple(ACTIONS.values())[number]
    thousandths = int(action.slope * 1000 * float(values[action.score]) + 0.5)
    return (thousandths + action.start * 1000) * COUNT + COUNT - 1 - number


def _values(account):
    """Return what variables read. Decimals spare the engine a slow turning of floats at each condition."""
    values = dict(account)
    for name, fact in FACTS.items():
        one, other = account[fact.one], account.get(fact.other)
        if one is None or (fact.other and other is None):
            values[name] = None
        elif fact.kind == "days":
            values[name] = (AS_OF - one).days
        else:
            values[name] = (one - other) / other if fact.kind == "growth" else one / other
    for name, value in values.items():
        if isinstance(value, float):
            values[name] = Decimal(value)
    last = CLASS_NUMBERS[tuple(CLASSES)[-1]]
    return values | dict.fromkeys(SCORES, 0) | {"proposed": [], "level": 0, "class": last}


def _variables():
    """Return the class of variables: one a value, and one more that tells whether it is known."""
    from business_rules.variables import (
        BaseVariables,
        boolean_rule_variable,
        numeric_rule_variable,
        string_rule_variable,
    )

    sorts = {"bool": boolean_rule_variable, "choice": string_rule_variable}

    def init(self, values):
        self.values = values

    def variable(name):
        return sorts.get(COLUMNS.get(name), numeric_rule_variable)(lambda self: self.values[name])

    def known(name):
        return boolean_rule_variable(lambda self: self.values[name] is not None)

    names = [name for name, kind in COLUMNS.items() if kind != "date"]
    names += [*FACTS, *SCORES, "class", "level"]
    members = {_variable(name): variable(name) for name in names}
    members |= {f"{name}_known": known(name) for name in names if nullable(name)}
    return type("Variables", (BaseVariables,), {"__init__": init, **members})


def _noting():
    """Return the class of actions, which note what rules conclude among the account's values."""
    from business_rules.actions import BaseActions, rule_action
    from business_rules.fields import FIELD_NUMERIC, FIELD_TEXT

    class Noting(BaseActions):
        def __init__(self, values) -> None:
            self.values = values

        @rule_action(params={"score": FIELD_TEXT, "points": FIELD_NUMERIC})
        def add(self, score, points):
            self.values[score] += points

        @rule_action(params={"name": FIELD_TEXT, "number": FIELD_NUMERIC})
        def note(self, name, number):
            self.values[name] = number

        @rule_action(params={"number": FIELD_NUMERIC})
        def propose(self, number):
            self.values["proposed"].append(number)

    return Noting


def _rule(tests, action, **params):
    conditions = [each for test in tests for each in _conditions(test)]
    return {"conditions": {"all": conditions}, "actions": [{"name": action, "params": params}]}


def _conditions(test):
    if test.value is True:
        return [{"name": test.name, "operator": "is_true", "value": True}]
    if test.name == "class":
        names = test.value if test.sign == "in" else (test.value,)
        return [{"any": [_compared("class", "==", CLASS_NUMBERS[each]) for each in names]}]
    known = [_known(test.name)] if nullable(test.name) else []
    return [*known, _compared(test.name, test.sign, test.value)]


def _compared(name, sign, value):
    value = Decimal(value) if isinstance(value, float) else value
    return {"name": _variable(name), "operator": _OPERATORS[sign], "value": value}


def _known(name):
    return {"name": f"{name}_known", "operator": "is_true", "value": True}


def _variable(name):
    return f"{name}_" if name == "class" else name


def _points(criterion):
    """Return a criterion's steps as rules, of which the first that holds counts."""
    steps = [
        ([_compared(criterion.value, ">=", bound)], points) for bound, points in criterion.steps
    ]
    return [
        {
            "conditions": {"all": [_known(criterion.value), *above]},
            "actions": [
                {"name": "add", "params": {"score": criterion.score, "points": criterion.weight * points}}
            ],
        }
        for above, points in [*steps, ([], criterion.below)]
    ]  # fmt: skip


def _classes():
    return [
        _rule(tests, "note", name="class", number=CLASS_NUMBERS[name])
        for name, tests in CLASSES.items()
        if tests
    ]


def _tiers():
    """Return a rule a tier, the highest first, with the tests of all before it."""
    gates, found = (), []
    for level, tests in enumerate(TIERS.values(), start=1):
        gates += tests
        found.append(_rule(gates, "note", name="level", number=level))
    return found[::-1]
