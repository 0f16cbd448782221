"""While many events wait the service still answers, and what cannot be stored is told so."""

from __future__ import annotations

import asyncio
import resource
import threading

import httpx2
import pytest

from kamrules import load_ruleset
from kamrules.live.book import LiveBook
from kamrules.live.deciding import RowDecider
from kamrules.serve import service as services
from kamrules.serve.app import make_app
from kamrules.serve.service import Service
from kamrules.serve.tokens import Tokens
from tests.serve.scene import DAY, cloud_event, written
from tests.serve.serving import serving

PATIENCE = 30


class Held(RowDecider):
    """Decides when it is let."""

    def __init__(self):
        self.let = threading.Event()

    def decide(self, question):
        assert self.let.wait(PATIENCE)
        return super().decide(question)


def ask(tmp_path, work):
    """Run `work(client, decider, service)` with a service whose decisions wait until they are let."""

    async def run():
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await asyncio.wait_for(work(client, decider, service), PATIENCE)

    rules = written(tmp_path)
    decider = Held()
    with LiveBook(rules, tmp_path / "book.db", decider=decider, as_of=DAY) as book:
        service = Service(book, lambda: load_ruleset(rules), most_body=10_000)
        app = make_app(service, tokens=Tokens(), tell=print)
        try:
            asyncio.run(run())
        finally:
            decider.let.set()
            service.close()


def posting(client, number):
    event = cloud_event(f"A{number}", row={"name": "x"}, id=str(number))
    media = {"content-type": "application/cloudevents+json"}
    return asyncio.create_task(client.post("/events", json=event, headers=media))


async def until(condition):
    while not condition():  # noqa: ASYNC110  the service has no event for it
        await asyncio.sleep(0.01)


def test_health_and_measures_answer_while_a_thousand_events_wait(tmp_path):
    async def work(client, decider, service):
        tasks = [posting(client, number) for number in range(1_000)]
        await until(lambda: service.waiting == 1_000)
        assert (await client.get("/health")).json()["status"] == "ok"
        assert 'kamrules_waiting{for="answer"} 1000.0' in (await client.get("/metrics")).text
        assert (await client.get("/actions")).json()["actions"] == []
        assert not any(each.done() for each in tasks)
        decider.let.set()
        answers = await asyncio.gather(*tasks)
        assert {each.status_code for each in answers} == {200}
        assert sorted(each.json()["entry"] for each in answers) == list(range(2, 1_002))

    ask(tmp_path, work)


def test_when_too_many_wait_the_next_is_told_to_come_again(tmp_path, monkeypatch):
    monkeypatch.setattr(services, "MOST_WAITING", 10)

    async def work(client, decider, service):
        tasks = [posting(client, number) for number in range(10)]
        await until(lambda: service.waiting == 10)
        refused = await posting(client, 10)
        assert (refused.status_code, refused.json()["code"]) == (503, "KR839")
        assert refused.headers["retry-after"] == "1"
        decider.let.set()
        await asyncio.gather(*tasks)
        assert (await posting(client, 10)).status_code == 200

    ask(tmp_path, work)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
def test_what_does_not_fit_on_the_disk_is_told_and_comes_again_when_there_is_room(tmp_path):
    written(tmp_path)
    with serving(tmp_path, "--workers", "0", "--quiet") as found:
        served = found.ready()
        assert served.post_event(cloud_event("A", row={"name": "x"}, id="1")).status_code == 200
        limits = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
        # no file may grow beyond what the journal of the store is by now
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (1, limits[1]))
        event = cloud_event("B", row={"name": "x" * 9_000}, id="2")
        refused = served.post_event(event)
        assert (refused.status_code, refused.json()["code"]) == (503, "KR816")
        failing = served.client.get("/health")
        assert (failing.status_code, failing.json()["store"]) == (503, "out of reach")
        assert (
            'kamrules_events_total{result="not_stored"} 1.0' in served.client.get("/metrics").text
        )
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, limits)
        assert served.client.get("/health").status_code == 200
        kept = served.post_event(event)
        assert (kept.status_code, kept.json()["repeated"]) == (200, False)
        assert served.end() == 0
    with LiveBook(tmp_path / "small.toml", tmp_path / "book.db") as book:
        assert book.count() == 2
        assert book.verify() == []
