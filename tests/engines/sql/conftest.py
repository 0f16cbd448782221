"""What is promised of decided books holds whichever engine decides."""

import pytest

from kamrules.engines import DUCKDB, POLARS
from tests.engines.sql import scene


@pytest.fixture(params=[DUCKDB, POLARS])
def each_engine(request, monkeypatch):
    monkeypatch.setattr(scene, "engine", request.param)
    return request.param
