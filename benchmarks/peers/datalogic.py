"""datalogic-py: JSON logic compiled once. It has no names for results, so the steps come in stages."""

from __future__ import annotations

from benchmarks.peers.translating import Translator, given_names


class JsonLogic:
    """JSON logic as trees of dicts."""

    def constant(self, value):
        return value

    def name(self, name):
        return {"val": name}

    def known(self, item):
        return {"!==": [item, None]}

    def binary(self, operator, left, right):
        return {{"==": "===", "!=": "!=="}.get(operator, operator): [left, right]}

    def every(self, items):
        return items[0] if len(items) == 1 else {"and": items} if items else True

    def some(self, items):
        return items[0] if len(items) == 1 else {"or": items} if items else False

    def choose(self, condition, then, otherwise):
        return {"if": [condition, then, otherwise]}

    def among(self, item, values):
        return {"in": [item, values]}

    def call(self, name, items):
        return {name: items}

    def cell(self, name):
        return {"val": name}

    def outer(self, name):
        return {"val": [[1], name]}

    def filtered(self, table, test):
        return {"filter": [{"val": table}, test]} if test is not None else {"val": table}

    def count(self, rows):
        return {"length": [rows]}

    def total(self, rows, column):
        add = {"+": [{"val": "accumulator"}, {"val": ["current", column]}]}
        return {"reduce": [rows, add, 0.0]}

    def extreme(self, function, rows, column, keep):
        del keep
        least, current = {"val": "accumulator"}, {"val": ["current", column]}
        sign = ">" if function == "max" else "<"
        better = {"or": [{"===": [least, None]}, {sign: [current, least]}]}
        return {"reduce": [rows, {"if": [better, current, least]}, None]}


def build(program, as_of: int):
    """Return a function from flat facts to the values of all steps."""
    import datalogic_py

    translator = Translator(program, JsonLogic(), as_of)
    translator.names |= given_names(program)
    translator.whole()
    engine = datalogic_py.Engine(templating=True)
    stages = [engine.compile(stage) for stage in _stages(translator.steps)]
    session = engine.session()

    def decide(facts):
        data = facts
        for stage in stages:
            data = {**data, **session.evaluate(stage, data)}
        return data

    return decide


def _stages(steps) -> list[dict[str, object]]:
    """Return as few templates as can be, each reading only what earlier ones made."""
    level: dict[str, int] = {}
    stages: list[dict[str, object]] = []
    for name, value in steps:
        stage = max((level[each] + 1 for each in _names(value) if each in level), default=0)
        level[name] = stage
        while len(stages) <= stage:
            stages.append({})
        stages[stage][name] = value
    return stages


def _names(value):
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "val":
                yield item if isinstance(item, str) else item[-1]
            else:
                yield from _names(item)
    elif isinstance(value, list):
        for item in value:
            yield from _names(item)
