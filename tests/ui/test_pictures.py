"""Finished pictures are served from where they are, at addresses that cannot be guessed."""

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from seedlab.ui.pictures import PictureServer


@pytest.fixture
def picture(tmp_path):
    file = tmp_path / "0.png"
    Image.new("RGB", (8, 8), (1, 2, 3)).save(file)
    return file


@pytest.fixture
def server():
    return PictureServer()


@pytest.fixture
def client(server):
    return TestClient(Starlette(routes=[server.route]))


def test_a_picture_is_served_byte_for_byte(server, client, picture):
    address = server.address(picture)
    assert server.address(picture) == address
    response = client.get(address)
    assert response.content == picture.read_bytes()
    assert response.headers["content-type"] == "image/png"
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["x-content-type-options"] == "nosniff"


def test_no_other_file_is_served(server, client, picture):
    server.address(picture)
    for path in ("0.png", "../0.png", "..%2f0.png", str(picture), "a" * 40 + ".png", ""):
        assert client.get(f"seedlab/pictures/{path}").status_code == 404


def test_addresses_differ_from_file_to_file_and_from_process_to_process(server, picture, tmp_path):
    assert len({server.address(picture), server.address(tmp_path / "1.png"), PictureServer().address(picture)}) == 3


def test_a_deleted_picture_is_not_found(server, client, picture):
    address = server.address(picture)
    picture.unlink()
    assert client.get(address).status_code == 404


def test_the_oldest_addresses_are_forgotten(server, client, picture, tmp_path, monkeypatch):
    monkeypatch.setattr("seedlab.ui.pictures.MAX_ADDRESSES", 2)
    first = server.address(picture)
    for name in ("1.png", "2.png"):
        server.address(tmp_path / name)
    assert client.get(first).status_code == 404
    assert client.get(server.address(picture)).status_code == 200


@pytest.mark.parametrize(("name", "kind"), [("a.html", "text/html"), ("a.zip", "application/zip")])
def test_a_file_to_download_is_never_shown_as_a_page_of_the_server(server, client, tmp_path, name, kind):
    (tmp_path / name).write_text("<script>alert(1)</script>")
    answer = client.get(f"/{server.address(tmp_path / name)}")
    assert answer.headers["content-type"].split(";")[0] == kind
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["content-security-policy"] == "sandbox"
