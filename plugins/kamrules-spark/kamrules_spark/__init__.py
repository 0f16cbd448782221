"""Apache Spark and kamrules: the same program where one machine is outgrown; docs in README.md.

    kamrules run book.toml --engine spark --master spark://head:7077
    kamrules_spark.decide_frame(spark, {"accounts": frame}, as_of=date)["decisions"]     for those in Spark

pyspark is imported when one of them is used, not before.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kamrules import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamrules.contracts import Decided, Delivery, Engine, EngineTask, Sink, Target

    from kamrules_spark.frames import decide_frame as decide_frame

__all__ = ["decide_frame"]

kamrules_api = 2


@hookimpl
def register_engines(register: Callable[[str, Engine], None]) -> None:
    """Name the engine."""
    register("spark", _decide)


@hookimpl
def register_sinks(register: Callable[[str, Sink], None]) -> None:
    """Name the sink."""
    register("spark", _deliver)


def _deliver(target: Target) -> Delivery:
    found: Delivery = import_module("kamrules_spark.sink").Folder(target)
    return found


def _decide(task: EngineTask) -> Decided:
    found: Decided = import_module("kamrules_spark.engine").decide(task)
    return found


def __getattr__(name: str) -> Any:  # noqa: ANN401  the one name it has
    if name == "decide_frame":
        return import_module("kamrules_spark.frames").decide_frame
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
