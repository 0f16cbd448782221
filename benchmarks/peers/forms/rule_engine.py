"""rule-engine: every condition and value a Rule, compiled once with the types of all symbols."""

from __future__ import annotations

from benchmarks.peers.forms.days import DATES, with_days
from benchmarks.peers.lowering import placing, proposals
from benchmarks.peers.rules import AS_OF, COLUMNS, TOP


class Rules:
    """rule-engine's expressions."""

    guards = True

    def constant(self, value):
        if value is None:
            return "null"
        return f'"{value}"' if isinstance(value, str) else repr(value)

    def name(self, name):
        return name

    def known(self, item):
        return f"{item} != null"

    def binary(self, operator, left, right):
        return f"({left} {operator} {right})"

    def every(self, items):
        return " and ".join(items)

    def some(self, items):
        return f"({' or '.join(items)})"

    def choose(self, condition, then, otherwise):
        return f"({condition} ? {then} : {otherwise})"

    def total(self, items):
        return f"({' + '.join(items)})"

    def days(self, name):
        return f"({AS_OF.toordinal()} - {name})"

    def half_up(self, item):
        return f"({item} + 0.5).floor"


def build():
    """Return a function from accounts to their decisions."""
    from rule_engine import Context, DataType, Rule, type_resolver_from_dict

    form = Rules()
    before = placing(form)
    number = DataType.FLOAT
    sorts = {"choice": DataType.STRING, "bool": DataType.BOOLEAN}
    types = {name: sorts.get(kind, number) for name, kind in COLUMNS.items()}
    types |= {name: number for layer in before for name, _ in layer} | dict.fromkeys(DATES, number)
    context = Context(type_resolver=type_resolver_from_dict(types))
    steps = [(name, Rule(value, context=context)) for layer in before for name, value in layer]
    actions = [(Rule(tests, context=context), *rank) for tests, *rank in proposals(form)]

    def decide(accounts):
        for account in accounts:
            data = with_days(account)
            for name, rule in steps:
                data[name] = rule.evaluate(data)
            best = [int(data[name]) + rest for when, name, rest in actions if when.matches(data)]
            best.sort(reverse=True)
            scores = float(data["attractiveness"]), float(data["relationship"])
            yield int(data["class"]), int(data["level"]), *scores, best[:TOP]

    return decide
