"""Request bodies are bounded before anything parses them."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.requests import Request

from seedlab.core.clients import name_client
from seedlab.core.storage.uploads import PUBLIC_UPLOAD
from seedlab.server.clients import Shares, wait_for_end
from seedlab.server.middleware import bodies
from seedlab.server.middleware.bodies import (
    MAX_BODY,
    SHARE_BYTES,
    SMALL_BODY,
    SMALL_SHARE,
    SMALL_TOTAL,
    TOTAL_BYTES,
    WORKED_SHARE,
    BodyLimit,
)
from seedlab.server.middleware.paths import API, JOIN, PREDICT, UPLOAD
from seedlab.server.temporary import use_temporary_folder
from seedlab.settings import Settings
from tests.server.conftest import launch
from tests.server.raw import read_status, send_head
from tests.ui.fakes import Painter

FORM_HEADERS = {"Content-Type": "multipart/form-data; boundary=x"}


def stream_zip(megabytes: int) -> Iterator[bytes]:
    """Yield a form with a ZIP file that does not say its size."""
    yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.zip"\r\n\r\nPK\x03\x04'
    for _ in range(megabytes):
        yield bytes(2**20)
    yield b"\r\n--x--\r\n"


@pytest.mark.parametrize("path", [PREDICT, JOIN, f"{API}/cancel", f"{API}/reset"])
def test_a_body_that_says_it_is_too_large_is_refused_unread(served, path):
    connection = send_head(served.url, "POST", path, **{"Content-Length": str(MAX_BODY + 1)})
    with connection:
        assert read_status(connection) == 413


def test_a_body_that_does_not_say_its_size_is_refused_once_it_is_too_large(client):
    def stream():
        for _ in range(MAX_BODY // 2**20 + 1):
            yield b" " * 2**20

    answer = client.post(PREDICT, content=stream(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert "larger than 8 MB: make the text shorter" in answer.json()["detail"]


def test_a_trail_of_full_length_is_taken(served, client):
    """It is sent as text inside JSON, with its quotes escaped."""
    saved = json.dumps([{"prompt": "Labrador", "seed": 1}] * 120_000)[:5_000_000]
    answer = client.post(PREDICT, json=served.call("open", "long", {1: saved}))
    assert answer.status_code == 200


@pytest.fixture(scope="module")
def public(tmp_path_factory, variables):
    """A server for strangers."""
    painter = Painter(tmp_path_factory.mktemp("pictures"))
    with use_temporary_folder() as temporary, launch(painter, temporary, Settings(public=True)) as served:
        yield served


def test_an_upload_that_says_it_is_too_large_is_refused_unread(public):
    headers = {"Content-Length": str(PUBLIC_UPLOAD + 2**20), "Content-Type": "multipart/form-data; boundary=x"}
    with send_head(public.url, "POST", UPLOAD, **headers) as connection:
        assert read_status(connection) == 413


def test_an_upload_that_does_not_say_its_size_is_refused_once_it_is_too_large(public):
    answer = httpx2.post(public.url + UPLOAD, content=stream_zip(PUBLIC_UPLOAD // 2**20 + 1), headers=FORM_HEADERS)
    assert answer.status_code == 413
    assert "larger than 20 MB: choose a picture" in answer.text


def test_ones_own_machine_takes_larger_files(client):
    """A trail of 64 pictures of 1024 pixels has about 100 MB, and opens where it was exported."""
    answer = client.post(UPLOAD, content=stream_zip(PUBLIC_UPLOAD // 2**20 + 1), headers=FORM_HEADERS)
    assert answer.status_code == 200
    (path,) = answer.json()
    assert Path(path).stat().st_size > PUBLIC_UPLOAD


class Sender:
    """Sends bodies to a limit, whose app answers 200 to those that arrive, after it has read them."""

    def __init__(self):
        self.limit, self.answered = BodyLimit(self._answer), []
        self.working = asyncio.Event()
        self.working.set()

    async def _answer(self, scope, receive, send):
        await Request(scope, receive).body()
        gone = asyncio.create_task(wait_for_end(receive))
        await self.working.wait()
        gone.cancel()
        await send({"type": "http.response.start", "status": 200})

    def send(self, client: str, size: int, *, whole: bool) -> asyncio.Task:
        """Send a body, or all of it but the last byte."""
        messages = [{"type": "http.request", "body": b" " * (size if whole else size - 1), "more_body": not whole}]

        async def receive():
            return messages.pop() if messages else await asyncio.Event().wait()

        async def send(message):
            self.answered += [message["status"]] if "status" in message else []

        headers = [(b"content-length", str(size).encode())]
        scope = {"type": "http", "method": "POST", "path": PREDICT, "headers": headers, "client": (client, 1)}
        return asyncio.create_task(self.limit(scope, receive, send))


def run(make_work: Callable[[], Coroutine[Any, Any, list[int]]]) -> list[int]:
    """Run asynchronous work in another thread: the browser tests' Playwright runs an event loop in this one."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(lambda: asyncio.run(make_work())).result()


