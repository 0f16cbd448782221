"""The Spark session of a run: opened for a master, or the one that is there already."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import DataError, Diagnostic, UsageError, nearest
from kamrules.secrets import Revealed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from pyspark.sql import SparkSession

MASTER = "master"
OWN = {"csv.multiline": "true", "scratch": ""}
"""Options that are not Spark's own, with what holds when nothing is said."""
_SWITCHES = ("csv.multiline",)
_PARTITIONS = "spark.sql.shuffle.partitions"
_LOCAL = ("local", "local[", "local-cluster[")
_SETTINGS = {
    # several runs on one machine would look for free ports, and a run shows its own progress
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # each sort, window and group holds a page at least; pages as large as Spark takes them, one for each of
    # a hundred of them at once, are more than there is
    "spark.buffer.pageSize": "2m",
    # a ruleset is one deep query, and Java plans and compiles it by calling itself
    "spark.driver.extraJavaOptions": "-Xss64m",
    "spark.executor.extraJavaOptions": "-Xss64m",
}


def own_options(options: Mapping[str, str]) -> dict[str, str]:
    """Return the options that are not Spark's own. Raises UsageError for one that there is not."""
    known = (MASTER, *OWN)
    for name in options:
        if name not in known and not name.startswith("spark."):
            near = nearest(name, known)
            what = f"engine `spark` has no option `{name}`"
            mend = f"did you mean `{near}`?" if near else None
            mend = mend or f"it has {', '.join(known)} and all that begin with `spark.`"
            raise UsageError(Diagnostic("KR892", what, help=mend))
    found = {name: options.get(name, value) for name, value in OWN.items()}
    for name in _SWITCHES:
        value = found[name]
        if value not in {"true", "false"}:
            what = f"option `{name}` of engine `spark` is `{value}`"
            raise UsageError(Diagnostic("KR892", what, help=f"write {name}=true or {name}=false"))
    return found


_SPARED = (
    "BooleanSimplification", "SimplifyConditionals", "SimplifyBinaryComparison", "NullPropagation",
    "ReorderAssociativeOperator", "FoldablePropagation", "PushFoldableIntoBranches",
    "UnwrapCastInBinaryComparison", "ReplaceNullWithFalseInPredicate", "RemoveRedundantAliases",
    "OptimizeCsvJsonExprs",
)  # fmt: skip
"""Rules of the optimizer that look for what was written in a roundabout way; what kamrules writes is not.
They took three tenths of the time in which `kam` was planned, BooleanSimplification alone an eighth."""
PLANNED = {
    # a ruleset is a query of hundreds of storeys, which would be planned anew after each stage
    "spark.sql.adaptive.enabled": "false",
    # every relation is parted by account, so that a join moves nothing; a broadcast is a job of its own
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    # what follows from conditions is worked out for every column of every storey, and helps nothing
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.optimizer.excludedRules": ",".join(
        f"org.apache.spark.sql.catalyst.optimizer.{each}" for each in _SPARED
    ),
}
"""Settings under which a ruleset's query is planned."""


def planning(spark: SparkSession) -> AbstractContextManager[None]:
    """Plan as suits the query of a ruleset, and as before when that is done."""
    return configured(spark, PLANNED)


@contextmanager
def configured(spark: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    """Let settings hold for a while: the session may be someone else's."""
    before = {name: spark.conf.get(name, None) for name in settings}
    for name, value in settings.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, value)


