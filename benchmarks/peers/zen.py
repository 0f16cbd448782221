"""zen-engine: one expression node of a JDM with all steps, loaded once as precompiled content."""

from __future__ import annotations

import json
from decimal import Decimal

from benchmarks.peers.translating import Translator, given_names


class Zen:
    """zen's expression language; `$` holds what earlier lines of the node came to."""

    def constant(self, value):
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return json.dumps(value, ensure_ascii=False)
        number = f"{Decimal(repr(float(value))):f}"  # zen counts in decimals
        return f"({number})" if number.startswith("-") else number

    def name(self, name):
        return f"$.{name}" if "__" in name or name in STEPS else name

    def known(self, item):
        return f"{item} != null"

    def binary(self, operator, left, right):
        return f"({left} {operator} {right})"

    def every(self, items):
        return f"({' and '.join(items)})" if items else "true"

    def some(self, items):
        return f"({' or '.join(items)})" if items else "false"

    def choose(self, condition, then, otherwise):
        return f"({condition} ? {then} : {otherwise})"

    def among(self, item, values):
        return f"({item} in [{', '.join(map(self.constant, values))}])"

    def call(self, name, items):
        if name in {"min", "max"}:
            return f"{name}([{', '.join(items)}])"
        return f"{name}({', '.join(items)})"

    def cell(self, name):
        return f"#.{name}"

    def outer(self, name):
        return self.name(name)

    def filtered(self, table, test):
        return f"filter({table}, {test})" if test is not None else table

    def count(self, rows):
        return f"len({rows})"

    def total(self, rows, column):
        return f"sum(map({rows}, #.{column}))"

    def extreme(self, function, rows, column, keep):
        kept = keep(rows)
        return f"(len({kept}) > 0 ? {function}(map({kept}, #.{column})) : null)"


STEPS = {"class", "tier", "phase", "strategy"}


def build(program, as_of: int):
    """Return a function from flat facts to the values of all steps."""
    import zen

    translator = Translator(program, Zen(), as_of)
    translator.names |= given_names(program)
    translator.whole()
    node = {
        "id": "steps", "name": "steps", "type": "expressionNode",
        "content": {
            "expressions": [
                {"id": str(number), "key": name, "value": value}
                for number, (name, value) in enumerate(translator.steps)
            ]
        },
    }  # fmt: skip
    graph = {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode"}, node,
            {"id": "out", "name": "out", "type": "outputNode"},
        ],
        "edges": [
            {"id": "a", "type": "edge", "sourceId": "in", "targetId": "steps"},
            {"id": "b", "type": "edge", "sourceId": "steps", "targetId": "out"},
        ],
    }  # fmt: skip
    content = zen.ZenDecisionContent(json.dumps(graph))
    engine = zen.ZenEngine({"loader": lambda _key: content})
    return lambda facts: engine.evaluate("kam", facts)["result"]
