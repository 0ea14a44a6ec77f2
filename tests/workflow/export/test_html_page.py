"""The HTML page: everything in one file, and nothing that could run or be fetched."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from PIL import Image

from seedlab.core.errors import SeedLabError
from seedlab.images.compare import hash_pixels
from seedlab.images.metadata import Metadata, read_metadata, write_picture
from seedlab.images.png import read_pixels, write_png
from seedlab.workflow.export import html_page
from seedlab.workflow.export.html_page import write_page
from seedlab.workflow.export.trail_parts import arrange, take_round
from seedlab.workflow.scripts.script import write_script
from tests.examples import ENVIRONMENT, RECIPE
from tests.workflow.export.trails import make_trail, write_pictures

HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(1)> \" ' & {url} \u202e\x07"


class Page(HTMLParser):
    """What a page has: tags, attributes and text."""

    VOID = ("meta", "img", "link", "br")

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.texts, self.open = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture
def trail(tmp_path):
    return write_pictures(make_trail(), tmp_path)


def test_a_page_has_the_pictures_the_recipes_the_hashes_and_the_scripts(trail):
    text = write_page(trail, write_script)
    page = Page(text)
    sources = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    files = [base64.b64decode(source.removeprefix("data:image/png;base64,")) for source in sources]
    tiles = [tile for round_ in trail.rounds for tile in round_.tiles]
    assert files == [tile.file.read_bytes() for tile in tiles]
    shown = "".join(page.texts)
    for tile, data in zip(tiles, files, strict=True):
        for words in (tile.recipe.to_json(), tile.recipe.fingerprint, hashlib.sha256(data).hexdigest()):
            assert words in shown
        assert hash_pixels(read_pixels(tile.file)) in shown
    script = write_script([tile.recipe for tile in trail.round(2).tiles])
    for words in ("Seeds 0–3", "Seed 2 · suffixes", "draft, 3 of 12 steps", script):
        assert words in shown


def test_nothing_is_fetched_and_nothing_runs(trail):
    page = Page(write_page(trail, write_script))
    assert set(page.tags).isdisjoint({"script", "iframe", "link", "object", "embed", "form", "base"})
    for tag, name, value in page.attributes:
        assert not name.startswith("on")
        if name in ("src", "href"):
            assert value.startswith(("data:image/png;base64,", "#")), (tag, value[:40])
    policy = next(value for _, name, value in page.attributes if name == "content" and "default-src" in value)
    style = page.texts[page.texts.index(html_page.STYLE)]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.split("; ")[:3] == ["default-src 'none'", "img-src data:", f"style-src 'sha256-{digest}'"]
    assert "url(" not in style
    assert "@import" not in style


def test_links_in_the_page_lead_somewhere(trail):
    page = Page(write_page(trail, write_script))
    ids = [value for _, name, value in page.attributes if name == "id"]
    links = {value[1:] for _, name, value in page.attributes if name == "href"}
    assert links <= set(ids)
    assert len(ids) == len(set(ids))
    assert "picture-1-2" in links  # the parent of the second round


def test_hostile_texts_are_text(tmp_path):
    trail = write_pictures(make_trail(prompt=HOSTILE, negative_prompt=HOSTILE), tmp_path)
    text = write_page(trail, write_script, HOSTILE)
    page = Page(text)
    assert "script" not in page.tags
    assert not any(name.startswith("on") for _, name, _ in page.attributes)
    assert HOSTILE.replace("\x07", "?") in page.texts
    assert not re.search(r"[\0-\x08\x0b-\x1f\x7f]", text)


def test_a_page_has_no_path_of_this_machine(tmp_path):
    trail = write_pictures(make_trail(model_id="/home/ada/secret/model"), tmp_path)
    # As a picture of an early version, which has the path.
    old = Metadata(recipe=trail.tile(1, 0).recipe, environment=ENVIRONMENT).to_json()
    write_png(trail.tile(1, 0).file, Image.new("RGB", (8, 8)), {"seedlab": old})
    assert read_metadata(trail.tile(1, 0).file).recipe.model_id == "/home/ada/secret/model"
    page = Page(write_page(trail, write_script))
    assert not any("secret" in text for text in page.texts)
    for _, name, value in page.attributes:
        if name == "src":
            assert b"secret" not in base64.b64decode(value.partition(",")[2])


def test_pictures_that_are_not_there_are_left_out(trail):
    trail.tile(1, 0).file.unlink()
    page = Page(write_page(take_round(trail, 2), write_script))
    assert page.tags.count("figure") == 3  # two variations and their parent
    for tile in (tile for round_ in trail.rounds for tile in round_.tiles):
        tile.file.unlink(missing_ok=True)
    with pytest.raises(SeedLabError, match="no pictures for a page yet"):
        write_page(trail, write_script)


def test_too_large_a_page_says_so(trail, monkeypatch):
    monkeypatch.setattr(html_page, "MAX_PAGE_BYTES", 100)
    with pytest.raises(SeedLabError, match=r"These 6 pictures have .* save one round at a time"):
        write_page(trail, write_script)


def test_a_round_without_a_script_is_shown_without_one(trail):
    def refuse(_):
        raise SeedLabError("There is none.")

    assert "Script" not in Page(write_page(trail, refuse)).texts


def test_pictures_from_files_are_arranged_in_rounds(trail, tmp_path):
    files = sorted(tmp_path.glob("*.png"), reverse=True)
    other = replace(RECIPE, prompt="a boat", seed=5)
    write_picture(tmp_path / "boat.png", Image.new("RGB", (8, 8)), Metadata(recipe=other, environment=ENVIRONMENT))
    arranged = arrange({file: read_metadata(file) for file in (*files, tmp_path / "boat.png")})
    titles = [(each.title, len(each.tiles), each.parent) for each in arranged.rounds]
    assert titles == [("Seeds 0–3", 4, None), ("Seed 5", 1, None), ("Seed 2 · suffixes", 2, (1, 2))]
    assert Page(write_page(arranged, write_script)).tags.count("figure") == 7
