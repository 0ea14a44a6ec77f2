"""Room for pictures in a real browser: sizes, strips, the panel and the detail in view, no shift of the layout."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MOTION, SMALL

pytestmark = pytest.mark.browser

WATCH_SHIFTS = """() => {
  window.roomShifts = [];
  const note = ({ value, hadRecentInput, sources }) => {
    const names = sources.map(({ node }) => node?.id || node?.className || String(node));
    if (!hadRecentInput) window.roomShifts.push([value, ...names]);
  };
  const watch = (list) => list.getEntries().forEach(note);
  new PerformanceObserver(watch).observe({ type: 'layout-shift', buffered: true });
}"""
WIDTH = "node => node.getBoundingClientRect().width"


def resize(screen, width, height):
    screen.page.set_viewport_size({"width": width, "height": height})


def read_shifts(screen):
    """Return the shifts of the layout that no click has caused, but for those of Gradio's own spinner."""
    return [each for each in screen.page.evaluate("window.roomShifts") if "loading" not in str(each)]


def measure(locator):
    return locator.evaluate(WIDTH)


def test_the_newest_round_is_large_and_the_earlier_ones_are_strips(screen, seeds):
    screen.generate(seeds=f"{seeds[0]}-{seeds[3]}")
    screen.wait_done()
    detail = screen.page.locator(".compare")
    for size, tile, side in (((1440, 900), 329, 320), ((1920, 1080), 445, 470), ((2560, 1440), 600, 600)):
        resize(screen, *size)
        assert measure(screen.frame(0, 0)) >= tile
        assert measure(detail) >= side
        expect(screen.frame(0, 3)).to_be_in_viewport(ratio=1)
        expect(screen.action("Copy round as script")).to_be_in_viewport(ratio=1)
    resize(screen, 1440, 900)
    screen.frame(0, 2).click()
    screen.wait_done(1)
    assert measure(screen.frame(0, 0)) <= 92
    assert measure(screen.frame(1, 0)) >= 273
    for index in range(4):
        expect(screen.frame(0, index)).to_be_in_viewport(ratio=1)
    # The title of a strip makes it large again; another picture of it starts the next round.
    screen.column(0).get_by_role("button", name=f"Seeds {seeds[0]}–{seeds[3]}").press("Enter")
    assert measure(screen.frame(0, 0)) >= 273
    assert measure(screen.frame(1, 0)) <= 92
    expect(screen.frame(0, 2)).to_be_focused()
    screen.frame(0, 1).click()
    expect(screen.column(1).locator("h2")).to_have_text(f"Seed {seeds[1]} · suffixes")
    assert measure(screen.frame(0, 0)) <= 92
    # A short row of the window's height, and less width: the detail is below.
    resize(screen, 1024, 768)
    assert measure(screen.frame(1, 0)) >= 240
    assert screen.page.evaluate("document.documentElement.scrollWidth") <= 1024


def test_64_pictures_take_two_and_a_half_screens_and_the_variations_of_the_40th_come_into_view(visit):
    screen = visit(steps=None, **MOTION)
    screen.set_steps(1, side=SMALL)
    screen.generate(seeds="0-63")
    screen.wait_done(0, 64)
    assert screen.page.evaluate("document.documentElement.scrollHeight / innerHeight") <= 2.5
    assert measure(screen.frame(0, 40)) >= 150
    screen.page.evaluate("scrollTo({ top: 1200, behavior: 'instant' })")
    for part in ("#panel", ".inspector"):
        assert screen.page.locator(part).bounding_box()["y"] == 0
    expect(screen.status).to_be_in_viewport(ratio=1)
    screen.frame(0, 40).click()
    screen.wait_done(1)
    expect(screen.column(1).locator("h2")).to_be_in_viewport(ratio=1)
    expect(screen.frame(1, 3)).to_be_in_viewport(ratio=1)
    expect(screen.frame(0, 40)).to_be_in_viewport(ratio=1)
    assert measure(screen.column(0)) <= 160


def test_pictures_that_are_not_square_keep_their_shape(visit, seeds):
    screen = visit(steps=1)
    screen.open_advanced()
    screen.fill("width", "128")
    screen.generate(seeds=f"{seeds[0]}-{seeds[3]}")
    screen.wait_done()
    screen.frame(0, 0).click()
    screen.wait_done(1)
    for frame in (screen.frame(0, 0), screen.frame(1, 0), screen.page.locator(".compare")):
        box = frame.bounding_box()
        assert box["width"] / box["height"] == pytest.approx(2, abs=0.03)


@pytest.mark.usefixtures("slowness")
def test_nothing_shifts_while_pictures_come_nor_after_a_reload(visit, seeds):
    screen = visit()
    screen.page.add_init_script(f"({WATCH_SHIFTS})()")
    screen.open().set_steps(5, side=SMALL)
    for index in (0, 1):
        screen.generate(seeds=f"{seeds[index]}, {seeds[index + 2]}")
        expect(screen.column(0).locator(".edge")).to_have_text([str(seeds[index]), str(seeds[index + 2])])
        screen.wait_done(0, 2)
    screen.frame(0, 1).click()
    screen.wait_done(1)
    assert read_shifts(screen) == []
    screen.action("Name this seed…").click()
    name = screen.page.locator(".name-box input")
    name.fill(f"name of {seeds[0]}")
    name.press("Enter")
    expect(screen.page.locator(".seed-names").get_by_role("button", name=f"name of {seeds[0]}")).to_be_visible()
    screen.reload()
    screen.wait_done(1)
    screen.page.wait_for_timeout(500)
    assert read_shifts(screen) == []


def test_the_panel_is_folded_away_until_it_has_an_error_to_show(screen, seeds):
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    before = measure(screen.column(0))
    screen.page.get_by_role("button", name="Fold the panel away").press("Enter")
    expect(screen.page.locator("#panel")).not_to_be_visible()
    assert measure(screen.column(0)) > before + 150
    screen.reload()
    screen.wait_done(0, 1)
    expect(screen.page.locator("#panel")).not_to_be_visible()
    show = screen.page.get_by_role("button", name="Show the panel")
    expect(show).to_have_attribute("aria-expanded", "false")
    show.click()
    screen.fill("suffixes", "")
    screen.page.get_by_role("button", name="Fold the panel away").click()
    screen.frame(0, 0).click()
    expect(screen.page.locator("#suffixes")).to_be_visible()
