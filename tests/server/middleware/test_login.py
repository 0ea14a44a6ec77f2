"""The optional password covers everything that is served."""

import asyncio
import base64
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from gradio_client import Client

from seedlab.core.errors import SeedLabError
from seedlab.server.middleware.login import MAX_WRONG, PAUSE_SECONDS, PasswordCheck
from seedlab.server.middleware.paths import API
from seedlab.server.temporary import use_temporary_folder
from seedlab.settings import Settings, read_settings
from tests.server.conftest import launch
from tests.ui.fakes import Painter

LOGIN = "ada:correct horse"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, variables):
    painter = Painter(tmp_path_factory.mktemp("pictures"))
    with use_temporary_folder() as temporary, launch(painter, temporary, Settings(auth=LOGIN)) as served:
        yield served


@pytest.mark.parametrize("path", ["/", "/config", f"{API}/info", "/seedlab/pictures/x.png", "/theme.css"])
def test_nothing_is_served_without_the_password(guarded, path):
    answer = httpx2.get(guarded.url + path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_the_page_opens_with_it(guarded):
    assert httpx2.get(f"{guarded.url}/config", auth=("ada", "correct horse")).status_code == 200
    token = base64.b64encode(LOGIN.encode()).decode()
    client = Client(guarded.url, headers={"Authorization": f"Basic {token}"}, verbose=False)
    client.close()


def test_programs_send_the_password_alone(guarded):
    headers = {"Authorization": "Bearer correct horse"}
    assert httpx2.get(f"{guarded.url}/config", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "given", ["Basic", "Basic !", "Basic YWRhOmNvcnJlY3Q=", "Digest x", "Bearer x", "Bearer ada:correct horse"]
)
def test_anything_else_is_refused(guarded, given):
    assert httpx2.get(f"{guarded.url}/config", headers={"Authorization": given}).status_code == 401


def test_who_guesses_has_to_wait():
    time = [0.0]

    async def answer(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    check = PasswordCheck(answer, LOGIN, now=lambda: time[0])

    def ask(client: str, password: str) -> int:
        sent = []

        async def send(message):
            sent.append(message)

        headers = [(b"authorization", b"Bearer " + password.encode())]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "client": (client, 1)}
        with ThreadPoolExecutor(1) as executor:  # Playwright may run an event loop in this thread
            executor.submit(lambda: asyncio.run(check(scope, None, send))).result()
        return sent[0]["status"]

    assert [ask("10.0.0.1", "guess") for _ in range(MAX_WRONG)] == [401] * MAX_WRONG
    assert ask("10.0.0.1", "correct horse") == 429
    assert ask("10.0.0.2", "correct horse") == 200, "others are not kept waiting"
    time[0] += PAUSE_SECONDS
    assert ask("10.0.0.1", "correct horse") == 200


@pytest.mark.parametrize("text", ["ada", ":correct horse", "ada:short"])
def test_a_login_that_protects_nothing_is_refused(text):
    with pytest.raises(SeedLabError, match="a name, a colon and a password of 8 characters or more"):
        read_settings(["--auth", text], {})
