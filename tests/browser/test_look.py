"""Looking closely in a real browser: free, by each gesture, with zoom, through round and rounds, and back."""

import re
from functools import partial

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MOTION, QUICK, SMALL
from tests.browser.screen import PATIENCE

pytestmark = pytest.mark.browser

HAS_WIDTH = """([node, least, most]) => {
  const { width } = node.getBoundingClientRect();
  return least <= width && width <= most;
}"""
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def wait_open(screen):
    expect(screen.box).to_have_class(re.compile("pswp--ui-visible"))


def close(screen):
    screen.page.keyboard.press("Escape")
    expect(screen.box).to_have_count(0)


def shown(screen):
    return screen.box.locator(".pswp__item[aria-hidden='false'] img.pswp__img")


def width(screen):
    return shown(screen).last.evaluate("node => node.getBoundingClientRect().width")


def wait_for_width(screen, least, most=100_000):
    """Wait until the picture is from `least` to `most` pixels wide: zooming takes a moment."""
    screen.page.wait_for_function(HAS_WIDTH, arg=[shown(screen).last.element_handle(), least, most])


def title(screen):
    return screen.box.locator(".look-caption strong")


def press_twice(page, frame):
    """A double click whose second press is longer than a click waits for one."""
    frame.hover()
    page.mouse.down()
    page.mouse.up()
    page.mouse.down(click_count=2)
    page.wait_for_timeout(400)
    page.mouse.up(click_count=2)


def test_looking_is_free_and_a_click_goes_on_locking(screen, seeds, server):
    screen.generate(seeds=f"{seeds[0]}-{seeds[3]}")
    screen.wait_done()
    made, frame = server.pictures, screen.frame(0, 1)
    slowly = partial(press_twice, screen.page, frame)
    for look in (lambda: frame.press(" "), frame.dblclick, slowly, lambda: screen.look_closely(0, 1)):
        look()
        wait_open(screen)
        expect(title(screen)).to_have_text(f"Seed {seeds[1]}")
        close(screen)
    # The detail shows what was looked at, and opens by a click.
    expect(screen.page.locator(".recipe")).to_contain_text(f"{seeds[1]}, noise from the CPU")
    screen.page.locator(".compare").click(position={"x": 40, "y": 40})
    expect(title(screen)).to_have_text(f"Seed {seeds[1]}")
    close(screen)
    expect(screen.columns).to_have_count(1)
    expect(frame).to_have_attribute("aria-pressed", "false")
    assert server.pictures == made
    frame.click()
    screen.wait_done(1)
    assert len(server.pictures - made) == 4
    # The seam moves by a drag; a click leaves it, and looks.
    screen.frame(1, 0).press(" ")
    wait_open(screen)
    close(screen)
    compare = screen.page.locator(".compare")
    box = compare.bounding_box()
    screen.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 200)
    screen.page.mouse.down()
    screen.page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 200, steps=3)
    screen.page.mouse.up()
    expect(screen.box).to_have_count(0)
    seam = "node => node.style.getPropertyValue('--at')"
    dragged = compare.evaluate(seam)
    assert 20 <= int(dragged.removesuffix("%")) <= 30
    compare.click(position={"x": box["width"] * 0.7, "y": 200})
    wait_open(screen)
    assert compare.evaluate(seam) == dragged


