"""A running Tryton for the tests of this folder, and what they are skipped for without one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import tryton_server


@pytest.fixture(scope="session")
def tryton(tmp_path_factory):
    """A server with the seeded data, shared by tests that do not mind one another."""
    reason = tryton_server.lacking()
    if reason:
        pytest.skip(reason)
    with tryton_server.serving(tmp_path_factory.mktemp("tryton")) as server:
        yield server


@pytest.fixture(scope="session")
def admin(tryton):
    """The administrator, key accounts decided once."""
    client = tryton.as_admin()
    client.call("kamrules.configuration", "recompute", [1])
    return client


@pytest.fixture(scope="session")
def sally(tryton, admin):
    """A salesperson who may see and answer actions."""
    return tryton.as_user("sally")


@pytest.fixture
def own_tryton(tmp_path):
    """A server of the test's own, for what others would mind."""
    reason = tryton_server.lacking()
    if reason:
        pytest.skip(reason)
    with tryton_server.serving(tmp_path / "tryton") as server:
        yield server
