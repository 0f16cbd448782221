"""The functions that plug-ins add to the language, tried by the SQL engine when one is first called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.expression.plugged import Functions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.diagnostics import Diagnostic
    from kamrules.expression.plugged import PluginFunction


def functions_of(found: Mapping[str, PluginFunction]) -> Functions:
    """Return functions by name as `load_ruleset` takes them."""
    return Functions(found, tried)


def tried(one: PluginFunction) -> Diagnostic | None:
    """Return why the SQL form of a function cannot be used, if so; see kamrules.engines.sql.plugged."""
    from kamrules.engines.sql import plugged  # noqa: PLC0415  few rulesets call such functions

    return plugged.tried(one)