@pytest.mark.parametrize(("size", "share"), [(MAX_BODY, SHARE_BYTES), (SMALL_BODY, SMALL_SHARE)])
def test_slow_bodies_of_one_client_hold_a_bounded_memory(size, share):
    """All but their last byte is there: the server cannot answer yet, and must not hold any number of them."""

    async def send_slowly():
        sender = Sender()
        tasks = [sender.send("203.0.113.7", size, whole=False) for _ in range(share // size + 1)]
        await asyncio.wait(tasks, timeout=2, return_when=asyncio.FIRST_COMPLETED)
        return sender.answered

    assert run(send_slowly) == [429]
    assert TOTAL_BYTES >= 2 * SHARE_BYTES, "one client must leave room for others"
    assert SMALL_TOTAL >= 2 * SMALL_SHARE, "one client must leave room for others"


def test_a_click_is_taken_while_large_bodies_do_not_arrive():
    async def click():
        sender = Sender()
        for index in range(TOTAL_BYTES // MAX_BODY):
            sender.send(f"203.0.113.{index // 2}", MAX_BODY, whole=False)
        await sender.send("198.51.100.1", MAX_BODY, whole=True)
        await sender.send("198.51.100.1", 2_000, whole=True)
        return sender.answered

    assert run(click) == [429, 200]


def test_a_body_leaves_its_room_to_others_while_its_work_goes_on():
    """As that of img2img does, whose answer takes minutes."""

    async def work():
        sender = Sender()
        sender.working.clear()
        for _ in range(WORKED_SHARE // MAX_BODY):
            sender.send("203.0.113.7", MAX_BODY, whole=True)
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        before = list(sender.answered)
        bounded = [sender.send("203.0.113.7", MAX_BODY, whole=True) for _ in range(SHARE_BYTES // MAX_BODY + 1)]
        await asyncio.wait(bounded, timeout=2, return_when=asyncio.FIRST_COMPLETED)
        return [*before, *sender.answered]

    assert run(work) == [429]


@pytest.mark.parametrize(("seconds", "status"), [(0.3, 408), (30.0, 200)])
def test_an_upload_that_stands_still_is_given_up(public, monkeypatch, seconds, status):
    monkeypatch.setattr(bodies, "STEP_SECONDS", seconds)
    first, rest = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n', b"\r\n--x--\r\n"
    with send_head(public.url, "POST", UPLOAD, **{"Content-Length": str(len(first + rest))}, **FORM_HEADERS) as upload:
        upload.sendall(first)
        time.sleep(0.5)
        if status == 200:
            upload.sendall(rest)
        assert read_status(upload) == status


def test_shares_are_given_back():
    shares = Shares(total=5, share=3)
    assert shares.take("a", 3)
    assert not shares.take("a")
    assert shares.take("b", 2)
    assert not shares.take("c"), "the total is reached"
    shares.give_back("a", 3)
    assert shares.take("c", 3)
    with shares.hold("d") as taken:
        assert not taken
    assert not shares.take("d"), "what was not taken is not given back"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_an_owner_of_many_ipv6_addresses_is_one_client(address, name):
    assert name_client(address) == name
