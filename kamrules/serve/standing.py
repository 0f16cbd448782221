"""Standing: what is not counted but asked for when Prometheus comes: the log's head, what waits, backlogs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from kamrules import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from kamrules.serve.service import Service


class Standing(Collector):
    """How a service stands."""

    def __init__(self, service: Service) -> None:
        """Take the service."""
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """Give each measure as it is now."""
        service = self._service
        told = service.book.described
        yield CounterMetricFamily(
            "kamrules_commits", "Commits of the store; entries of the log per commit are a group's size.",
            value=told["commits"],
        )  # fmt: skip
        yield CounterMetricFamily(
            "kamrules_log_entries", "Entries written to the decision log.",
            value=told["entries_written"],
        )  # fmt: skip
        yield GaugeMetricFamily(
            "kamrules_log_head", "Number of the log's last entry.", told["head"]
        )
        yield GaugeMetricFamily(
            "kamrules_store_healthy", "1 while the store works.", told["healthy"]
        )
        waiting = GaugeMetricFamily("kamrules_waiting", "What waits, by for what.", labels=["for"])
        waiting.add_metric(["answer"], service.waiting)
        waiting.add_metric(["commit"], told["waiting"])
        yield waiting
        backlog = GaugeMetricFamily(
            "kamrules_webhook_backlog", "Entries of the log that a receiver has not been told.",
            labels=["receiver"],
        )  # fmt: skip
        failures = GaugeMetricFamily(
            "kamrules_webhook_failures", "Tries in a row that a receiver has not taken.",
            labels=["receiver"],
        )  # fmt: skip
        for each in service.deliveries:
            backlog.add_metric([each.receiver.label], each.backlog)
            failures.add_metric([each.receiver.label], each.failures)
        yield backlog
        yield failures
        info = GaugeMetricFamily(
            "kamrules_info", "What decides, as labels.", labels=["version", "ruleset", "digest"]
        )
        info.add_metric([__version__, told["ruleset"]["name"], told["ruleset"]["digest"]], 1)
        yield info
