"""Accessibility: axe finds nothing that WCAG 2.2 AA forbids, in any state of the page."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import QUICK, SMALL

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / ".ci" / "javascript" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => {
  const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const { violations } = await axe.run(document, { runOnly, resultTypes: ['violations'] });
  return violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
}"""


def check(screen, state):
    if not screen.page.evaluate("'axe' in window"):
        screen.page.evaluate(AXE.read_text("utf-8"))
    assert screen.page.evaluate(RUN) == [], state


@pytest.mark.skipif(not AXE.exists(), reason="needs `npm ci --prefix .ci/javascript`")
def test_axe_finds_nothing_in_any_state(visit, seeds):
    screen = visit()
    keyboard = screen.page.keyboard
    check(screen, "empty")
    screen.generate(seeds=f"{seeds[0]}-{seeds[3]}")
    screen.wait_done()
    screen.frame(0, 1).click()
    screen.wait_done(1)
    screen.frame(1, 0).focus()
    for key in ("p", "ArrowRight", "x", "ArrowRight", "4"):
        keyboard.press(key)
    screen.frame(1, 3).click(modifiers=["Control"])
    check(screen, "full, with marks and a selection")
    screen.frame(1, 3).press("Escape")
    screen.frame(1, 0).press("c")
    expect(screen.page.locator(".compare-box tbody th")).to_have_text("Prompt")
    for key in "dgs":
        keyboard.press(key)
        check(screen, f"comparing, {key}")
    keyboard.press("Escape")
    screen.frame(1, 0).press("?")
    check(screen, "keys")
    keyboard.press("Escape")
    screen.frame(1, 0).press(" ")
    expect(screen.box.locator(".look-caption strong")).to_be_visible()
    check(screen, "looking closely")
    keyboard.press("Escape")
    expect(screen.box).to_have_count(0)
    screen.page.locator(".sharing summary").click()
    screen.action("Copy link").click()
    expect(screen.script).to_be_visible()
    check(screen, "a link")
    screen.action("Name this seed…").click()
    screen.page.locator(".name-box input").fill("good pose")
    check(screen, "naming a seed")
    keyboard.press("Enter")
    expect(screen.page.locator(".seed-names").get_by_role("button", name="good pose", exact=True)).to_be_visible()
    screen.page.locator(".gallery-open").click()
    screen.page.locator(".gallery-box .entry").first.focus()
    check(screen, "gallery")
    screen.page.locator(".gallery-box").get_by_role("button", name="Kept", exact=True).click()
    expect(screen.page.locator(".gallery-box .entry.rejected")).to_have_count(0)
    check(screen, "gallery, filtered")
    screen.page.emulate_media(color_scheme="dark")
    check(screen, "gallery, dark")
    screen.page.emulate_media(color_scheme="light")
    keyboard.press("Escape")


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.mark.skipif(not AXE.exists(), reason="needs `npm ci --prefix .ci/javascript`")
def test_axe_finds_nothing_on_a_phone_and_in_the_dark(visit, seeds):
    screen = visit(color_scheme="dark", steps=None, **PHONE)
    page = screen.page
    check(screen, "empty")
    page.locator("#fold").click()
    check(screen, "the panel unfolded")
    screen.set_steps(QUICK, side=SMALL)
    screen.fill("suffixes", ", at night")
    screen.generate(seeds=f"{seeds[0]}-{seeds[3]}")
    screen.wait_done()
    screen.frame(0, 1).tap()
    screen.wait_done(0, 1)
    page.locator("#live input").check()
    screen.fill("prompt", "red boat by Hokusai")
    expect(page.locator(".live-below strong")).to_contain_text("Draft,")
    check(screen, "live words")
    screen.fill("prompt", "red (boat:99)")
    expect(screen.sentence("prompt")).not_to_be_empty()
    check(screen, "an error")
    page.locator("#fold").click()
    screen.generate(prompt="a cat", seeds=f"{seeds[0]}-{seeds[3]}")
    expect(page.locator(".roots button")).to_have_count(2)
    screen.wait_done()
    for index in range(3):
        screen.frame(0, index).press("p")
    page.get_by_role("button", name="Choose by pairs").tap()
    expect(page.locator(".candidate")).to_have_count(2)
    check(screen, "choosing by pairs")
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Show the order").tap()
    check(screen, "the order")
    page.keyboard.press("Escape")
    page.locator(".look").first.tap()
    expect(screen.box.locator(".look-caption strong")).to_be_visible()
    check(screen, "looking closely")
    page.keyboard.press("Escape")
    expect(screen.box).to_have_count(0)
    page.locator(".gallery-open").tap()
    page.locator(".gallery-box .entry").first.press("p")
    check(screen, "gallery, marking")
