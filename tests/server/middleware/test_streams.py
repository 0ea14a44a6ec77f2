"""Streams: a share for each client, an end for those that nobody reads, and idle tabs that cost nothing."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass

import httpx2
import pytest

from seedlab.server.middleware import streams
from seedlab.server.middleware.paths import DATA, HEARTBEAT, JOIN, PREDICT
from seedlab.server.middleware.streams import StreamLimits, Streams
from seedlab.settings import Settings
from seedlab.ui.blocks.form import FORM
from seedlab.ui.running_page import OpenStream
from tests.server.conftest import launch
from tests.server.raw import read_status, send_head
from tests.ui.fakes import Painter

PLACES = 8


@pytest.fixture(scope="module")
def few(tmp_path_factory, served):
    """A server with few places, whose pictures take long."""
    painter = Painter(tmp_path_factory.mktemp("pictures"), pause=0.1)
    limits = {"session_streams": 3, "client_streams": 6, "unheard_seconds": 0.8}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "CHECK_SECONDS", 0.1)
        with launch(painter, served.temporary, Settings(), places=PLACES, **limits) as few:
            yield few


@pytest.fixture
def visitor(few):
    """A client whose streams end with its test."""
    with httpx2.Client(base_url=few.url, timeout=10) as client:
        yield client
    end = time.monotonic() + 20
    while few.page.list_streams():
        assert time.monotonic() < end
        time.sleep(0.05)


def explore(few, client, session: str) -> None:
    """Request four pictures that nobody has made."""
    fields = {"prompt": f"Labrador {session}", "seeds": "0-3", "model_id": "sketch"}
    values = {0: None} | {1 + FORM.index(name): value for name, value in fields.items()}
    assert client.post(PREDICT, json=few.call("open", session, {0: ""})).status_code == 200
    assert client.post(PREDICT, json=few.call("explore", session, values)).status_code == 200


def join(few, client, session: str) -> httpx2.Response:
    return client.post(JOIN, json=few.call("develop", session))


def test_a_client_cannot_take_all_places(few, visitor):
    tabs = [f"tab{number}" for number in range(8)]
    for tab in tabs:
        explore(few, visitor, tab)
    answers = [join(few, visitor, tab) for tab in tabs]
    taken = sum(answer.status_code == 200 for answer in answers)
    assert taken == 6, "a share, once half of the places are taken"
    assert {answer.status_code for answer in answers} == {200, 429}
    assert "pages from your address have taken their share" in answers[-1].json()["detail"]
    other = join(few, visitor, "other").request
    answer = visitor.post(JOIN, content=other.content, headers={**other.headers, "X-Forwarded-For": "203.0.113.7"})
    assert answer.status_code == 200, "another visitor, behind the same proxy"


def test_work_stops_when_nobody_reads_its_stream(few, visitor):
    explore(few, visitor, "deaf")
    assert join(few, visitor, "deaf").status_code == 200
    end = time.monotonic() + 10
    while few.page.list_streams():
        assert time.monotonic() < end, "it goes on for nobody"
        time.sleep(0.1)
    steps = few.painter.steps
    time.sleep(0.5)
    assert few.painter.steps == steps


def test_work_goes_on_while_somebody_reads(few, visitor):
    explore(few, visitor, "reader")
    join(few, visitor, "reader")
    with visitor.stream("GET", DATA, params={"session_hash": "reader"}) as stream:
        start = time.monotonic()
        lines = (line for line in stream.iter_lines() if "process_generating" in line)
        while time.monotonic() < start + 1.2:
            assert next(lines)


def test_many_idle_tabs_that_close_at_once_do_not_hold_up_others(served, client):
    """Gradio would make a session for each, to run the unload event in it."""
    tabs = [f"idle{number}" for number in range(150)]
    connections = [send_head(served.url, "GET", f"{HEARTBEAT}{tab}") for tab in tabs]
    assert read_status(connections[-1]) == 200
    for connection in connections:
        connection.close()
    start = time.monotonic()
    client.post(PREDICT, json=served.call("open", "visitor", {0: ""}))
    assert time.monotonic() < start + 5
    time.sleep(0.5)
    assert not [tab for tab in tabs if served.page.has_session(tab)]


def test_the_work_of_a_tab_that_was_used_pauses_when_it_closes(few, visitor):
    """The heartbeat comes before the first event, as from a browser."""
    steps = few.painter.steps
    with send_head(few.url, "GET", f"{HEARTBEAT}closing") as connection:
        assert read_status(connection) == 200
        explore(few, visitor, "closing")
        join(few, visitor, "closing")
        with ThreadPoolExecutor(1) as executor:
            reader = executor.submit(visitor.get, DATA, params={"session_hash": "closing"})
            while few.painter.steps == steps:
                time.sleep(0.01)
            connection.close()
            assert "process_completed" in reader.result(timeout=15).text
    assert len([recipe for recipe in few.painter.painted if "closing" in recipe.prompt]) < 4


@dataclass
class FakePage:
    """A page with given streams."""

    streams: list[OpenStream]
    places: int = 8

    def list_streams(self):
        return self.streams


def make_streams(**counts: int) -> list[OpenStream]:
    """Make streams: how many each session has. A session's address is its first letter."""
    return [OpenStream(session, session[0], 0.0, 0) for session, count in counts.items() for _ in range(count)]


@pytest.mark.parametrize(
    ("counts", "session", "sentence"),
    [
        ({}, "a1", None),
        ({"a1": 3}, "a1", "This page waits for several things already"),
        ({"a1": 3}, "a2", None),
        ({"a1": 2, "a2": 1}, "a3", None),  # a class behind one address, while there is room
        ({"a1": 2, "a2": 2}, "a3", "pages from your address have taken their share"),
        ({"a1": 2, "a2": 2}, "b1", None),
        ({"a1": 2, "a2": 2, "b1": 2, "c1": 2}, "d1", "Many people are using this server"),
    ],
)
def test_shares_of_places(counts, session, sentence):
    streams = Streams(FakePage(make_streams(**counts)), session_streams=3, client_streams=4)
    refusal = streams.check(session, session[0])
    assert (refusal is None) == (sentence is None)
    if refusal is not None:
        assert refusal.status_code == 429
        assert sentence in refusal.body.decode()


def test_a_stream_of_nobody_ends_without_a_traceback(few, visitor, caplog, capfd):
    answer = visitor.get(DATA, params={"session_hash": "nobody"})
    assert answer.status_code == 200
    assert "session_not_found" in answer.text
    seen = capfd.readouterr()
    assert "Traceback" not in seen.out + seen.err + caplog.text


class Listening:
    """Streams to which every session may listen."""

    def listen(self, _session: str) -> nullcontext[None]:
        return nullcontext()


@pytest.mark.parametrize(("missing", "is_raised"), [("tab", False), ("other", True)])
def test_the_second_stream_of_a_closed_tab_ends_quietly(missing, is_raised):
    """Gradio deletes the messages of a session once for each stream of it that is cut off."""

    async def app(_scope, _receive, _send) -> None:
        raise KeyError(missing)

    async def run() -> None:
        scope = {"type": "http", "path": DATA, "query_string": b"session_hash=tab"}
        await StreamLimits(app, Listening())(scope, None, None)

    with ThreadPoolExecutor(1) as executor:  # Playwright may run an event loop in this thread
        error = executor.submit(asyncio.run, run()).exception()
    assert isinstance(error, KeyError) == is_raised
