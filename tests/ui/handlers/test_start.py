"""A round of seeds that starts from a picture that was dropped on the page."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PIL import Image

from seedlab.images.inputs.store import InputStore
from seedlab.ui.blocks.form import ADVANCED, FORM, Form
from seedlab.ui.handlers.page import Handlers
from seedlab.ui.handlers.start import SHOWN, StartHandlers
from tests.images.foreign.pictures import make_exif, write_exif
from tests.ui.fakes import make_services
from tests.ui.page import Page, address


class StartPage(Page):
    """A page with the part for the user's own picture."""

    def __init__(self, services):
        super().__init__(Handlers(services, address))
        self.own, self.start = StartHandlers(services), ""
        self.open()

    def list_shown(self):
        updates = dict(zip(SHOWN, self.own.show_start(self.state, self.start), strict=True))
        return {name for name, each in updates.items() if isinstance(each, dict) and each.get("visible") is True}

    def use(self):
        update, self.notice, start, *errors = self.own.use_picture(self.state)
        self.start = start if isinstance(start, str) else self.start
        self._show(update, errors)

    def generate(self, **fields):
        self.explore(start=self.start, **fields)
        return self.view["rounds"][-1]


@pytest.fixture
def page(painter, tmp_path):
    store = InputStore(tmp_path / "inputs")
    return StartPage(replace(make_services(painter), take_input=lambda file, _: store.take(file, "")))


@pytest.fixture
def photo(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.effect_noise((120, 90), 60).convert("RGB").save(tmp_path / "photo.jpg", exif=exif)
    return tmp_path / "photo.jpg"


def test_a_picture_without_settings_is_offered_to_start_from(page, painter, photo):
    assert page.list_shown() == set()
    page.drop(photo)
    assert page.errors["page"].startswith("“photo.jpg” does not say how it was made")
    assert page.errors["page"].endswith("Or start from this picture: the button is under the prompt.")
    assert page.list_shown() == {"use"}
    assert page.own.show_start(page.state, "")[1]["value"] == "Start from “photo.jpg”"
    page.use()
    assert page.errors == {}
    assert page.list_shown() == {"forget"}
    assert page.own.show_start(page.state, page.start)[0].startswith("A round of seeds starts from “photo.jpg”, 90×")
    round_ = page.generate(start_strength="strong")
    assert page.errors == {}
    assert round_["title"] == "Seeds 0–3 · from “photo.jpg”"
    page.develop()
    assert {recipe.start.strength for recipe in painter.painted} == {0.6}
    assert {(recipe.width, recipe.height) for recipe in painter.painted} == {(112, 144)}
    assert len({recipe.seed for recipe in painter.painted}) == 4
    assert "from “photo.jpg”, strength 0.6" in str(page.view["rounds"][-1])


def test_one_of_another_tool_too_and_its_settings_are_imported(page, tmp_path):
    text = b"a cat\nNegative prompt: \nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 7, Size: 64x64"
    file = write_exif(tmp_path / "a.jpg", make_exif(b"ASCII\0\0\0" + text))
    page.drop(file)
    assert page.notice.startswith("Imported from the picture")
    assert page.list_shown() == {"use"}


def test_what_is_no_picture_is_not_offered(page, tmp_path):
    (tmp_path / "a.png").write_text("text")
    page.drop(tmp_path / "a.png")
    assert page.list_shown() == set()
    page.use()
    assert page.errors == {"page": "Open a picture first, then start from it."}


def test_errors_are_shown_under_the_strength(page, photo):
    page.drop(photo)
    page.use()
    page.generate(start_strength="2") if page.view["rounds"] else page.explore(start=page.start, start_strength="2")
    assert page.errors == {"start_strength": "The strength must be from 0 to 1, not 2."}
    page.explore(start="{}")
    assert page.errors == {"start_strength": "This picture cannot be read: open it again."}
    page.explore(start=page.start, drafts=True)
    assert page.errors == {}
    assert "Pictures that start from yours have no drafts" in page.notice


def test_the_fields_follow_the_sheet(page, photo):
    page.drop(photo)
    page.use()
    page.generate(start_strength="0.7")
    page.develop()
    page.click(1, 0)
    form = Form("", "", False, "", "sketch", **dict.fromkeys(ADVANCED, ""))
    updates = page.handlers.follow(SimpleNamespace(_data={}), page.state, *vars(form).values())
    followed = dict(zip(("generate", *FORM), updates, strict=True))
    assert json.loads(followed["start"])["file"] == "photo.jpg"
    assert followed["start_strength"] == "0.7"
    restored = page.handlers.restore_advanced(page.state)
    assert json.loads(restored[-2])["file"] == "photo.jpg"


def test_an_edit_of_the_locked_picture_keeps_its_start(page, painter, photo):
    page.drop(photo)
    page.use()
    page.generate()
    page.develop()
    page.click(1, 0, rule="words", words="a boat")
    page.develop()
    assert painter.painted[-1].prompt == "a boat"
    assert painter.painted[-1].start == painter.painted[0].start


def test_on_another_owners_page_it_cannot_be_kept_without_a_cookie(painter, photo, tmp_path):
    store = InputStore(tmp_path / "inputs")
    page = StartPage(replace(make_services(painter), take_input=store.take))
    page.drop(photo)
    page.use()
    assert "This browser keeps no cookies, so a picture of your own cannot be kept here" in page.errors["page"]
    assert page.start == ""
