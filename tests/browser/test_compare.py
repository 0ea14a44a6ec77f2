"""Comparing pictures in a real browser: four ways, zoom in step, what differs in words, by keyboard and by touch."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import QUICK, SMALL

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TRANSFORMS = "nodes => nodes.map((node) => getComputedStyle(node).transform)"
LIT = """node => {
  const { data } = node.getContext('2d').getImageData(0, 0, node.width, node.height);
  return data.some((value, index) => index % 4 < 3 && value > 0);
}"""


@pytest.fixture
def varied(screen, seeds):
    """Four seeds, and the variations of the second."""
    screen.generate(seeds=f"{seeds[0]}-{seeds[3]}")
    screen.wait_done()
    screen.frame(0, 1).click()
    screen.wait_done(1)
    return screen


def box(screen):
    return screen.page.locator(".compare-box")


def switch(screen, name):
    box(screen).get_by_role("button", name=name, exact=True).click()


def facts(screen):
    return box(screen).locator("tbody tr")


def test_pinned_pictures_stay_pinned_over_a_reload(varied):
    varied.look_closely(1, 2)
    varied.page.keyboard.press("p")
    varied.page.keyboard.press("Escape")
    expect(varied.column(1).locator(".tile.pinned")).to_have_count(1)
    varied.reload()
    varied.wait_done(1)
    expect(varied.column(1).locator(".tile").nth(2)).to_have_class(re.compile("pinned"))
    varied.frame(0, 0).press("c")
    expect(box(varied).locator("thead th")).to_have_count(2)
    expect(box(varied).locator("thead th").first).to_contain_text("trending")
    assert all(re.search("AbortError|errored out", each) for each in varied.complaints), varied.complaints
    varied.complaints.clear()


def test_a_picture_is_compared_with_its_parent_by_one_click(varied, seeds):
    varied.look(1, 1)
    varied.action("Compare").click()
    expect(box(varied).locator("thead th")).to_have_text([f"Seed {seeds[1]}", f"Seed {seeds[1]} · artsy"])
    expect(facts(varied)).to_have_count(1)
    expect(facts(varied).locator("th")).to_have_text("Prompt")
    expect(facts(varied).locator("ins")).to_have_text(", artsy")
    # The seam follows the pointer, and the arrow keys.
    stage = box(varied).locator(".stage")
    area = stage.bounding_box()
    varied.page.mouse.move(area["x"] + area["width"] / 2, area["y"] + 200)
    varied.page.mouse.down()
    varied.page.mouse.move(area["x"] + area["width"] / 4, area["y"] + 200, steps=3)
    varied.page.mouse.up()
    seam = "node => parseFloat(node.style.getPropertyValue('--at'))"
    dragged = stage.evaluate(seam)
    assert 22 <= dragged <= 27
    varied.page.keyboard.press("ArrowRight")
    assert stage.evaluate(seam) == pytest.approx(dragged + 2, abs=0.1)
    # Both pictures are zoomed, and moved, in step.
    switch(varied, "Side by side")
    expect(box(varied).locator(".pane")).to_have_count(2)
    varied.page.mouse.move(area["x"] + 100, area["y"] + 100)
    varied.page.mouse.wheel(0, -300)
    pictures = box(varied).locator(".zoomed")
    before = pictures.evaluate_all(TRANSFORMS)
    varied.page.mouse.down()
    varied.page.mouse.move(area["x"] + 60, area["y"] + 80, steps=3)
    varied.page.mouse.up()
    after = pictures.evaluate_all(TRANSFORMS)
    assert before[0] == before[1] != after[0] == after[1]
    # Flickering shows one at a time. Motion is reduced here: they change by a button.
    switch(varied, "Flicker")
    shown = box(varied).locator(".layer:not(.behind) img")
    first = shown.get_attribute("src")
    box(varied).get_by_role("button", name="Next picture").click()
    expect(shown).to_have_count(1)
    expect(shown).not_to_have_attribute("src", first)
    varied.page.keyboard.press("Escape")
    expect(box(varied)).to_have_count(0)
    expect(varied.action("Compare")).to_be_focused()


def test_the_difference_says_where_and_how_much(varied):
    varied.look(1, 0)
    varied.page.keyboard.press("c")
    expect(box(varied)).to_be_visible()
    varied.page.keyboard.press("d")
    expect(box(varied).locator(".controls [role=status]")).to_have_text(
        re.compile(r"pixels differ, by \d+ of 255 at most\.$")
    )
    assert box(varied).locator("canvas").evaluate(LIT)


def test_pinned_pictures_are_compared_and_all_settings_that_differ_are_named(varied, seeds):
    keyboard = varied.page.keyboard
    varied.frame(0, 0).press(" ")
    for key in ("p", "ArrowRight", "ArrowRight", "p", "ArrowRight", "c"):
        expect(varied.box).to_have_class(re.compile("pswp--ui-visible"))
        keyboard.press(key)
    names = [f"Seed {seeds[0]}", f"Seed {seeds[2]}", f"Seed {seeds[3]}"]
    expect(box(varied).locator("thead th")).to_have_text(names)
    expect(box(varied).locator(".pane")).to_have_count(3)
    expect(facts(varied)).to_have_count(1)
    expect(facts(varied).locator("td")).to_have_text([str(seeds[0]), str(seeds[2]), str(seeds[3])])
    # Of three, a click on a name says which one is laid over the first.
    switch(varied, "Slider")
    box(varied).get_by_role("button", name=f"Seed {seeds[2]}").click()
    expect(box(varied).locator(".layer img").last).to_have_attribute("alt", re.compile(f"^Seed {seeds[2]}:"))
    keyboard.press("Escape")
    expect(varied.column(0).locator(".pinned")).to_have_count(2)


def test_on_a_phone_it_fills_the_screen_and_a_finger_moves_the_seam(visit, seeds):
    screen = visit(steps=None, **PHONE)
    screen.page.locator("#fold").click()
    screen.set_steps(QUICK, side=SMALL)
    screen.generate(seeds=f"{seeds[0]}, {seeds[1]}")
    screen.wait_done(0, 2)
    screen.action("Compare").tap()
    expect(facts(screen).locator("th")).to_have_text("Seed")
    assert box(screen).bounding_box()["width"] == 390
    assert box(screen).locator("header button").first.bounding_box()["height"] >= 44
    area = box(screen).locator(".stage").bounding_box()
    screen.page.touchscreen.tap(area["x"] + 100, area["y"] + 100)
    seam = box(screen).locator(".stage").evaluate("node => parseFloat(node.style.getPropertyValue('--at'))")
    assert 15 <= seam <= 35
