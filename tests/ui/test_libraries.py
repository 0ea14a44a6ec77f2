"""The JavaScript libraries that are bundled: served with their types, each with its licence, and nothing else."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from seedlab.ui.libraries import LIBRARIES, PREFIX, make_library_route


@pytest.fixture
def client():
    return TestClient(Starlette(routes=[make_library_route()]))


@pytest.mark.parametrize(
    ("name", "kind"), [("photoswipe.esm.min.js", "text/javascript"), ("photoswipe.css", "text/css")]
)
def test_a_library_is_served_with_its_type_and_kept_by_browsers(client, name, kind):
    answer = client.get(f"/{PREFIX}/photoswipe-5.4.4/{name}")
    assert answer.headers["content-type"].startswith(kind)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content == (LIBRARIES / "photoswipe-5.4.4" / name).read_bytes()


@pytest.mark.parametrize("path", ["photoswipe-5.4.4/LICENSE", "../look.js", "%2e%2e/look.js", "photoswipe-5.4.4/", ""])
def test_nothing_else_is_served(client, path):
    assert client.get(f"/{PREFIX}/{path}").status_code == 404


def test_each_library_has_its_licence():
    folders = list(LIBRARIES.iterdir())
    assert folders
    assert all((folder / "LICENSE").is_file() for folder in folders)
