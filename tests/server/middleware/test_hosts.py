"""A local server answers to its own names alone, and to no page of another site."""

import pytest

from seedlab.server.middleware.hosts import make_host_check
from seedlab.server.middleware.paths import API
from seedlab.settings import Settings, read_settings

EVIL = "http://evil.example"


def find_port(served) -> str:
    return served.url.rpartition(":")[2]


@pytest.mark.parametrize("path", ["/", "/config", f"{API}/info", "/static/img/logo.svg"])
def test_a_name_that_another_site_points_here_gets_nothing(served, client, path):
    """DNS rebinding: the browser takes this server for a part of evil.example."""
    headers = {"Host": f"evil.example:{find_port(served)}", "Origin": f"{EVIL}:{find_port(served)}"}
    answer = client.get(path, headers=headers)
    assert answer.status_code == 403
    assert "evil" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:99", "[::1]:7860", "127.0.0.1:7860"])
def test_the_machines_own_names_are_answered(client, host):
    assert client.get("/config", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["", "127.0.0.1.evil.example", "localhost@evil.example", "evil.example/127.0.0.1", "0", "127.0.0.1:x"]
)
def test_names_that_only_resemble_them_are_not(client, host):
    assert client.get("/config", headers={"Host": host}).status_code in (400, 403)


@pytest.mark.parametrize("origin", [EVIL, "null", "http://127.0.0.1:1", "http://127.0.0.1.evil.example"])
@pytest.mark.parametrize("path", [f"{API}/run/predict", f"{API}/queue/join", f"{API}/upload", f"{API}/cancel"])
def test_pages_of_other_sites_send_nothing(client, path, origin):
    files = {"files": ("x.png", b"\x89PNG\r\n\x1a\n", "image/png")}
    body = {"files": files} if path.endswith("upload") else {"json": {}}
    answer = client.post(path, headers={"Origin": origin}, **body)
    assert answer.status_code == 403
    assert "open SeedLab itself" in answer.json()["detail"]
    assert "access-control-allow-origin" not in answer.headers


def test_preflights_of_other_sites_are_refused_and_origins_are_not_reflected(client):
    preflight = {"Origin": EVIL, "Access-Control-Request-Method": "POST"}
    assert client.options(f"{API}/run/predict", headers=preflight).status_code == 403
    read = client.get("/config", headers={"Origin": EVIL})
    assert not [name for name in read.headers if name.startswith("access-control")]


def test_the_page_itself_sends(served, client):
    answer = client.post(f"{API}/run/predict", json=served.call("open", "own"), headers={"Origin": served.url})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("flags", "name", "is_answered"),
    [
        (["--host", "mybox"], "mybox", True),
        (["--host", "mybox", "--no-public"], "mybox", True),
        (["--host", "mybox", "--no-public"], "evil.example", False),
        (["--host", "0.0.0.0", "--no-public"], "192.168.0.7", True),
        (["--host", "0.0.0.0", "--no-public"], "evil.example", False),
        (["--share", "--no-public"], "0123456789abcdef.gradio.live", True),
        (["--share", "--no-public"], "gradio.live.evil.example", False),
        (["--public"], "seedlab.example", True),  # behind a proxy
        ([], "192.168.0.7", False),
    ],
)
def test_what_the_operator_names_is_answered(flags, name, is_answered):
    assert make_host_check(read_settings(flags, {}))(name) == is_answered


def test_a_space_is_answered_under_its_own_name():
    settings = read_settings([], {"SPACE_ID": "owner/space"})
    assert make_host_check(settings)("owner-space.hf.space")
    assert not make_host_check(Settings())("owner-space.hf.space")
