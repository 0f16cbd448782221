"""Measures: what the service counts and times, as Prometheus reads it.

prometheus_client writes it: alive, pure Python, without dependencies, and it knows the format's corners.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 1, 5)


# a second number for each, which says when it began; Prometheus knows that from the numbers themselves
disable_created_metrics()  # type: ignore[no-untyped-call]


class Measures:
    """All measures of one service. Each process has one service, each test its own."""

    def __init__(self) -> None:
        """Start from zero."""
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "kamrules_requests", "Requests answered.", ["route", "status"], registry=registry
        )
        self.seconds = Histogram(
            "kamrules_request_seconds", "From a request's head to the end of its answer.", ["route"],
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.events = Counter(
            "kamrules_events", "Events by what became of them.", ["result"], registry=registry
        )
        self.decisions = Counter(
            "kamrules_decisions", "Decisions by engine, and by why the row engine had to.",
            ["engine", "trouble"], registry=registry,
        )  # fmt: skip
        self.deciding = Histogram(
            "kamrules_deciding_seconds", "From a question to its answer, the wait for a worker included.",
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.deliveries = Counter(
            "kamrules_webhook_deliveries", "Webhooks sent, by receiver and what it answered.",
            ["receiver", "result"], registry=registry,
        )  # fmt: skip
        for result in ("applied", "repeated", "refused", "conflict", "not_stored"):
            self.events.labels(result)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)
