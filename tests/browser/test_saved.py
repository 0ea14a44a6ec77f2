"""What the browser saves: rounds outlive a reload, a restart of the server, and a full storage."""

import re

import pytest
from playwright.sync_api import expect

from seedlab.ui.views.browser_state import STORAGE_KEYS
from seedlab.workflow.trails.trail_json import VERSION
from tests.browser.conftest import LONG, QUICK, SMALL
from tests.browser.screen import PATIENCE, Screen

pytestmark = pytest.mark.browser

FILL_STORAGE = """() => {
  for (let size = 1 << 20; size >= 1; size >>= 1) {
    try { for (let count = 0; ; count += 1) localStorage.setItem(`junk-${size}-${count}`, 'x'.repeat(size)); } catch {}
  }
}"""
WATCH_SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((entry) => entry.value)))
    .observe({ type: 'layout-shift', buffered: true });
}"""
HOLDS = f"(text) => (localStorage.getItem('{STORAGE_KEYS[0]}') || '').includes(text)"
HAS_SAVED = f"() => (localStorage.getItem('{STORAGE_KEYS[0]}') || '').includes('\"id\":1')"


def test_a_reload_during_work_continues_by_itself(visit, seeds, slowness):
    screen = visit(steps=LONG)
    screen.generate(seeds=f"{seeds[0]}-{seeds[3]}")
    screen.wait_working()
    screen.page.wait_for_function(HAS_SAVED)
    screen.reload()
    screen.page.evaluate(WATCH_SHIFTS)
    screen.wait_working()
    slowness.end()
    screen.wait_done()
    assert sum(screen.page.evaluate("window.shifts")) < 0.01, "nothing jumps"
    assert screen.value("seeds") == f"{seeds[0]}-{seeds[3]}"
    forgive_reload(screen)


def forgive_reload(screen):
    """Gradio logs that a reload cut its stream."""
    assert all(re.search("AbortError|errored out", each) for each in screen.complaints), screen.complaints
    screen.complaints.clear()


def test_a_full_storage_is_reported_and_the_page_still_works(screen, seeds):
    screen.page.evaluate(FILL_STORAGE)
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    expect(screen.page.locator(".storage")).to_contain_text("they will be gone after a reload")
    screen.page.evaluate("localStorage.clear()")
    screen.generate(seeds=str(seeds[1]))
    screen.wait_done(0, 1)
    expect(screen.page.locator(".storage")).to_be_hidden()


def test_an_invalid_saved_trail_leaves_the_page_usable(screen, seeds):
    hostile = '{"version": 2, "rounds": [{"id": 1e300, "parent": null}], "path": [1e300]}'
    screen.page.evaluate("text => localStorage.setItem('seedlab-rounds', text)", hostile)
    screen.reload()
    expect(screen.page.locator(".blank")).to_be_visible(timeout=PATIENCE)
    screen.set_steps(QUICK, side=SMALL)
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    forgive_reload(screen)


def test_rounds_of_a_newer_version_are_kept_and_reported(screen, seeds):
    newer = f'{{"version": {VERSION + 1}, "rounds": [], "path": []}}'
    screen.page.evaluate("([key, text]) => localStorage.setItem(key, text)", [STORAGE_KEYS[0], newer])
    screen.reload()
    expect(screen.page.locator(".blank")).to_be_visible(timeout=PATIENCE)
    screen.set_steps(QUICK, side=SMALL)
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    screen.page.wait_for_function(HAS_SAVED)
    assert screen.page.evaluate(f"localStorage.getItem('seedlab-rounds-{VERSION + 1}')") == newer
    expect(screen.page.locator(".storage")).to_have_text(
        "This browser also keeps rounds of a newer SeedLab. They come back when that version runs again."
    )
    forgive_reload(screen)


def test_seeds_that_javascript_would_round_outlive_a_reload_and_a_click(screen):
    """Random seeds are in the field once they are drawn."""
    screen.generate(seeds="18446744073709551615, random")
    screen.wait_done(0, 2)
    first, drawn = screen.value("seeds").split(", ")
    assert first == "18446744073709551615"
    assert drawn.isdigit()
    screen.page.wait_for_function(HAS_SAVED)
    screen.reload()
    screen.wait_done(0, 2)
    assert screen.value("seeds") == f"{first}, {drawn}"
    expect(screen.column(0).locator(".edge")).to_have_text([first, drawn])
    screen.frame(0, 0).click()
    screen.wait_done(1)
    expect(screen.column(1).locator("h2")).to_have_text(f"Seed {first} · suffixes")
    forgive_reload(screen)


def test_pages_work_after_a_restart_of_the_server(visit, server, seeds):
    clicks, generates, stops = visit(), visit(), visit()
    for screen in (clicks, generates, stops):
        screen.generate(seeds=f"{seeds[0]}, {seeds[1]}")
        screen.wait_done(0, 2)
    stops.page.locator("#prompt textarea").fill("owl at ni")
    server.restart()
    with stops.page.expect_response(lambda each: '"working"' in (each.request.post_data or "")) as reopened:
        stops.page.locator("#stop").click()
    reopened.value.finished()
    clicks.frame(0, 1).click()
    clicks.wait_done(1)
    expect(clicks.column(1).locator("h2")).to_have_text(f"Seed {seeds[1]} · suffixes")
    generates.generate(seeds=str(seeds[2]))
    generates.wait_done(0, 1)
    expect(generates.page.locator(".roots button")).to_have_count(2)
    expect(stops.page.locator(".roots button")).to_have_count(0)  # Generate was answered before the restart
    for screen in (clicks, generates, stops):
        screen.complaints.clear()  # of requests that met no server


def test_each_first_round_has_a_tab_with_its_picture_which_outlives_a_reload(screen, seeds):
    tabs = screen.page.locator(".roots button")
    for number, seed in enumerate(seeds):
        screen.generate(prompt=f"a labrador in a garden, number {number}", seeds=str(seed))
        expect(screen.column(0).locator(".edge")).to_have_text([str(seed)])  # not the round before, which is done
        screen.wait_done(0, 1)
    expect(tabs).to_have_count(4)
    expect(tabs.locator("img")).to_have_count(4)
    pictures = tabs.locator("img").evaluate_all("each => each.map(({ src }) => src)")
    assert len(set(pictures)) == 4
    screen.page.set_viewport_size({"width": 1000, "height": 700})
    expect(tabs.last).to_be_in_viewport()
    tabs.first.click()
    expect(tabs.first).to_have_attribute("aria-current", "true")
    screen.reload()
    expect(tabs.locator("img")).to_have_count(4)
    assert tabs.locator("img").evaluate_all("each => each.map(({ src }) => src)") == pictures
    expect(tabs.first).to_be_in_viewport(ratio=1)
    assert all(re.search("AbortError|errored out", each) for each in screen.complaints), screen.complaints
    screen.complaints.clear()


@pytest.fixture
def other(screen):
    """A second tab of the same browser profile."""
    other = Screen(screen.page.context.new_page(), screen.url).open()
    other.set_steps(QUICK, side=SMALL)
    yield other
    other.page.close()
    assert other.complaints == []


def test_the_last_tab_to_change_its_rounds_wins(screen, other, seeds):
    for tab, prompt in ((screen, "cat, Van Gogh"), (other, "house in the snow")):
        tab.generate(prompt=prompt, seeds=str(seeds[0]))
        tab.wait_done(0, 1)
        tab.page.wait_for_function(HOLDS, arg=prompt)
    # The first tab has nothing new to save when it is left, and then gets the rounds of the second.
    screen.reload()
    screen.wait_done(0, 1)
    expect(screen.column(0).locator("header p")).to_have_text("house in the snow")
    expect(screen.columns).to_have_count(1)
    expect(screen.page.locator(".roots button")).to_have_count(0)  # there is no other first round
