"""A sheet of drafts in a real browser: made, finished by click, selection and keyboard, kept over a reload."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.screen import PATIENCE

pytestmark = pytest.mark.browser


@pytest.fixture
def sheet(screen, seeds):
    """A page with drafts of four seeds, stopped after 1 of 3 steps."""
    screen.page.locator("#drafts input").check()
    screen.fill("draft_steps", "1")
    screen.generate(seeds=f"{seeds[0]}-{seeds[3]}")
    expect(screen.tiles(0, "draft")).to_have_count(4, timeout=PATIENCE)
    return screen


def test_drafts_are_looked_through_and_the_chosen_ones_finished(sheet, seeds):
    line = sheet.column(0).locator(".drafts p")
    expect(line).to_have_text("Drafts: stopped after 1 of 3 steps. Click one to finish it.")
    expect(sheet.column(0).locator(".stage")).to_have_text(["draft"] * 4)
    name = re.compile(f"^Seed {seeds[1]}, draft, 1 of 3 steps, finish it")
    expect(sheet.frame(0, 1)).to_have_attribute("aria-label", name)
    sheet.frame(0, 0).click()
    expect(sheet.tiles(0, "done")).to_have_count(1, timeout=PATIENCE)
    expect(sheet.columns).to_have_count(1)
    # A selection with a key, and one with the button and the keyboard.
    sheet.frame(0, 1).click(modifiers=["Control"])
    expect(sheet.column(0).locator(".drafts button:visible")).to_have_text(["Cancel", "Finish 1"])
    sheet.frame(0, 1).press("Escape")
    expect(sheet.column(0).locator(".picked")).to_have_count(0)
    sheet.page.get_by_role("button", name="Select", exact=True).press("Enter")
    for index in (1, 2):
        sheet.frame(0, index).press("Enter")
        expect(sheet.frame(0, index)).to_have_attribute("aria-pressed", "true")
    sheet.page.get_by_role("button", name="Finish 2", exact=True).click()
    expect(sheet.tiles(0, "done")).to_have_count(3, timeout=PATIENCE)
    expect(sheet.tiles(0, "draft")).to_have_count(1)
    # The next click on a finished picture locks it; the inspector tells a draft from a picture.
    sheet.frame(0, 0).click()
    sheet.wait_done(1)
    sheet.look(0, 3)
    expect(sheet.page.locator(".recipe dd").first).to_contain_text("1 of 3 steps of this picture.")
    with sheet.page.expect_download() as download:
        sheet.action("Download draft").click()
    assert download.value.suggested_filename == f"labrador-in-the-style-of-vermeer-seed-{seeds[3]}-draft.png"
    sheet.action("Finish this picture").click()
    expect(sheet.tiles(0, "done")).to_have_count(4, timeout=PATIENCE)
    expect(line).to_have_text("No drafts are left.")


def test_drafts_outlive_a_reload_and_are_opened_from_their_files(sheet, seeds):
    file = sheet.download(0, 2)
    sheet.reload()
    expect(sheet.tiles(0, "draft")).to_have_count(4, timeout=PATIENCE)
    expect(sheet.page.locator("#drafts input")).to_be_checked()
    expect(sheet.page.locator("#draft_steps input")).to_have_value("")  # 1 of 3 is the default
    sheet.drop(file)
    expect(sheet.column(0).locator("h2")).to_have_text(f"Seed {seeds[2]}")
    expect(sheet.tiles(0, "draft")).to_have_count(1)
    sheet.frame(0, 0).click()
    expect(sheet.tiles(0, "done")).to_have_count(1, timeout=PATIENCE)
    assert all(re.search("AbortError|errored out", each) for each in sheet.complaints), sheet.complaints
    sheet.complaints.clear()


def test_suffixes_are_put_on_trial_under_their_field(screen):
    screen.fill("suffixes", ", artsy")
    screen.page.get_by_role("button", name="Measure what these words change").click()
    words = screen.sentence("tried")
    expect(words).to_have_text(
        re.compile("^Compared with a change of seed, for 8 seeds of “.*”:\nartsy: [0-9]+% "), timeout=PATIENCE
    )
    screen.fill("suffixes", "")
    screen.page.get_by_role("button", name="Measure what these words change").click()
    expect(screen.sentence("suffixes")).to_contain_text("suffix")
    expect(words).to_be_empty()
