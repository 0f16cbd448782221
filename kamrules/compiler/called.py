"""Called: the functions of plug-ins that a program calls, and its digest with them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from kamrules.compiler.parts import trees
from kamrules.expression.nodes import PluginCall
from kamrules.expression.walk import below

if TYPE_CHECKING:
    from kamrules.compiler.program import Program
    from kamrules.expression.plugged import PluginFunction


def with_functions(program: Program) -> Program:
    """Return the program with the functions that it calls; without any it is the program itself."""
    called = {
        node.function.name: node.function
        for tree in trees(program)
        for node in below(tree)
        if isinstance(node, PluginCall)
    }
    if not called:
        return program
    functions = tuple(called[name] for name in sorted(called))
    content = json.dumps([program.digest, *map(_said, functions)], ensure_ascii=False)
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
    return replace(program, digest=digest, functions=functions)


def _said(one: PluginFunction) -> list[object]:
    """Return what tells one function from another of its name; nobody can look into the Python form."""
    return [
        one.name,
        one.version,
        [each.kind for each in one.parameters],
        one.returns.kind,
        one.sql,
    ]
