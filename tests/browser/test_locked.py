"""With a seed locked, the panel varies it."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_panel_varies_the_locked_seed_and_starts_anew_when_asked(screen, seeds):
    generate, anew = screen.page.locator("#generate"), screen.page.locator("#anew")
    screen.generate(seeds=f"{seeds[0]}, {seeds[1]}")
    screen.wait_done(0, 2)
    screen.fill("suffixes", ", at night")
    screen.frame(0, 1).click()
    screen.wait_done(1, 1)
    expect(generate).to_have_text(f"Vary seed {seeds[1]}")
    expect(anew).to_be_visible()
    screen.fill("prompt", "red boat by Hokusai")
    generate.click()
    expect(screen.page.locator(".roots button")).to_have_count(0)
    expect(screen.columns.last.locator(".suffix")).to_contain_text("red boat by Hokusai")
    expect(screen.columns.last.locator(".edge")).to_have_text([str(seeds[1])])
    screen.page.locator("h1").click()
    screen.page.keyboard.press("Escape")
    expect(generate).to_have_text("Generate")
    expect(anew).to_be_hidden()


def test_a_newcomer_sees_an_example_and_a_click_makes_it(screen):
    pictures = screen.page.locator(".blank .paper img")
    expect(pictures).to_have_count(4)
    loaded = "images => images.every(image => image.complete && image.naturalWidth === 256)"
    screen.page.wait_for_function(f"({loaded})([...document.querySelectorAll('.blank .paper img')])")
    screen.page.locator(".blank .paper").nth(2).click()
    screen.wait_done()
    expect(screen.column(0).locator(".edge")).to_have_text(["0", "1", "2", "3"])
    expect(screen.page.locator(".blank")).to_be_hidden()