@contextmanager
def session(options: Mapping[str, str]) -> Iterator[SparkSession]:
    """Give a session on the master that is asked for, and end it; one that is there is used and left.

    Raises UsageError without pyspark or Java, DataError when Spark does not start.
    """
    _check_installed()
    from pyspark.sql import SparkSession  # noqa: PLC0415  takes a second

    there = SparkSession.getActiveSession()
    if there is not None:
        _check_master(there, options)
        yield there
        return
    # an empty one keeps the Java machine from starting
    if not os.environ.get("PYSPARK_SUBMIT_ARGS", "?"):
        del os.environ["PYSPARK_SUBMIT_ARGS"]
    builder = SparkSession.builder.appName("kamrules")
    for name, value in _settings(options).items():
        builder = builder.config(name, value)
    handled = _handler()
    try:
        _start_java(options)
        opened = builder.getOrCreate()
    except Exception as error:
        master = options.get(MASTER, "its default master")
        what = f"Spark does not start on {master}: {reason(error)}"
        raise DataError(Diagnostic("KR893", what)) from error
    finally:
        # pyspark puts its own there, which would break in while files are moved into place
        if handled is not None:
            signal.signal(signal.SIGINT, handled)
    opened.sparkContext.setLogLevel("ERROR")
    if _PARTITIONS not in options:
        # Spark's 200 are for clusters of a hundred processors
        opened.conf.set(_PARTITIONS, str(max(2 * opened.sparkContext.defaultParallelism, 2)))
    try:
        yield opened
    finally:
        opened.stop()


def _start_java(options: Mapping[str, str]) -> None:
    """Start the Java machine with all settings but secrets: whoever lists processes reads its command line.

    It gets these with the others afterwards, over its own socket. What begins with `spark.driver.` counts
    for the start only, so that nothing can keep a secret out of sight there.
    """
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415

    conf = SparkConf(loadDefaults=False)
    hidden = {each for each in options if isinstance(options, Revealed) and options.secret(each)}
    for name, value in _settings(options).items():
        if name not in hidden or name.startswith("spark.driver."):
            conf.set(name, value)
    SparkContext._ensure_initialized(conf=conf)  # noqa: SLF001  does nothing when there is one already


def _check_master(there: SparkSession, options: Mapping[str, str]) -> None:
    """Raise UsageError when another master is asked for than that of the session that there is."""
    master = there.sparkContext.master
    if options.get(MASTER, master) != master:
        what = f"this process has a Spark session already, on `{master}`"
        mend = "leave `--master` out to use it, or stop it first"
        raise UsageError(Diagnostic("KR892", what, help=mend))


def _handler() -> Any:  # noqa: ANN401  a function or one of two numbers
    """Return what handles Ctrl-C now, None outside of the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return None
    return signal.getsignal(signal.SIGINT)


def _settings(options: Mapping[str, str]) -> dict[str, str]:
    found = dict(_SETTINGS)
    master = options.get(MASTER)
    if master is None and "SPARK_CONF_DIR" not in os.environ and "SPARK_HOME" not in os.environ:
        master = "local[*]"
    if master is not None:
        found["spark.master"] = master
        if master.startswith(_LOCAL):
            # nobody else has to reach the driver, and a machine's name may lead nowhere
            found |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return found | {name: value for name, value in options.items() if name.startswith("spark.")}


def _check_installed() -> None:
    if importlib.util.find_spec("pyspark") is None:
        what = "engine `spark` needs pyspark, which is not installed"
        raise UsageError(Diagnostic("KR893", what, help="pip install 'pyspark>=4.0'"))
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (home and os.path.exists(f"{home}/bin/java")):  # noqa: PTH110
        what = "engine `spark` needs Java 17 or later, and there is no `java`"
        mend = "install it (on Debian: apt install openjdk-17-jre-headless), or set JAVA_HOME"
        raise UsageError(Diagnostic("KR893", what, help=mend))


def reason(error: BaseException) -> str:
    """Return why Spark failed, in one line: the first that is not about Java's own frames."""
    lines = [each.strip() for each in str(error).splitlines() if each.strip()]
    passed = ("at ", "py4j.", "JVM stacktrace", "An error occurred while calling", "... ")
    told = [each for each in lines if not each.startswith(passed)]
    text = (told or [type(error).__name__])[0]
    causes = [each.removeprefix("Caused by: ") for each in lines if each.startswith("Caused by: ")]
    if causes and causes[-1] != text:
        text = f"{text} ({causes[-1]})"
    return text if len(text) <= 400 else f"{text[:399]}…"
