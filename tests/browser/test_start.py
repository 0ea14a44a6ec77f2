"""A round of seeds that starts from a photograph of the user's own."""

import os

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import QUICK, SMALL

pytestmark = pytest.mark.browser


@pytest.fixture
def photo(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.effect_noise((120, 90), 60).convert("RGB").save(tmp_path / "my photo.jpg", exif=exif)
    return tmp_path / "my photo.jpg"


def test_from_dropping_a_photograph_to_a_round_that_starts_from_it(screen, seeds, photo):
    page = screen.page
    shown = page.locator("#starting")
    expect(shown).not_to_be_visible()
    screen.set_steps(QUICK, SMALL)
    screen.generate(prompt="a cat", seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    page.locator("#open").locator("xpath=..").locator("input[type=file]").set_input_files(photo)
    expect(screen.sentence("page")).to_contain_text("“my photo.jpg” does not say how it was made")
    expect(page.locator("#start_use")).to_have_text("Start from “my photo.jpg”")
    expect(page.locator("#start_strength")).not_to_be_visible()
    if folder := os.environ.get("SEEDLAB_SHOTS"):
        page.screenshot(path=f"{folder}/own-offered.png")
    page.locator("#start_use").click()
    expect(screen.sentence("starting")).to_contain_text("A round of seeds starts from “my photo.jpg”, 90×120.")
    expect(page.locator("#start_use")).not_to_be_visible()
    expect(screen.sentence("page")).to_have_text("")
    screen.fill("start_strength", "1.5")
    screen.generate()
    expect(screen.sentence("start_strength")).to_contain_text("The strength must be from 0 to 1, not 1.5.")
    screen.fill("start_strength", "strong")
    if folder := os.environ.get("SEEDLAB_SHOTS"):
        page.screenshot(path=f"{folder}/own-active.png")
    screen.generate(seeds=f"{seeds[0]}, {seeds[1]}")
    screen.wait_done(0, 2)
    expect(screen.column(0).locator("header")).to_contain_text("from “my photo.jpg”")
    expect(screen.sentence("start_strength")).to_have_text("")
    screen.reload()
    screen.wait_done(0, 2)
    expect(screen.sentence("starting")).to_contain_text("“my photo.jpg”")
    assert screen.value("start_strength") == "0.6"
    page.locator("#start_forget").click()
    expect(shown).not_to_be_visible()
    screen.generate(seeds=str(seeds[2]))
    screen.wait_done(0, 1)
    expect(screen.column(0).locator("header")).not_to_contain_text("my photo")
