"""One running BottleCRM for all tests here, as new for each of them that asks for it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# it need not be installed for its tests
sys.path.insert(0, str(Path(__file__).parents[1]))

import bottle_server
from bottle_commands import ask
from by_hand import Deciding
from meddling import meddling


@pytest.fixture(scope="session")
def _bottle():
    reason = bottle_server.lacking()
    if reason is not None:
        pytest.skip(reason)
    with bottle_server.bottlecrm() as found:
        yield found


class Crm:
    """A BottleCRM as it was filled, and how to ask it past the plug-in."""

    def __init__(self, bottle):
        self.bottle, self.url, self.token = bottle, bottle.url, bottle.token

    def get(self, path):
        return ask(self.url, self.token, "GET", path)

    def post(self, path, body):
        return ask(self.url, self.token, "POST", path, body)

    def patch(self, path, body):
        return ask(self.url, self.token, "PATCH", path, body)

    def delete(self, path):
        return ask(self.url, self.token, "DELETE", path)

    def accounts(self):
        """Return all accounts by name."""
        found = self.get("/api/accounts/?limit=500")
        some = [
            *found["active_accounts"]["open_accounts"],
            *found["closed_accounts"]["close_accounts"],
        ]
        return {each["name"]: each for each in some}

    def tasks(self):
        """Return all tasks that the plug-in made, with their custom fields."""
        found = []
        for state in ("current", "cooling", "past"):
            listed = self.get(f"/api/tasks/?limit=500&slim=true&cf_kam_task={state}")["tasks"]
            found += [self.get(f"/api/tasks/{each['id']}/")["task_obj"] for each in listed]
        return found


@pytest.fixture
def crm(_bottle):
    """Give a BottleCRM with nothing in it but its own demonstration data."""
    _bottle.renew()
    return Crm(_bottle)


@pytest.fixture
def meddler(crm):
    """Give a proxy before it."""
    with meddling(crm.url) as found:
        yield found


@pytest.fixture
def narrow(crm):
    """Give a token that may read accounts and nothing else."""
    return crm.bottle.narrow


@pytest.fixture
def deciding(crm, meddler, monkeypatch):
    monkeypatch.setenv("BOTTLECRM_TOKEN", crm.token)
    return Deciding(crm, meddler.url)


@pytest.fixture
def one(crm):
    """Give the id of an account."""
    return crm.accounts()["Sapling Academy"]["id"]
