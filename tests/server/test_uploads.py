"""Uploads: pictures alone, few at a time, nothing left of those that break off, and a bounded folder."""

import errno
import select
import stat
import time
import zipfile
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from seedlab.core.errors import SeedLabError
from seedlab.images.restoring import restore
from seedlab.server import uploads
from seedlab.server.middleware.paths import UPLOAD
from seedlab.server.uploads import RateLimit, Uploads
from tests.server.raw import read_status, send_head

FORM = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(autouse=True)
def fresh_rate(monkeypatch):
    """All tests are one client."""
    monkeypatch.setattr(RateLimit, "allow", lambda self, client: True)


def list_files(served) -> set[str]:
    return {str(file) for file in served.temporary.rglob("*") if file.is_file() and file.name != ".lock"}


def save(folder, kind: str) -> bytes:
    Image.new("RGB", (64, 64), "red").save(folder / f"x.{kind}")
    return (folder / f"x.{kind}").read_bytes()


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_a_picture_is_kept_for_its_user_alone(served, client, tmp_path, kind):
    content = save(tmp_path, kind)
    (path,) = client.post(UPLOAD, files={"files": (f"Holiday 1.{kind}", content)}).json()
    assert path.startswith(str(served.temporary))
    assert path.endswith(f"/Holiday 1.{kind}")
    (kept,) = served.temporary.rglob(f"Holiday 1.{kind}")
    assert kept.read_bytes() == content
    assert stat.S_IMODE(served.temporary.stat().st_mode) == 0o700
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_an_exported_trail_is_kept(tmp_path):
    """Its own folder is not shared with the pictures of the other tests."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("trail.json", "{}")
    app = Starlette(routes=[Route(UPLOAD, Uploads(tmp_path).receive, methods=["POST"])])
    content = (tmp_path / "a.zip").read_bytes()
    (path,) = TestClient(app).post(UPLOAD, files={"files": ("trail.zip", content)}).json()
    assert Path(path).read_bytes() == content


def test_an_uploaded_picture_is_opened(served, client, tmp_path):
    """The path in the answer is one that gradio takes as a file of its own."""
    (path,) = client.post(UPLOAD, files={"files": ("x.png", save(tmp_path, "png"))}).json()
    value = {"path": path, "orig_name": "x.png", "meta": {"_type": "gradio.FileData"}}
    client.post("/gradio_api/run/predict", json=served.call("open", "opened"))
    answer = client.post("/gradio_api/run/predict", json=served.call("open_picture", "opened", {1: "sketch", 2: value}))
    assert answer.status_code == 200
    assert "x.png" in answer.text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.html", b"<script>alert(1)</script>"),
        ("x.png", b"<script>alert(1)</script>"),
        ("x.js", b"alert(1)"),
        ("x.txt", b""),
        ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("x.webp", b"RIFF\0\0\0\0WAVE"),
    ],
)
def test_of_other_files_only_the_name_is_kept_by_which_the_page_refuses_them(served, client, name, content):
    (path,) = client.post(UPLOAD, files={"files": (name, content)}).json()
    assert (Path(path).name, Path(path).stat().st_size) == (name, 0)
    with pytest.raises(SeedLabError, match=f"“{name}” is not a picture that SeedLab can read"):
        restore(Path(path))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("C:\\pictures\\a.png", "a.png"),
        ("x.html", "x.png"),
        ("<b>.png", "_b_.png"),
        ("..png", "picture.png"),
        ("Gemälde 北斎.PNG", "Gemälde 北斎.PNG"),
        ("x" * 300 + ".png", "x" * 100 + ".png"),
    ],
)
def test_names_are_safe(served, client, given, kept):
    (path,) = client.post(UPLOAD, files={"files": (given, PNG)}).json()
    assert path.rpartition("/")[2] == kept
    assert path.startswith(str(served.temporary))
    assert ".." not in path


def test_few_files_a_request(client):
    answer = client.post(UPLOAD, files=[("files", (f"{n}.png", PNG)) for n in range(20)])
    assert answer.status_code == 400


@pytest.mark.parametrize("content", [b"", b"--x--\r\n", b"no form", PART[:30]])
def test_a_form_without_files(client, content):
    assert client.post(UPLOAD, content=content, headers={"Content-Type": FORM}).status_code == 400


def test_a_request_that_is_no_form(client):
    assert client.post(UPLOAD, json={}).status_code == 400


def test_nothing_is_left_of_an_upload_that_is_broken_off(served, client):
    before = list_files(served)
    for _ in range(3):
        headers = {"Content-Type": FORM, "Content-Length": str(19 * 2**20)}
        with send_head(served.url, "POST", UPLOAD, **headers) as connection:
            connection.sendall(PART + PNG + b"0" * 3 * 2**20)
    end = time.monotonic() + 10
    while client.post(UPLOAD, files={"files": ("x.png", PNG)}).status_code == 429:  # they are still counted
        assert time.monotonic() < end
    assert {file for file in list_files(served) if not file.endswith("x.png")} <= before


def open_uploads(served, count: int) -> list[int]:
    """Begin uploads at the same time. Returns the statuses of those that are answered before they are complete."""
    connections = []
    try:
        for _ in range(count):
            headers = {"Content-Type": FORM, "Content-Length": "1000"}
            connections.append(send_head(served.url, "POST", UPLOAD, **headers))
            connections[-1].sendall(PART)
        answered, _, _ = select.select(connections, [], [], 10)
        return [read_status(each) for each in answered]
    finally:
        for connection in connections:
            connection.close()


def test_a_client_uploads_few_at_a_time(served):
    end = time.monotonic() + 10
    # Uploads that the test before has broken off may still be counted, so that more are refused.
    while len(refused := open_uploads(served, uploads.CLIENT_UPLOADS + 1)) > 1 and time.monotonic() < end:
        time.sleep(0.1)
    assert refused == [429]


def test_a_client_uploads_so_many_a_minute(monkeypatch):
    monkeypatch.undo()
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    rate = RateLimit(per_minute=6)
    assert [rate.allow("a") for _ in range(8)] == [True] * 6 + [False] * 2
    assert rate.allow("b")
    now = 10.0
    assert [rate.allow("a") for _ in range(2)] == [True, False]


def test_a_full_disk_is_called_that(served, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Uploads, "_keep", fail)
    # From an address of its own: the other tests may have used up what one has.
    transport = httpx2.HTTPTransport(local_address="127.0.0.9")
    with httpx2.Client(base_url=served.url, timeout=20, transport=transport) as other:
        answer = other.post(UPLOAD, files={"files": ("x.png", PNG)})
    assert answer.status_code == 507
    assert answer.text.startswith("The disk for temporary files is full:")
