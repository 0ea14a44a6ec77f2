"""The page's JavaScript and the bundled libraries: served with their types, at addresses that change with them."""

import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from seedlab.ui.static_files import PREFIX, find_base, make_static_route, read_files, write_loader
from seedlab.ui.theme import STATIC

LIBRARIES = STATIC / "libraries"
IMPORT = re.compile(rb"""(?:from|import) ?["']([^"']+)["']""")


@pytest.fixture(scope="module")
def client():
    return TestClient(Starlette(routes=[make_static_route()]))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("js/sheet.js", "text/javascript"),
        ("libraries/photoswipe-5.4.4/photoswipe.esm.min.js", "text/javascript"),
        ("libraries/photoswipe-5.4.4/photoswipe.css", "text/css"),
    ],
)
def test_a_file_is_served_with_its_type_and_kept_by_browsers(client, name, kind):
    answer = client.get(f"/{find_base()}/{name}")
    assert answer.headers["content-type"].startswith(kind)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content == (STATIC / name).read_bytes()


@pytest.mark.parametrize(
    "path", ["libraries/photoswipe-5.4.4/LICENSE", "../theme.py", "js/%2e%2e/page.css", "page.css", "js/", ""]
)
def test_nothing_else_is_served(client, path):
    assert client.get(f"/{find_base()}/{path}").status_code == 404


def test_the_files_of_another_version_are_not_served_in_their_place(client):
    assert client.get(f"/{PREFIX}/0123456789abcdef/js/sheet.js").status_code == 404


def test_the_address_changes_with_each_file(monkeypatch):
    changed = {name: content + b" " if name == "js/dom.js" else content for name, content in read_files().items()}
    monkeypatch.setattr("seedlab.ui.static_files.read_files", lambda: changed)
    assert find_base.__wrapped__() != find_base()


def test_all_imports_are_of_files_that_are_served():
    files = read_files()
    for name, content in files.items():
        for target in IMPORT.findall(content) if name.endswith(".js") else ():
            path = (STATIC / name).parent / target.decode()
            assert path.resolve().relative_to(STATIC.resolve()).as_posix() in files, f"{name} imports {target}"


def test_a_module_is_found_below_the_path_of_the_page():
    loader = write_loader("sheet.js", ("tile",), {"version": 3})
    assert "location.pathname" in loader
    assert f"{find_base()}/" in loader
    assert 'watch }, {"events": ["tile"], "version": 3})' in loader


def test_each_library_has_its_licence():
    folders = list(LIBRARIES.iterdir())
    assert {folder.name for folder in folders} == {"client-zip-2.5.1", "lit-html-3.3.3", "photoswipe-5.4.4"}
    assert all((folder / "LICENSE").is_file() for folder in folders)
