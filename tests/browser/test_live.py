"""Live words in a real browser: the locked picture follows the typing, soon after a pause."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.screen import PATIENCE

pytestmark = pytest.mark.browser


@pytest.fixture
def locked(visit, seeds):
    """A page on which a seed is locked, and live words are on."""
    screen = visit(steps=12)
    screen.fill("suffixes", ", at night")
    screen.generate(seeds=str(seeds[1]))
    screen.wait_done(0, 1)
    screen.frame(0, 0).click()
    screen.wait_done(1, 1)
    screen.page.locator("#live input").check()
    return screen


def test_a_draft_follows_the_typing_and_the_button_makes_it(locked, server, seeds):
    page, draft = locked.page, locked.page.locator(".view .live")
    prompt = page.locator("#prompt textarea")
    pictures = server.pictures
    expect(locked.page.locator("#generate")).to_have_text(f"Vary seed {seeds[1]}")
    prompt.press("End")
    prompt.press_sequentially(" at sunset", delay=60)
    expect(draft.locator("strong")).to_have_text("Draft, 3 of 12 steps", timeout=PATIENCE)
    expect(draft).to_contain_text(f"Not kept: “Vary seed {seeds[1]}” makes the picture.")
    expect(draft).not_to_have_class(re.compile("rough|stale"))
    first = draft.locator("img").get_attribute("src")
    prompt.press_sequentially(" (blue:99)")
    expect(locked.sentence("prompt")).to_have_text(
        "The weight 99 of “blue” is out of range: use 0 to 10.", timeout=PATIENCE
    )
    expect(draft.locator("img")).to_have_attribute("src", first)
    expect(draft).to_have_class(re.compile("stale"))
    for key in ("Backspace", "Backspace", ")"):
        prompt.press(key)
    expect(locked.sentence("prompt")).to_be_empty()
    expect(draft.locator("strong")).to_have_text("Draft, 3 of 12 steps", timeout=PATIENCE)
    expect(draft).not_to_have_class(re.compile("rough|stale"))
    assert server.pictures == pictures
    count = locked.columns.count()
    page.locator("#generate").click()
    expect(draft).to_have_count(0)
    expect(locked.columns).to_have_count(count + 1)
    locked.wait_done(count, 1)
    expect(locked.columns.last.locator(".suffix")).to_contain_text("at sunset")


@pytest.mark.slow
def test_it_ends_with_the_switch_and_with_the_lock(locked):
    page, draft = locked.page, locked.page.locator(".view .live")
    prompt = page.locator("#prompt textarea")
    prompt.fill("red boat")
    expect(draft).to_be_visible(timeout=PATIENCE)
    page.locator("#live input").uncheck()
    expect(draft).to_have_count(0)
    prompt.fill("blue boat")
    page.wait_for_timeout(600)
    expect(draft).to_have_count(0)
    page.locator("h1").click()
    page.keyboard.press("Escape")
    expect(page.locator("#live")).to_be_hidden()
