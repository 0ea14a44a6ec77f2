"""Accessibility: axe finds nothing that WCAG 2.2 AA forbids, in any state of the page."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

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
