"""Only what the page uses is served, and every answer has security headers."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from seedlab.server.middleware.headers import make_headers
from seedlab.server.middleware.paths import API, is_open

CLOSED = [
    ("GET", "/monitoring"),
    ("GET", "/monitoring/summary"),
    ("GET", "/monitoring/key"),
    ("POST", f"{API}/process_recording"),
    ("GET", f"{API}/file=https://example.com/x.png"),
    ("GET", f"{API}/file=HTTP://127.0.0.1/x.png"),
    ("GET", f"{API}/file/etc/passwd"),
    ("GET", f"{API}/proxy=https://owner-space.hf.space/"),
    ("POST", f"{API}/component_server"),
    ("POST", f"{API}/call/develop"),
    ("POST", f"{API}/call/v2/develop"),
    ("POST", f"{API}/api/predict"),
    ("POST", f"{API}/run/develop"),
    ("GET", f"{API}/queue/status"),
    ("GET", f"{API}/deep_link?session_hash=x"),
    ("GET", f"{API}/runs"),
    ("GET", f"{API}/token"),
    ("GET", f"{API}/user"),
    ("POST", f"{API}/vibe-edit"),
    ("GET", f"{API}/vibe-code"),
    ("POST", f"{API}/stream/x"),
    ("GET", f"{API}/openapi.json"),
    ("GET", "/openapi.json"),
    ("POST", "/login"),
    ("GET", "/logout"),
    ("PUT", "/"),
    ("DELETE", f"{API}/upload"),
    ("GET", f"{API}/heartbeat/{'x' * 65}"),
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_what_the_page_does_not_use_is_not_there(client, method, path):
    assert client.request(method, path).status_code == 404


def test_every_route_of_gradio_is_either_used_or_closed():
    """A new route of gradio is closed until somebody opens it."""
    opened = {
        "/", "/config", "/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json", "/pwa_icon", "/pwa_icon/7",
        "/assets/7", "/static/7", "/svelte/7", f"{API}/info", f"{API}/app_id", f"{API}/startup-events",
        f"{API}/theme.css", f"{API}/upload_progress", f"{API}/queue/data", f"{API}/heartbeat/7", f"{API}/file=7",
        f"{API}/upload", f"{API}/queue/join", f"{API}/run/predict", f"{API}/cancel", f"{API}/reset",
    }  # fmt: skip
    source = Path(find_spec("gradio").origin).with_name("routes.py").read_text("utf-8")
    found = re.findall(r'@(app|router)\.\w+\(\s*f?"(/[^"]*)"', source)
    paths = [("" if owner == "app" else API) + re.sub(r"\{.*?\}", "7", path) for owner, path in found]
    assert len(paths) > 70
    assert {path for path in paths if is_open("GET", path) or is_open("POST", path)} <= opened


@pytest.mark.parametrize("path", ["/", "/config", f"{API}/info", "/theme.css", "/robots.txt", f"{API}/app_id"])
def test_what_the_page_uses_is_there(client, path):
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/", "/monitoring", "/config"])
def test_every_answer_has_security_headers(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]


def test_a_space_may_be_shown_inside_the_hubs_page():
    headers = make_headers(on_space=True)
    assert re.search(r"frame-ancestors [^;]*https://huggingface\.co", headers["content-security-policy"])
    assert "x-frame-options" not in headers


@pytest.mark.parametrize("wanted", ["bytes=-1-", "bytes=a-b", "bytes=9-1,-", "bytes=", "bytes=5-1", "x=0-1"])
def test_a_broken_range_is_answered(served, client, wanted):
    file = served.temporary / "ab" / "x.txt"
    file.parent.mkdir(exist_ok=True)
    file.write_text("0123456789")
    answer = client.get(f"{API}/file={file}", headers={"Range": wanted})
    assert answer.status_code in (200, 206, 400, 416)
    part = client.get(f"{API}/file={file}", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.text) == (206, "234")