def test_zoom_through_the_round_through_the_rounds_and_back(screen, seeds):
    screen.generate(seeds=f"{seeds[0]}-{seeds[3]}")
    screen.wait_done()
    screen.frame(0, 2).click()
    screen.wait_done(1)
    keyboard = screen.page.keyboard
    screen.frame(1, 1).press(" ")
    wait_open(screen)
    expect(title(screen)).to_have_text(f"Seed {seeds[2]} · artsy")
    fit = width(screen)
    assert fit > 700, "small pictures are enlarged to the window"
    screen.page.mouse.move(700, 400)
    screen.page.mouse.wheel(0, -300)
    wait_for_width(screen, 1.3 * fit)
    screen.box.get_by_text("1:1").click()
    wait_for_width(screen, SMALL - 1, SMALL + 1)
    screen.box.get_by_text("Fit", exact=True).click()
    wait_for_width(screen, fit - 2, fit + 2)
    keyboard.press("ArrowRight")
    expect(title(screen)).to_have_text(f"Seed {seeds[2]} · trending")
    keyboard.press("ArrowUp")
    expect(title(screen)).to_have_text(f"Seed {seeds[2]}")
    source = screen.frame(0, 2).locator(".picture").get_attribute("src")
    expect(shown(screen).last).to_have_attribute("src", source)
    keyboard.press("ArrowLeft")
    expect(title(screen)).to_have_text(f"Seed {seeds[1]}")
    keyboard.press("ArrowDown")
    expect(title(screen)).to_have_text(f"Seed {seeds[2]} · trending")
    close(screen)
    expect(screen.frame(1, 2)).to_be_focused()
    # L locks what is shown.
    screen.frame(0, 0).press(" ")
    wait_open(screen)
    keyboard.press("l")
    expect(screen.box).to_have_count(0)
    expect(screen.frame(0, 0)).to_have_attribute("aria-pressed", "true")
    expect(screen.column(1).locator("h2")).to_have_text(f"Seed {seeds[0]} · suffixes")


def test_escape_is_heard_while_it_is_still_opening(visit, seeds):
    screen = visit(**MOTION)
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(count=1)
    screen.frame(0, 0).focus()
    screen.page.keyboard.press(" ")
    expect(screen.box).to_have_count(1)
    close(screen)
    expect(screen.frame(0, 0)).to_be_focused()


@pytest.mark.usefixtures("slowness")
def test_drafts_and_pictures_that_are_not_made_yet(visit, seeds):
    screen = visit(steps=8)
    screen.page.locator("#drafts input").check()
    screen.fill("draft_steps", "1")
    screen.generate(seeds=f"{seeds[0]}, {seeds[1]}")
    expect(screen.tiles(0, "draft")).to_have_count(2, timeout=PATIENCE)
    screen.frame(0, 0).press(" ")
    wait_open(screen)
    expect(screen.box.locator(".look-caption .stage")).to_have_text("Draft, 1 of 8 steps")
    screen.box.get_by_role("button", name="Finish this picture").click()
    expect(screen.box).to_have_count(0)
    screen.frame(0, 1).press(" ")
    wait_open(screen)
    screen.page.keyboard.press("ArrowLeft")
    expect(screen.box.locator(".look-caption .stage")).to_have_text("", timeout=PATIENCE)
    source = screen.frame(0, 0).locator(".picture").get_attribute("src")
    expect(shown(screen).last).to_have_attribute("src", source)
    close(screen)
    screen.page.locator("#drafts input").uncheck()
    screen.generate(seeds=f"{seeds[2]}-{seeds[2] + 11}")
    expect(screen.column(0).locator(".tile")).to_have_count(12)
    screen.wait_first(0, 1)
    screen.page.locator("#stop").click()
    expect(screen.tiles(0, "stopped").last).to_be_visible()
    screen.frame(0, 0).press(" ")
    wait_open(screen)
    for _ in range(11):
        screen.page.keyboard.press("ArrowRight")
    expect(screen.box.locator(".look-unmade").last).to_contain_text("Stopped before it was made.")


def test_on_a_phone_the_magnifier_is_in_sight_and_a_tap_locks(visit, seeds):
    screen = visit(steps=None, **PHONE)
    screen.page.locator("#fold").click()
    screen.set_steps(QUICK, side=SMALL)
    screen.generate(seeds=f"{seeds[0]}, {seeds[1]}")
    screen.wait_done(0, 2)
    magnifier = screen.column(0).locator(".look").first
    expect(magnifier).to_have_css("display", "block")
    assert magnifier.bounding_box()["width"] >= 24
    magnifier.tap()
    wait_open(screen)
    expect(title(screen)).to_have_text(f"Seed {seeds[0]}")
    assert width(screen) == pytest.approx(390, abs=2)
    screen.box.get_by_role("button", name="Close").tap()
    expect(screen.box).to_have_count(0)
    expect(screen.columns).to_have_count(1)
    screen.frame(0, 1).tap()
    expect(screen.columns).to_have_count(2)
