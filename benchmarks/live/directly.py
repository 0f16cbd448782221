"""durable-rules used directly, as its documentation shows: a Host, facts of raw values, actions in Python.

The same conditions as the live engine's, from the same network: each rule compares the account's values
with the author's constants, and conclusions are asserted from actions. What the documented way does not
survive has been taken care of, since it would not end otherwise: sessions are thrown away after each
account (1,024 at most can live), rules stand in groups (65 that match one message are an error), there are
no background threads (they crash after a session is deleted), and numbers are rounded (1e-7 is an error).
Texts go in as texts.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from kamrules.engines.live.compiling import Compiled
from kamrules.engines.live.formula import Concluded, Known, Measured
from kamrules.engines.row.code import Writer
from kamrules.engines.row.generate import function, write
from kamrules.expression.nodes import Comparison

if TYPE_CHECKING:
    from kamrules.engines.live.network import Network

GROUP = 30
SIGNS = {
    Comparison.NOT_EQUAL: "$neq", Comparison.LESS: "$lt", Comparison.LESS_EQUAL: "$lte",
    Comparison.GREATER: "$gt", Comparison.GREATER_EQUAL: "$gte",
}  # fmt: skip


class Directly:
    """Decides by a Host; `conclusions` returns what the rules conclude about an account."""

    def __init__(self, program, layout):
        from durable.engine import Host

        class Quiet(Host):
            def _run(self):
                pass

        compiled = Compiled(program)
        self.network: Network = compiled.network
        self.quantities = compiled.quantities.all
        self.values = _values(program, layout, self.quantities)
        self.stages = max(self.network.stages.values()) + 1
        self.found: set[str] = set()
        self.host = Quiet()
        self.host.set_rulesets({"kam": self._rules()})

    def _rules(self):
        rules: dict[str, Any] = {"boot": {"all": [{"m": {"kind": "boot"}}], "run": lambda _c: None}}
        self.groups: list[list[str]] = [[] for _ in range(self.stages)]
        counts = [0] * self.stages
        for number, rule in enumerate(self.network.rules):
            if counts[rule.stage] % GROUP == 0:
                self.groups[rule.stage].append(f"g{len(self.groups[rule.stage])}_{rule.stage}")
            counts[rule.stage] += 1
            tests = [{self.groups[rule.stage][-1]: 1}, *map(self._test, rule.when)]
            when: list[Any] = [{"m": {"$and": tests}}]
            rules[f"rule_{number}"] = {"all": when, "run": self._action(rule.names)}
        rules["handled"] = {"all": [{"m": {"$ex": {"name": 1}}}], "run": lambda _c: None}
        return rules

    def _test(self, literal):
        if isinstance(literal, Concluded):
            name = f"is_{literal.name}"
            return {name: 1} if literal.held else {"$nex": {name: 1}}
        name = f"value_{literal.quantity}"
        if isinstance(literal, Known):
            return {"$ex": {name: 1}} if literal.known else {"$nex": {name: 1}}
        assert isinstance(literal, Measured)
        constant = plain(literal.constant)
        if literal.comparison is Comparison.EQUAL:
            return {name: constant}
        return {SIGNS[literal.comparison]: {name: constant}}

    def _action(self, names):
        def run(c):
            for name in names:
                if name not in self.found:
                    self.found.add(name)
                    c.assert_fact({"id": name, "name": name})

        return run

    def conclusions(self, asked):
        """Return everything that is concluded; `asked` is what the generated function takes."""
        _, values = self.values(*asked)
        told = {f"value_{n}": plain(each) for n, each in enumerate(values) if each is not None}
        self.found = set()
        self.host.assert_fact("kam", {"sid": "a", "id": "boot", "kind": "boot"})
        try:
            for stage in range(self.stages):
                before = {
                    f"is_{name}": 1 for name in self.found if self.network.stages[name] < stage
                }
                groups = dict.fromkeys(self.groups[stage], 1)
                message = {"sid": "a", "id": f"account{stage}", **groups, **told, **before}
                self._assert(message)
        finally:
            self.host.delete_state("kam", "a")
        return self.found

    def _assert(self, message):
        from durable.engine import MessageNotHandledException

        with contextlib.suppress(MessageNotHandledException):
            self.host.assert_fact("kam", message)


def plain(value):
    """Return a value as durable-rules takes it: no exponents, no -0."""
    return round(value, 4) + 0.0 if isinstance(value, float) else value


def _values(program, layout, quantities):
    """Return the row engine's function, with the raw values of all quantities behind its result."""
    writer = Writer()

    def beyond():
        found = []
        for each in quantities:
            one = writer.keep(writer.value(each.node))
            if each.other is not None:
                two = writer.keep(writer.value(each.other))
                unknown = f"{one} is None or {two} is None"
                told = (
                    f"({one} > {two}) - ({one} < {two})"
                    if each.node.type.numeric
                    else f"int({one} != {two})"
                )
                one = f"(None if {unknown} else {told})"
            found.append(one)
        return "(" + "".join(f"{each}, " for each in found) + ")"

    return function(write(program, layout, writer, beyond), "decide", writer)
