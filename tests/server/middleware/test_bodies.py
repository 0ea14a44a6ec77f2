"""Request bodies are bounded before anything parses them."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from seedlab.core.clients import name_client
from seedlab.core.uploads import PUBLIC_UPLOAD
from seedlab.server.clients import Shares
from seedlab.server.middleware.bodies import MAX_BODY, SHARE_BYTES, TOTAL_BYTES, BodyLimit
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


def test_slow_bodies_of_one_client_hold_a_bounded_memory():
    """All but their last byte is there: the server cannot answer yet, and must not hold any number of them."""
    with ThreadPoolExecutor(
        1
    ) as executor:  # this thread may have an event loop: the browser tests' Playwright runs one
        answered = executor.submit(lambda: asyncio.run(send_slow_bodies(SHARE_BYTES // MAX_BODY + 1))).result()
    assert answered == [429]
    assert TOTAL_BYTES >= 2 * SHARE_BYTES, "one client must leave room for others"


async def send_slow_bodies(count: int) -> list[int]:
    """Send bodies of which the last byte does not come. Returns the statuses of those that were answered."""
    answered = []

    async def send(message):
        answered.extend([message["status"]] if "status" in message else [])

    def make_receive():
        messages = [{"type": "http.request", "body": b" " * (MAX_BODY - 1), "more_body": True}]

        async def receive():
            return messages.pop() if messages else await asyncio.Event().wait()

        return receive

    limit = BodyLimit(None)
    scope = {"type": "http", "method": "POST", "path": PREDICT, "headers": [], "client": ("203.0.113.7", 1)}
    tasks = [asyncio.create_task(limit(scope, make_receive(), send)) for _ in range(count)]
    await asyncio.wait(tasks, timeout=2, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return answered


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
