"""Watching: Spark's jobs of a run tell how far they are, and can be stopped from another thread."""

from __future__ import annotations

import threading
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from kamrules.diagnostics import DataError, Diagnostic
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from kamrules_spark.session import reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.progress import Progress
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

_EVERY = 0.3
"""Seconds between two questions; each takes a few milliseconds of the driver's."""


class Watch:
    """The jobs of one run, in a group of their own: others of the session are neither shown nor stopped."""

    def __init__(self, spark: SparkSession, progress: Progress) -> None:
        self._context: SparkContext = spark.sparkContext
        self._progress = progress
        self.group = f"kamrules-{uuid.uuid4().hex[:8]}"

    @contextmanager
    def jobs(self) -> Iterator[None]:
        """Put the jobs of this thread into the group. Raises DataError (KR895) where Spark fails."""
        self._context.setJobGroup(self.group, "kamrules", interruptOnCancel=True)
        try:
            yield
        except (PySparkException, Py4JError) as error:
            raise DataError(Diagnostic("KR895", f"Spark failed: {reason(error)}")) from error
        finally:
            with suppress(Exception):  # the session may have been stopped, which says so itself
                for name in ("spark.jobGroup.id", "spark.job.description"):
                    self._context.setLocalProperty(name, None)  # type: ignore[arg-type]  as Spark has it

    def stop(self) -> None:
        """Stop what is at work; from another thread."""
        self._context.cancelJobGroup(self.group)

    @contextmanager
    def told(self, step: str) -> Iterator[None]:
        """Tell of a step, and how many of the tasks of its stages are done, until it ends."""
        self._progress(step)
        ended = threading.Event()
        thread = threading.Thread(target=self._tell, args=(step, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _tell(self, step: str, ended: threading.Event) -> None:
        before = set(self._jobs())
        while not ended.wait(_EVERY):
            done, of = self._tasks(before)
            if of:
                self._progress(step, done, of, "tasks")

    def _jobs(self) -> list[int]:
        with suppress(Exception):  # progress is no reason for a run to fail
            return list(self._context.statusTracker().getJobIdsForGroup(self.group))
        return []

    def _tasks(self, before: set[int]) -> tuple[int, int]:
        """Return how many tasks of the step's jobs are done, and how many there are as far as is known."""
        done = of = 0
        with suppress(Exception):
            tracker = self._context.statusTracker()
            stages: set[int] = set()
            for job in set(self._jobs()) - before:
                known = tracker.getJobInfo(job)
                stages |= set(known.stageIds) if known else set()
            for stage in stages:
                found = tracker.getStageInfo(stage)
                if found is not None:
                    done += found.numCompletedTasks
                    of += found.numTasks
        return done, of
