"""The engine of a run: one that comes with kamrules, or a plug-in's that is asked for by name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kamrules.diagnostics import DataError, Diagnostic, KamrulesError, UsageError, nearest
from kamrules.engines import DUCKDB, POLARS
from kamrules.secrets import Revealed, clear_faults

if TYPE_CHECKING:
    from kamrules.contracts import Decided, Engine, EngineTask
    from kamrules.plugins import Plugins
    from kamrules.run.order import Order

AUTO = "auto"
BUILT_IN = (AUTO, DUCKDB, POLARS)
"""What comes with kamrules: kamrules.engines.sql, kamrules.engines.polars, and whichever suits a run."""
INSTALLED_BY = {"spark": "kamrules-spark"}
"""Engines that there are elsewhere, and what brings them."""


def engine_of(order: Order, plugins: Plugins) -> Engine | None:
    """Return the plug-in's engine that a run asks for, None for one that comes with kamrules.

    Raises UsageError for an engine that there is not, and for options of the other kind of engine,
    DataError (KR707) for a secret in clear among its options.
    """
    name = order.engine
    if clear := clear_faults(None, order.engine_options, _clear, "options"):
        raise DataError(*clear)
    if name in BUILT_IN:
        _refuse_options(order)
        return None
    found = plugins.engines.get(name)
    if found is None:
        raise UsageError(_unknown(name, plugins))
    ours = {
        "--memory-limit": order.memory_limit,
        "--spill": order.spill_folder,
        "--threads": order.threads,
    }
    _refuse(name, *(option for option, value in ours.items() if value is not None))
    return found


def built_in_of(order: Order) -> str:
    """Return which of the engines that come with kamrules decides a run.

    Polars takes less time; DuckDB keeps to a limit of memory, and takes over what was decided before. Raises
    UsageError where Polars is asked for and a limit too; check_since has refused the other.
    """
    limited = order.memory_limit is not None
    if order.engine == AUTO:
        return DUCKDB if limited or order.since else POLARS
    if order.engine == POLARS and limited:
        _refuse(POLARS, "--memory-limit")
    return order.engine


def decided_by(engine: Engine, name: str, task: EngineTask, plugins: Plugins) -> Decided:
    """Return what a plug-in's engine decides. Raises DataError where it fails, and what it raises itself."""
    try:
        return engine(replace(task, options=Revealed(task.options)))
    except KamrulesError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())
        owner = plugins.owner("engines", name)
        message = f"engine `{name}` of {owner} failed: {type(error).__name__}: {text}"
        raise DataError(Diagnostic("KR703", message)) from error


def _clear(code: str, message: str, *path: str, help: str) -> Diagnostic:  # noqa: A002  as elsewhere
    """Return what is told of a secret in clear; nothing else says in which option it stands."""
    told = message if f"`{path[-1]}`" in message else f"{message}, in engine option `{path[-1]}`"
    return Diagnostic(code, told, help=help)


def _unknown(name: str, plugins: Plugins) -> Diagnostic:
    known = sorted({*BUILT_IN, *plugins.engines})
    listed = ", ".join(f"`{each}`" for each in known)
    message = f"there is no engine `{name}`; there {'is' if len(known) == 1 else 'are'} {listed}"
    if name in INSTALLED_BY:
        return Diagnostic("KR890", message, help=f"pip install {INSTALLED_BY[name]}")
    near = nearest(name, {*known, *INSTALLED_BY})
    mend = f"did you mean `--engine {near}`?" if near else None
    if near in INSTALLED_BY and near not in plugins.engines:
        mend = f"did you mean `--engine {near}`? It comes by pip install {INSTALLED_BY[near]}"
    return Diagnostic("KR890", message, help=mend)


def _refuse_options(order: Order) -> None:
    """Raise UsageError for options of an engine that has none."""
    for each in order.engine_options:
        message = f"engine `{order.engine}` has no option `{each}`"
        mend = "name the engine that it is for, as in --engine spark --master spark://head:7077"
        raise UsageError(Diagnostic("KR891", message, help=mend))


def _refuse(name: str, *given: str) -> None:
    """Raise UsageError where a run has what only DuckDB knows."""
    mend = "leave it out; engines of plug-ins take --engine-option NAME=VALUE"
    if name == POLARS:
        mend = f"leave it out, or say --engine {DUCKDB}"
    for option in given:
        message = f"`{option}` is for engine `{DUCKDB}`, and the run asks for engine `{name}`"
        raise UsageError(Diagnostic("KR891", message, help=mend))
