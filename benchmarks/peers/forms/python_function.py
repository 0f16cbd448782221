"""A Python function as a programmer would write it: local variables, tests in short circuit, one sort."""

from __future__ import annotations

from benchmarks.peers.lowering import placing, proposals
from benchmarks.peers.rules import AS_OF, COLUMNS, TOP


class Python:
    """Python's expressions."""

    guards = True

    def constant(self, value):
        return repr(value)

    def name(self, name):
        return f"{name}_" if name == "class" else name

    def known(self, item):
        return f"{item} is not None"

    def binary(self, operator, left, right):
        return f"({left} {operator} {right})"

    def every(self, items):
        return " and ".join(items)

    def some(self, items):
        return items[0] if len(items) == 1 else f"({' or '.join(items)})"

    def choose(self, condition, then, otherwise):
        return f"({then} if {condition} else {otherwise})"

    def total(self, items):
        return f"({' + '.join(items)})"

    def days(self, name):
        return f"(AS_OF - {name}).days"

    def half_up(self, item):
        return f"int({item} + 0.5)"


def source() -> str:
    """Return the function as text."""
    form = Python()
    lines = ["def decide(account):"]
    lines += [f"    {name} = account[{name!r}]" for name in COLUMNS]
    for name, value in (step for layer in placing(form) for step in layer):
        lines.append(f"    {form.name(name)} = {value}")
    lines.append("    keys = []")
    for tests, name, rest in proposals(form):
        lines += [f"    if {tests}:", f"        keys.append({name} + {rest})"]
    lines += [
        "    keys.sort(reverse=True)",
        f"    return class_, level, attractiveness, relationship, keys[:{TOP}]",
    ]
    return "\n".join(lines) + "\n"


def function():
    """Return a function from an account to class, level, both scores and the keys of the best actions."""
    names = {"AS_OF": AS_OF}
    exec(compile(source(), "by hand", "exec"), names)
    return names["decide"]


def build():
    """Return a function from accounts to their decisions."""
    decide = function()
    return lambda accounts: map(decide, accounts)
