"""Culling in a real browser: marks by keys, the filter, selections and what is done with them."""

import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from seedlab.ui.views.browser_state import STORAGE_KEYS
from tests.browser.conftest import QUICK, SMALL
from tests.browser.screen import PATIENCE

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
PRESS = """node => {
  const { left, top } = node.getBoundingClientRect();
  const at = { pointerType: 'touch', pointerId: 7, clientX: left + 20, clientY: top + 20, bubbles: true };
  node.dispatchEvent(new PointerEvent('pointerdown', at));
}"""
RELEASE = (
    "node => node.dispatchEvent(new PointerEvent('pointerup', { pointerType: 'touch', pointerId: 7, bubbles: true }))"
)


@pytest.fixture
def made(screen, seeds):
    screen.generate(seeds=f"{seeds[0]}-{seeds[3]}")
    screen.wait_done()
    return screen


def selected(screen):
    return screen.column(0).locator(".selection")


def press(screen, *keys):
    for key in keys:
        screen.page.keyboard.press(key)


def test_a_round_is_one_tab_stop_and_arrows_move_in_it(made, seeds):
    expect(made.column(0).locator(".tile :is(button, a)[tabindex='0']")).to_have_count(1)
    made.frame(0, 0).focus()
    press(made, "ArrowRight", "ArrowRight")
    expect(made.frame(0, 2)).to_be_focused()
    expect(made.page.locator(".recipe")).to_contain_text(f"{seeds[2]}, noise from the CPU")
    press(made, "Home", "ArrowDown")
    expect(made.frame(0, 2)).to_be_focused()
    press(made, "ArrowUp")
    expect(made.frame(0, 0)).to_be_focused()
    press(made, "End", "Enter")
    made.wait_done(1)
    # Over the first row is the round before, at the tile that was left.
    made.frame(1, 0).focus()
    press(made, "ArrowUp")
    expect(made.frame(0, 3)).to_be_focused()


def test_marks_are_shown_at_once_undone_and_outlive_a_reload(made, seeds):
    made.frame(0, 0).focus()
    press(made, "p", "ArrowRight", "x", "ArrowRight", "3", "ArrowRight", "p", "p", "5", "u")
    names = made.column(0).locator(".frame")
    expect(made.page.locator(".said")).to_have_text(f"Seed {seeds[3]}: no mark")
    expected = ("kept", "rejected", "3 stars")
    for index, words in enumerate(expected):
        expect(names.nth(index)).to_have_attribute(
            "aria-label", f"Seed {seeds[index]}, {words}, finished; lock this seed"
        )
    expect(names.nth(3)).to_have_attribute("aria-label", f"Seed {seeds[3]}, finished; lock this seed")
    expect(made.column(0).locator(".rejected .picture")).to_have_css("opacity", "0.22")
    made.page.wait_for_function(f"localStorage.getItem('{STORAGE_KEYS[0]}')?.includes('stars')")
    made.reload()
    made.wait_done()
    expect(names.nth(0)).to_have_attribute("aria-label", re.compile("kept"))
    expect(names.nth(2)).to_have_attribute("aria-label", re.compile("3 stars"))
    # Only the kept ones are shown, and are larger.
    width = "node => node.getBoundingClientRect().width"
    before = made.frame(0, 0).evaluate(width)
    made.page.get_by_role("button", name="Only the kept (1)").click()
    expect(made.column(0).locator(".tile:visible")).to_have_count(1)
    assert made.frame(0, 0).evaluate(width) > before
    made.page.get_by_role("button", name="Only the kept (1)").click()
    expect(made.column(0).locator(".tile:visible")).to_have_count(4)
    # The same by buttons.
    made.page.locator(".marking").get_by_role("button", name="4 stars").click()
    expect(names.nth(0)).to_have_attribute("aria-label", re.compile("kept, 4 stars"))


def test_letters_typed_into_the_panel_mark_nothing(made):
    made.page.locator("#prompt textarea").press("p")
    made.page.locator("#generate").press("x")
    expect(made.column(0).locator(":is(.kept, .rejected)")).to_have_count(0)


