"""The engine of a run: the built-in one, or a plug-in's that is asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.diagnostics import DataError, Diagnostic, KamrulesError, UsageError, nearest

if TYPE_CHECKING:
    from kamrules.contracts import Decided, Engine, EngineTask
    from kamrules.plugins import Plugins
    from kamrules.run.order import Order

BUILT_IN = "duckdb"
"""The engine that comes with kamrules: kamrules.engines.sql."""
INSTALLED_BY = {"spark": "kamrules-spark"}
"""Engines that there are elsewhere, and what brings them."""


def engine_of(order: Order, plugins: Plugins) -> Engine | None:
    """Return the plug-in's engine that a run asks for, None for the built-in one.

    Raises UsageError for an engine that there is not, and for options of the other kind of engine.
    """
    name = order.engine
    if name == BUILT_IN:
        _refuse(name, {f"--{each}": each for each in order.engine_options})
        return None
    found = plugins.engines.get(name)
    if found is None:
        raise UsageError(_unknown(name, plugins))
    ours = {
        "--memory-limit": order.memory_limit,
        "--spill": order.spill_folder,
        "--threads": order.threads,
        "--tables": order.tables or None,
    }
    _refuse(name, {key: value for key, value in ours.items() if value is not None})
    return found


def decided_by(engine: Engine, name: str, task: EngineTask, plugins: Plugins) -> Decided:
    """Return what a plug-in's engine decides. Raises DataError where it fails, and what it raises itself."""
    try:
        return engine(task)
    except KamrulesError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())
        owner = plugins.owner("engines", name)
        message = f"engine `{name}` of {owner} failed: {type(error).__name__}: {text}"
        raise DataError(Diagnostic("KR703", message)) from error


def _unknown(name: str, plugins: Plugins) -> Diagnostic:
    known = sorted({BUILT_IN, *plugins.engines})
    listed = ", ".join(f"`{each}`" for each in known)
    message = f"there is no engine `{name}`; there {'is' if len(known) == 1 else 'are'} {listed}"
    if name in INSTALLED_BY:
        return Diagnostic("KR890", message, help=f"pip install {INSTALLED_BY[name]}")
    near = nearest(name, {*known, *INSTALLED_BY})
    mend = f"did you mean `--engine {near}`?" if near else None
    if near in INSTALLED_BY and near not in plugins.engines:
        mend = f"did you mean `--engine {near}`? It comes by pip install {INSTALLED_BY[near]}"
    return Diagnostic("KR890", message, help=mend)


def _refuse(name: str, given: dict[str, object]) -> None:
    """Raise UsageError where a run has options that its engine does not know."""
    for option in given:
        if name == BUILT_IN:
            message = f"engine `{name}` has no option `{option.removeprefix('--')}`"
            mend = "name the engine that it is for, as in --engine spark --master spark://head:7077"
        else:
            message = f"`{option}` is for engine `{BUILT_IN}`, and the run asks for engine `{name}`"
            mend = "leave it out; engines of plug-ins take --engine-option NAME=VALUE"
        raise UsageError(Diagnostic("KR891", message, help=mend))
