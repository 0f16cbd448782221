"""dlt without its telemetry, and without its log on the terminal: what needs dlt imports it from here."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

# dlt reads it when a pipeline is made; what a project's .dlt/config.toml says counts less
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt
from dlt.common.runtime.telemetry import stop_telemetry

if TYPE_CHECKING:
    from collections.abc import Iterator

# whoever imported dlt earlier may have started it already
stop_telemetry()

__all__ = ["dlt", "unlogged"]


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep dlt from logging: it writes tracebacks of what is told as a diagnostic, and masks no secrets.

    Whoever wants to see them sets RUNTIME__LOG_LEVEL.
    """
    log = logging.getLogger("dlt")
    before = log.disabled
    log.disabled = before or "RUNTIME__LOG_LEVEL" not in os.environ
    try:
        yield
    finally:
        log.disabled = before
