"""A Spark of our own: one local session for the whole test process, in a Java machine that ends with it."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from typing import Any

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.default.parallelism": "2",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.ui.showConsoleProgress": "false",
}
OF_SPARK = (
    "ignore:unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning",
)
"""Warnings that its client raises when its sockets to the Java machine are collected as garbage."""


@cache
def spark() -> Any:
    """Return the session, started when it is asked for first."""
    from pyspark.sql import SparkSession

    # an empty one would keep the Java machine from starting
    if not os.environ.get("PYSPARK_SUBMIT_ARGS", "?"):
        del os.environ["PYSPARK_SUBMIT_ARGS"]
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    folder = tempfile.mkdtemp(prefix="kamrules-spark-")
    builder = SparkSession.builder.master("local[2]").appName("kamrules tests")
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    session = builder.config("spark.sql.warehouse.dir", f"{folder}/tables").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    atexit.register(_end, session, folder)
    return session


def _end(session: Any, folder: str) -> None:
    session.stop()
    shutil.rmtree(folder, ignore_errors=True)
