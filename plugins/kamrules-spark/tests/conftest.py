"""One Spark for all tests here: a cluster of two executors, each a Java machine of its own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

# it need not be installed for its tests
sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[3])]

MASTER = "local-cluster[2,1,1024]"
SETTINGS = {
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.driver.memory": "1g",
    # what runs once is not worth the second compiler's work, which takes more than a third of the time
    "spark.driver.extraJavaOptions": "-Xss64m -XX:TieredStopAtLevel=1",
    "spark.executor.extraJavaOptions": "-Xss64m -XX:TieredStopAtLevel=1",
    # far from UTC, so that a date that goes through a local time shows
    "spark.sql.session.timeZone": "Pacific/Kiritimati",
}


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("there is no Java; `make services` installs it")
    from kamrules_spark.session import session

    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    # a machine's own python3 may be another version, by which Spark reads no rows made here
    os.environ["PYSPARK_PYTHON"] = sys.executable
    folder = tmp_path_factory.mktemp("spark")
    places = {"spark.sql.warehouse.dir": str(folder / "tables"), "spark.local.dir": str(folder)}
    with session({"master": MASTER, **SETTINGS, **places}) as opened:
        yield opened


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for each in items:
        if here in each.path.parents:
            # py4j lets go of a thread's connection when the thread is no more
            each.add_marker(pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"))
            each.add_marker(
                pytest.mark.filterwarnings(
                    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
                )
            )
