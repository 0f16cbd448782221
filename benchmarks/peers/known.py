"""The peers, by what they are called, and which of them can run here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Peer:
    """One peer: the module that holds the rules in its form, and the package that it needs."""

    name: str
    form: str
    needs: str | None = None

    @property
    def is_here(self) -> bool:
        """Return whether what it needs is installed."""
        return self.needs is None or find_spec(self.needs) is not None

    @property
    def module(self) -> Any:
        """Return its form."""
        return import_module(f"benchmarks.peers.forms.{self.form}")

    def decider(self) -> Callable[[Any], Any]:
        """Return a function from accounts to class, level, both scores and the keys of the best actions."""
        return self.module.build()


ONE_BY_ONE = (
    Peer("a Python function by hand", "python_function"),
    Peer("zen-engine, compiled", "zen", "zen"),
    Peer("datalogic-py, compiled", "datalogic", "datalogic_py"),
    Peer("rule-engine", "rule_engine", "rule_engine"),
    Peer("business-rules", "business_rules", "business_rules"),
    Peer("durable-rules alone", "durable", "durable"),
)
WHOLE_BOOKS = (
    Peer("a DuckDB query by hand", "duckdb_query", "duckdb"),
    Peer("a Polars query by hand", "polars_query", "polars"),
)
