"""Rules for key account management: classify customers and recommend the next best actions.

    import datetime
    from kamrules import compile_ruleset, decide, load_ruleset

    program = compile_ruleset(load_ruleset("kam"))
    decision = decide(program, {"account_id": "ACME"}, as_of=datetime.date(2026, 6, 30))

This module is the public API and nothing else; everything it does not list may move.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kamrules.book import Book
    from kamrules.compiler import Program, compile_ruleset
    from kamrules.decision import Action, Decision, Earlier
    from kamrules.diagnostics import DataError, Diagnostic, KamrulesError, RulesetError, UsageError
    from kamrules.document import Ruleset, load_ruleset
    from kamrules.engines.cutoffs import Cutoffs
    from kamrules.engines.row import decide, decide_many, explain
    from kamrules.engines.sql import BookDecisions
    from kamrules.hookspecs import hookimpl
    from kamrules.live.book import LiveBook
    from kamrules.live.events import Event
    from kamrules.run.in_memory import decide_book
    from kamrules.workbench.difference import compare
    from kamrules.workbench.nearest import advised, nearest

__version__ = "0.1.0"

__all__ = [
    "Action",
    "Book",
    "BookDecisions",
    "Cutoffs",
    "DataError",
    "Decision",
    "Diagnostic",
    "Earlier",
    "Event",
    "KamrulesError",
    "LiveBook",
    "Program",
    "Ruleset",
    "RulesetError",
    "UsageError",
    "advised",
    "compare",
    "compile_ruleset",
    "decide",
    "decide_book",
    "decide_many",
    "explain",
    "hookimpl",
    "load_ruleset",
    "nearest",
]

# Each name is imported when it is first asked for: a CRM that only decides need not load what books
# are read with, and `kamrules --help` need not load anything.
_HOMES = {
    "kamrules.book": ("Book",),
    "kamrules.compiler": ("Program", "compile_ruleset"),
    "kamrules.decision": ("Action", "Decision", "Earlier"),
    "kamrules.diagnostics": (
        "DataError",
        "Diagnostic",
        "KamrulesError",
        "RulesetError",
        "UsageError",
    ),
    "kamrules.document": ("Ruleset", "load_ruleset"),
    "kamrules.engines.cutoffs": ("Cutoffs",),
    "kamrules.engines.row": ("decide", "decide_many", "explain"),
    "kamrules.engines.sql": ("BookDecisions",),
    "kamrules.hookspecs": ("hookimpl",),
    "kamrules.live.book": ("LiveBook",),
    "kamrules.live.events": ("Event",),
    "kamrules.run.in_memory": ("decide_book",),
    "kamrules.workbench.difference": ("compare",),
    "kamrules.workbench.nearest": ("advised", "nearest"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  whatever the name stands for
    for module, names in _HOMES.items():
        if name in names:
            found = globals()[name] = getattr(import_module(module), name)
            return found
    raise AttributeError(f"module 'kamrules' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
