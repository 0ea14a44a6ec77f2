"""The gallery of a public host: each browser has its own pictures, and gets their thumbnails alone."""

import re
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from seedlab.application import Application
from seedlab.core.visitors import COOKIE, name_owner
from seedlab.rules.kinds.seeds import Seeds
from seedlab.server.middleware.visitors import VisitorCookie
from seedlab.server.thumbnails import make_thumbnail_route
from seedlab.settings import Settings
from seedlab.workflow.gallery.gallery import Search
from tests.examples import ENVIRONMENT, RECIPE
from tests.workflow.painter import Painter

ADA, BOB = {COOKIE: "a" * 32}, {COOKIE: "b" * 32}


class Manager(Painter):
    """Paints, and knows the environment."""

    def environment(self, _):
        return ENVIRONMENT

    def generate(self, recipes, stop, *, load_input, visitor=None, draft_steps=None, resume=True):
        return super().generate(recipes, stop, draft_steps=draft_steps)

    def close(self):
        pass


@pytest.fixture
def open_application(tmp_path):
    opened = []

    def start(*, public):
        opened.append(Application(Settings(store=tmp_path, public=public), Manager()))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def make(application, cookies, seeds, **changes):
    """Make pictures in a visitor's session."""
    owner = application.open_gallery(cookies).owner
    session = application._make_session(None, "the same address", owner)
    session.explore(replace(RECIPE, **changes), Seeds(seeds))
    for _ in session.develop():
        pass


def serve(application):
    """Return what gets an address with cookies."""
    client = TestClient(Starlette(routes=[make_thumbnail_route(application.find_thumbnail)]))
    return lambda address, cookies: client.get(
        address, headers={"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    )


def read_token(header):
    return re.match(rf"{COOKIE}=([\w-]+);", header)[1]


def test_each_visitor_finds_what_they_made_or_asked_for(open_application):
    application = open_application(public=True)
    make(application, ADA, (0, 1))
    make(application, BOB, (1, 2))
    make(application, {}, (3,))
    ada, bob, unknown = (application.open_gallery(cookies) for cookies in (ADA, BOB, {}))
    assert [entry.recipe.seed for entry in ada.find().entries] == [1, 0]
    assert sorted(entry.recipe.seed for entry in bob.find().entries) == [1, 2]
    assert bob.find(Search(words="labrador", seed=0)).total == 0
    assert unknown.find().total == 0
    make(application, BOB, (0,))  # from the store
    assert bob.find(Search(seed=0)).total == 1


def test_on_a_users_own_machine_everything_is_in_the_gallery(open_application):
    make(open_application(public=True), ADA, (0, 1))
    local = open_application(public=False)
    make(local, {}, (2,))
    assert local.open_gallery({}).find().total == 3
    assert open_application(public=True).open_gallery(BOB).find().total == 0


def test_a_thumbnail_is_served_to_its_visitor_alone(open_application):
    application = open_application(public=True)
    make(application, ADA, (0,))
    (entry,) = application.open_gallery(ADA).find().entries
    get = serve(application)
    answer = get(entry.thumbnail, ADA)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert "private" in answer.headers["cache-control"]
    for cookies in (BOB, {}, {COOKIE: "a"}):
        assert get(entry.thumbnail, cookies).status_code == 404
    for address in ("seedlab/thumbnails/x.webp", f"{entry.thumbnail}x", entry.thumbnail.replace("ls/", "ls/..%2f")):
        assert get(address, ADA).status_code == 404


def test_a_local_thumbnail_needs_no_cookie_and_goes_with_its_picture(open_application):
    application = open_application(public=False)
    make(application, {}, (0,))
    (entry,) = application.open_gallery({}).find().entries
    get = serve(application)
    assert get(entry.thumbnail, {}).status_code == 200
    entry.file.unlink()
    assert get(entry.thumbnail, {}).status_code == 404
    application.tidy()
    assert application.open_gallery({}).find().total == 0


@pytest.mark.parametrize("on_space", [True, False])
def test_a_browser_gets_a_secret_with_the_page_and_keeps_it(on_space):
    routes = [Route("/", lambda _: PlainTextResponse("page")), Route("/config", lambda _: PlainTextResponse("{}"))]
    client = TestClient(VisitorCookie(Starlette(routes=routes), on_space))
    assert "set-cookie" not in client.get("/config").headers
    header = client.get("/").headers["set-cookie"]
    token = read_token(header)
    assert name_owner({COOKIE: token}, "nobody") not in ("nobody", token)
    assert "HttpOnly" in header
    assert ("SameSite=None; Secure; Partitioned" in header) == on_space
    client.cookies.clear()
    again = client.get("/", headers={"cookie": f"{COOKIE}={token}"}).headers["set-cookie"]
    assert read_token(again) == token
    for forged in ("x", "a" * 31, 'a" ; Path=/x', "é" * 32):
        header = client.get("/", headers={"cookie": f"{COOKIE}={forged}".encode()}).headers["set-cookie"]
        assert len(read_token(header)) == 32
