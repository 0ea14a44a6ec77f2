"""The gallery on the page: each visitor's own, marks that outlive the trail, named seeds, links, pages and files."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from seedlab.core.visitors import COOKIE, name_owner
from seedlab.images.index.search import NOBODY
from seedlab.images.store import make_store
from seedlab.ui.blocks.form import ERROR_PLACES, FORM
from seedlab.ui.handlers.gallery import GalleryHandlers
from seedlab.ui.handlers.page import Handlers
from seedlab.ui.views.gallery_data import BROKEN_OUTCOMES
from seedlab.workflow.export.links import make_link
from seedlab.workflow.export.trail_parts import take_picture
from seedlab.workflow.gallery.gallery import Gallery, Search
from seedlab.workflow.gallery.thumbnail_addresses import ThumbnailAddresses
from seedlab.workflow.sessions.session import Session
from tests.ui.fakes import make_services
from tests.ui.page import Page, address

ADA, BOB, NEW = {COOKIE: "a" * 32}, {COOKIE: "b" * 32}, {}
URL = "https://example.org/"


class Visitor(Page):
    """A tab of one visitor, who also asks the gallery."""

    def __init__(self, services, cookies, tab):
        super().__init__(Handlers(services, address), tab=tab)
        self.gallery = GalleryHandlers(services, address)
        self.request = SimpleNamespace(session_hash=tab, cookies=cookies)
        self.open()

    def ask(self, kind, **data):
        """Ask what needs no page session."""
        return getattr(self.gallery, kind)(self.request, SimpleNamespace(_data={"number": 7} | data))

    def show(self, name):
        return self._take(self.gallery.show(self.request, SimpleNamespace(_data={"name": name}), self.state, "sketch"))

    def receive(self, link):
        return self._take(self.gallery.receive(SimpleNamespace(_data={"link": link}), self.state))

    def rate(self, **data):
        answer, update = self.gallery.rate(self.request, SimpleNamespace(_data=data), self.state)
        self.shown.merge(update)
        return answer

    def tell(self, name, /, **data):
        """Ask about the trail."""
        answer, self.problem = getattr(self.gallery, name)(SimpleNamespace(_data=data), self.state)
        return answer

    def name_seed(self, **data):
        return self.gallery.name_seed(self.request, SimpleNamespace(_data=data), self.state)

    def make(self, seeds):
        self.explore(seeds=seeds)
        self.develop()

    def _take(self, outputs):
        answer, update, self.notice, *rest = outputs
        self._show(update, rest[len(FORM) :])
        self.fields = {name: text for name, text in zip(FORM, rest, strict=False) if isinstance(text, str)}
        assert len(rest) == len(FORM) + len(ERROR_PLACES)
        return answer


@pytest.fixture
def store(tmp_path):
    store = make_store(tmp_path / "store")
    store.update_index()  # else the first search starts it in the background, and it meets what a test deletes
    yield store
    store.close()


@pytest.fixture
def visit(painter, store):
    """Open tabs of visitors of a public host."""
    addresses = ThumbnailAddresses()

    def make_session(trail, _visitor, owner):
        def keep(recipe, finished, lineage):
            return store.keep(recipe, finished, lineage, owner)

        return Session(painter.generate, lambda _recipe, _steps: None, keep, trail)

    services = replace(
        make_services(painter),
        make_session=make_session,
        open_gallery=lambda cookies: Gallery(store, addresses, name_owner(cookies, NOBODY)),
        local=False,
    )
    return lambda cookies=ADA, tab="tab": Visitor(services, cookies, tab)


def read_names(answer):
    return [each["name"] for each in answer["entries"]]


def test_a_public_host_shows_each_visitor_their_own_pictures_alone(visit):
    ada, bob, new = visit(ADA, "1"), visit(BOB, "2"), visit(NEW, "3")
    ada.make("1, 2")
    bob.make("3")
    found = ada.ask("search")
    assert ([each["seed"] for each in found["entries"]], found["total"], found["number"]) == (["2", "1"], 2, 7)
    assert found["models"] == [{"id": "sketch", "label": "Sketch", "count": 2}]
    (name, _) = read_names(found)
    for stranger, total in ((bob, 1), (new, 0)):
        assert stranger.ask("search")["total"] == total
        assert stranger.ask("search", words="labrador", seed="2")["entries"] == []
        assert "error" in stranger.show(name)
        assert "error" in stranger.rate(name=name, mark={"kept": True})
    ada.name_seed(round=1, index=0, label="good pose")
    assert ada.ask("list_seeds")["seeds"] == [{"label": "good pose", "seed": "1", "model": "Sketch"}]
    assert bob.ask("list_seeds")["seeds"] == new.ask("list_seeds")["seeds"] == []
    bob.ask("forget_seed", label="good pose")
    assert len(ada.ask("list_seeds")["seeds"]) == 1
    assert ada.ask("forget_seed", label="good pose")["seeds"] == []


def test_marks_on_the_page_are_in_the_gallery_also_those_that_came_before_the_picture(visit):
    ada = visit()
    ada.explore(seeds="1-3")
    ada.mark(1, {2: {"kept": True}})
    ada.develop()
    ada.mark(1, {0: {"kept": True, "stars": 4}, 1: {"kept": False}})
    assert [each["seed"] for each in ada.ask("search", kept=True)["entries"]] == ["3", "1"]
    assert [each["mark"] for each in ada.ask("search", stars=4)["entries"]] == [{"kept": True, "stars": 4}]
    ada.mark(1, {0: {}})
    assert [each["seed"] for each in ada.ask("search", kept=True)["entries"]] == ["3"]


def test_marks_in_the_gallery_are_on_the_page(visit):
    ada = visit()
    ada.make("1, 2")
    newest = read_names(ada.ask("search"))[0]
    assert ada.rate(name=newest, mark={"stars": 3})["mark"] == {"stars": 3}
    assert [tile["mark"] for tile in ada.view["rounds"][0]["tiles"]] == [{}, {"stars": 3}]


def test_a_picture_leads_back_to_its_round_or_is_opened(visit):
    ada = visit()
    ada.make("1, 2")
    ada.click(1, 1)
    ada.develop()
    ada.make("9")
    name = read_names(ada.ask("search", seed="2"))[-1]
    assert ada.show(name)["place"] == [1, 1]
    assert ada.view["rounds"][0]["title"] == "Seeds 1–2"
    tomorrow = visit(tab="tomorrow")
    answer = tomorrow.show(name)
    assert (answer["place"], tomorrow.states(0)) == ([1, 0], ["done"])
    assert (tomorrow.fields["prompt"], tomorrow.fields["seeds"]) == ("Labrador", "2")


@pytest.mark.parametrize(
    "data",
    [
        {"words": 7},
        {"words": "x" * 501},
        {"model": ["sketch"]},
        {"seed": "banana"},
        {"stars": 6},
        {"stars": True},
        {"stars": "5"},
        {"since": "today"},
        {"since": float("nan")},
        {"since": 1e300},
        {"until": [1]},
        {"cursor": "W10="},
        {"cursor": 3},
    ],
)
def test_forged_searches_get_a_sentence(visit, data):
    answer = visit().ask("search", **data)
    assert set(answer) == {"number", "error"}
    assert "Something went wrong" not in answer["error"]


def test_events_without_data_or_of_places_that_are_not_there_get_a_sentence(visit):
    ada = visit()
    for answer in (
        ada.rate(name="../../etc/passwd", mark={"kept": True}),
        ada.rate(name="a", mark=None),
        ada.show("../x"),
        ada.receive("no link"),
        ada.tell("copy_link", round=9, address=URL),
        ada.tell("copy_link", round=-1, address=URL),
        ada.tell("pack", kind="page", round=True),
        ada.name_seed(round=1, index=0, label="x"),
        ada.gallery.search(ada.request, SimpleNamespace(_data="x")) | {"error": "everything is found"},
    ):
        assert "Something went wrong" not in answer["error"]
    ada.state = None
    assert ada.tell("pack", kind="trail")["error"] == ada.name_seed(label="x")["error"]


def test_a_link_shows_recipes_that_a_click_makes(visit, painter):
    ada, bob = visit(), visit(BOB, "2")
    ada.make("1-3")
    link = ada.tell("copy_link", round=1, address=URL)["text"]
    assert link.startswith(f"{URL}#r=1.")
    answer = bob.receive(link[link.index("#") :])
    bob.develop()
    assert (answer["place"], bob.states()) == ([1, 0], ["stopped"] * 3)
    assert bob.notice == "Opened from a link: the recipes of 3 pictures. Click one to make them."
    assert (bob.fields["prompt"], bob.fields["seeds"]) == ("Labrador", "1-3")
    assert len(painter.painted) == 3
    bob.click(1, 0)
    bob.develop()
    assert bob.states() == ["done"] * 3
    bob.receive(link)
    assert len(bob.view["rounds"]) == 1, "the same round again"


def test_a_link_to_one_picture_has_those_that_led_to_it(visit):
    ada = visit()
    ada.make("1-3")
    ada.click(1, 2)
    ada.develop()
    link = ada.tell("copy_link", round=2, index=1, address=URL)["text"]
    assert link == make_link(URL, take_picture(ada.state.session.trail, 2, 1))
    bob = visit(BOB, "2")
    bob.receive(link)
    assert [len(each["tiles"]) for each in bob.view["rounds"]] == [1, 1]


def test_too_long_a_round_says_so(visit):
    ada = visit()
    ada.make("1")
    ada.click(1, 0, suffixes="\n".join(f", {sha256(bytes([number])).hexdigest()}" for number in range(200)))
    answer = ada.tell("copy_link", round=2, address=URL)
    assert "too long for a link" in answer["error"]
    assert ada.problem == answer["error"]


def test_what_was_packed_before_is_deleted(visit):
    ada = visit()
    ada.make("1, 2")
    page = ada.tell("pack", kind="page", round=1)
    first = ada.state.download
    assert (page["name"], first.read_text("utf-8").count("<figure")) == ("labrador-seeds-1-2.html", 2)
    trail = ada.tell("pack", kind="trail", round=1)
    assert (trail["name"], first.parent.exists()) == ("labrador-seeds-1-2.zip", False)


def test_an_exported_trail_joins_the_present_one(visit):
    ada, bob = visit(), visit(BOB, "2")
    ada.make("1, 2")
    ada.mark(1, {1: {"kept": True}})
    ada.tell("pack", kind="trail", round=1)
    bob.make("5")
    bob.drop(ada.state.download)
    assert (bob.errors, bob.notice) == ({}, "Opened from a file: 2 pictures.")
    assert (bob.states(), len(bob.view["roots"])) == (["done", "done"], 2)
    with Image.open(bob.state.session.trail.tile(2, 0).file) as shown:
        assert shown.size == (128, 128)
    bob.drop(ada.state.download)
    assert len(bob.view["roots"]) == 2


def test_a_file_that_is_no_trail_is_refused_by_name(visit, tmp_path):
    ada, file = visit(), tmp_path / "holiday.zip"
    file.write_bytes(b"PK\x03\x04 no archive")
    ada.drop(file)
    assert ada.errors["page"].startswith("“holiday.zip” is not a trail that SeedLab exported")


def test_a_deleted_picture_says_so(visit):
    ada = visit()
    ada.make("1")
    (name,) = read_names(ada.ask("search"))
    Path(ada.gallery._services.open_gallery(ADA).find(Search()).entries[0].file).unlink()
    assert "deleted" in visit(tab="other").show(name)["error"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"count": 1, "outcomes": []},
        {"count": True, "outcomes": []},
        {"count": 3, "outcomes": "0"},
        {"count": 3, "outcomes": [[0, 0, 1]]},
        {"count": 3, "outcomes": [[0, 3, 1]]},
        {"count": 3, "outcomes": [[0, 1, 3]]},
        {"count": 3, "outcomes": [[0, 1]]},
        {"count": 3, "outcomes": [[0, 1, 1]] * 2_001},
    ],
)
def test_forged_comparisons_are_refused(data):
    answer = GalleryHandlers(None, address).rank(SimpleNamespace(_data={"number": 7} | data))
    assert answer == {"number": 7, "error": BROKEN_OUTCOMES}


def test_pictures_are_ranked_by_pairs():
    data = {"number": 7, "count": 3, "outcomes": [[0, 1, 2], [1, 2, 1]]}
    answer = GalleryHandlers(None, address).rank(SimpleNamespace(_data=data))
    assert answer["number"] == 7
    assert answer["order"][0] == 1
    assert sorted(answer["pair"]) == [0, 2]