def test_a_selection_is_downloaded_as_zip_and_as_contact_sheet(made, seeds):
    made.frame(0, 1).click(modifiers=["Control"])
    made.frame(0, 3).click(modifiers=["Shift"])
    expect(selected(made)).to_contain_text("3 selected")
    with made.page.expect_download() as download:
        selected(made).get_by_role("button", name="Download ZIP").click()
    with zipfile.ZipFile(download.value.path()) as pack:
        names = pack.namelist()
        assert [re.search(r"seed-(\d+)", name)[1] for name in names] == [str(seed) for seed in seeds[1:]]
        with pack.open(names[0]) as file, Image.open(file) as picture:
            assert picture.size == (SMALL, SMALL)
    with made.page.expect_download() as download:
        selected(made).get_by_role("button", name="Contact sheet").click()
    assert download.value.suggested_filename.endswith(".png")
    with Image.open(Path(download.value.path())) as sheet:
        assert sheet.width > 2 * SMALL
        assert sheet.height > 2 * SMALL
    selected(made).get_by_role("button", name="Copy as script").click()
    expect(made.script).to_be_visible()
    assert all(str(seed) in made.script.input_value() for seed in seeds[1:])
    selected(made).get_by_role("button", name="Reject").click()
    expect(made.column(0).locator(".rejected")).to_have_count(3)
    press(made, "Escape")
    made.frame(0, 1).press("Escape")
    expect(selected(made)).to_have_count(0)
    expect(made.columns).to_have_count(1)


def test_the_best_of_the_kept_are_chosen_by_pairs_by_keyboard_alone(made, seeds):
    made.frame(0, 0).focus()
    press(made, "p", "ArrowRight", "p", "ArrowRight", "p", "ArrowRight", "p")
    made.page.get_by_role("button", name="Choose by pairs").press("Enter")
    box = made.page.get_by_role("dialog", name="Choose by pairs")
    candidates = box.locator(".candidate")
    expect(candidates).to_have_count(2)
    expect(box.locator("header p")).to_have_text("0 comparisons, about 6 left for all 4. Esc ends.")
    # A greater seed is better, but for one comparison that is taken back.
    press(made, "ArrowDown")
    expect(box.locator("header p")).to_contain_text("1 comparison,")
    press(made, "u")
    for count in range(7):
        expect(box.locator("header p")).to_contain_text(f"{count} comparison")
        if not candidates.count():
            break
        left, right = (re.search(r"Seed (\d+)", each.get_attribute("aria-label"))[1] for each in candidates.all())
        press(made, "ArrowLeft" if int(left) > int(right) else "ArrowRight")
    expect(box.locator("h2")).to_have_text("Your order")
    expect(box.locator(".order li").first).to_have_text(f"1 Seed {seeds[3]}")
    box.get_by_label("Keep the best").fill("1")
    box.get_by_role("button", name="Keep 1 picture").press("Enter")
    expect(box).to_have_count(0)
    expect(made.column(0).locator(".kept")).to_have_count(1)
    expect(made.frame(0, 3).locator(".mark")).to_have_attribute("data-rank", "1")
    expect(made.frame(0, 3)).to_have_attribute("aria-label", re.compile("kept.*, number 1$"))
    press(made, "u")
    expect(made.column(0).locator(".kept")).to_have_count(4)


def test_all_selected_pictures_are_varied_at_once(made, seeds):
    made.fill("suffixes", ", at night\n, in snow")
    made.frame(0, 1).click(modifiers=["Control"])
    made.frame(0, 3).click(modifiers=["Control"])
    selected(made).get_by_role("button", name="Vary all").click()
    made.wait_done(1)
    expect(made.column(1).locator("h2")).to_have_text("Seeds × suffixes")
    expect(made.column(1).locator(".columnheader:not(.corner)")).to_have_text([f"Seed {seeds[1]}", f"Seed {seeds[3]}"])
    expect(selected(made)).to_have_count(0)


def test_a_long_press_selects_on_a_phone(visit, seeds):
    screen = visit(steps=None, **PHONE)
    screen.page.locator("#fold").click()
    screen.set_steps(QUICK, side=SMALL)
    screen.generate(seeds=f"{seeds[0]}, {seeds[1]}")
    screen.wait_done(0, 2)
    screen.frame(0, 0).evaluate(PRESS)
    expect(selected(screen)).to_contain_text("1 selected")
    screen.frame(0, 0).evaluate(RELEASE)
    screen.frame(0, 1).tap()
    expect(selected(screen)).to_contain_text("2 selected")
    expect(screen.columns).to_have_count(1)
    selected(screen).get_by_role("button", name="Keep").tap()
    expect(screen.column(0).locator(".kept")).to_have_count(2, timeout=PATIENCE)
    assert screen.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_sheet_of_keys_opens_by_a_question_mark(made):
    made.frame(0, 0).focus()
    press(made, "?")
    keys = made.page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Undo the last mark")
    press(made, "Escape")
    expect(keys).to_have_count(0)
    expect(made.frame(0, 0)).to_be_focused()
