"""The gallery in a real browser: found again, back in its round, kept; named seeds; links, pages and files."""

import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from seedlab.rules.kinds.seeds import Seeds
from seedlab.workflow.export.links import make_link, read_link
from seedlab.workflow.trails.trail import Trail
from tests.browser.conftest import QUICK, SMALL
from tests.browser.screen import PATIENCE
from tests.browser.test_cull import PHONE, PRESS, RELEASE

pytestmark = pytest.mark.browser

FRAGMENT = re.compile(r"http://127\.0\.0\.1:\d+/#r=1\.[\w-]+")


@pytest.fixture
def word(seeds):
    """A word that only this test's prompt has."""
    return f"heron{seeds[0]}"


@pytest.fixture
def made(screen, seeds, word):
    screen.generate(prompt=f"a {word} by the pond", seeds=f"{seeds[0]}-{seeds[3]}")
    screen.wait_done()
    return screen


def box(screen):
    return screen.page.locator(".gallery-box")


def entries(screen):
    return box(screen).locator(".entry")


def search(screen, name, text, count):
    box(screen).locator(f"[name={name}]").fill(text)
    expect(entries(screen)).to_have_count(count)


def forget_trail(screen):
    """Open the page as on the day after, without the trail."""
    screen.forget()
    screen.open()


def read_address(screen, action):
    action.click()
    expect(screen.script).to_have_value(FRAGMENT)
    return screen.script.input_value()


def test_a_kept_picture_is_found_again_the_day_after_and_opened(made, seeds, word):
    made.frame(0, 2).focus()
    for key in ("p", "4"):
        with made.page.expect_response("**/gradio_api/run/predict"):  # the next page would cut it off
            made.page.keyboard.press(key)
    expect(made.column(0).locator(".tile.kept")).to_have_count(1)
    forget_trail(made)
    made.page.keyboard.press("g")
    expect(box(made).locator("[role=status]")).to_contain_text("picture")
    search(made, "words", f"pond {word}", 4)
    box(made).get_by_role("button", name="Kept", exact=True).click()
    expect(entries(made)).to_have_count(1)
    expect(entries(made).first).to_have_attribute("aria-label", re.compile(f"Seed {seeds[2]}, .*kept, 4 stars"))
    entries(made).first.press("Enter")
    expect(box(made)).to_have_count(0)
    expect(made.tiles(0, "done")).to_have_count(1, timeout=PATIENCE)
    expect(made.frame(0, 0)).to_be_focused()
    expect(made.page.locator(".recipe")).to_contain_text(f"{seeds[2]}, noise from the CPU")


def test_it_leads_back_to_the_round_and_its_tree_by_keyboard_alone(made, seeds, word):
    made.frame(0, 1).click()
    made.wait_done(1)
    made.generate(seeds=str(seeds[0] + 50))
    expect(made.columns).to_have_count(1)
    made.wait_done(0, 1)
    made.page.keyboard.press("Escape")
    opener = made.page.locator(".gallery-open")
    opener.press("Enter")
    search(made, "words", word, 9)
    search(made, "seed", str(seeds[1]), 5)
    entries(made).first.focus()
    made.page.keyboard.press("ArrowRight")
    expect(entries(made).nth(1)).to_be_focused()
    made.page.keyboard.press("x")
    expect(box(made).locator(".entry.rejected")).to_have_count(1)
    made.page.keyboard.press("Escape")
    expect(box(made)).to_have_count(0)
    expect(opener).to_be_focused()
    opener.press("Enter")
    search(made, "words", word, 5)
    entries(made).nth(1).press("Enter")
    expect(made.columns).to_have_count(2)
    expect(made.page.locator(".round .tile.rejected")).to_have_count(1)
    expect(made.page.locator(".round .tile.rejected .frame")).to_be_focused()


def test_a_finger_marks_pictures_of_the_gallery_and_takes_a_mark_back(visit, seeds, word):
    screen = visit(steps=None, **PHONE)
    screen.page.locator("#fold").click()
    screen.set_steps(QUICK, side=SMALL)
    screen.generate(prompt=f"a {word} by the pond", seeds=f"{seeds[0]}, {seeds[1]}")
    screen.wait_done(0, 2)
    screen.page.locator(".gallery-open").tap()
    search(screen, "words", word, 2)
    entries(screen).nth(1).evaluate(PRESS)
    marks = box(screen).locator(".marks")
    expect(marks).to_be_visible()
    entries(screen).nth(1).evaluate(RELEASE)
    marks.get_by_role("button", name="Reject").tap()
    expect(entries(screen).nth(1)).to_have_class(re.compile("rejected"))
    marks.get_by_role("button", name="4 stars").tap()
    expect(entries(screen).nth(1)).to_have_attribute("aria-label", re.compile("rejected, 4 stars"))
    for name in ("Undo", "Undo"):
        marks.get_by_role("button", name=name).tap()
    expect(entries(screen).nth(1)).not_to_have_attribute("aria-label", re.compile("rejected|stars"))
    sizes = marks.locator("button").evaluate_all("each => each.map((one) => one.getBoundingClientRect().height)")
    assert min(sizes) >= 44
    assert screen.page.evaluate("document.documentElement.scrollWidth") <= 390
    marks.get_by_role("button", name="Open").tap()
    expect(box(screen)).to_have_count(0)


def test_no_pale_strip_is_beside_the_open_gallery(made):
    """The page keeps room for its scrollbar, which no backdrop covers."""
    made.page.locator(".gallery-open").click()
    expect(box(made)).to_be_visible()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert made.page.evaluate(ground) not in ("rgba(0, 0, 0, 0)", "rgb(250, 248, 244)")


def test_a_named_seed_is_offered_again_on_any_prompt(made, seeds):
    made.frame(0, 3).focus()
    made.page.keyboard.press(" ")
    expect(made.box).to_have_count(1)
    made.page.keyboard.press("Escape")
    made.action("Name this seed…").click()
    dialog = made.page.locator(".name-box")
    dialog.locator("input").fill("  ")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("needs a name")
    dialog.locator("input").fill("<b>good pose</b>")
    dialog.locator("input").press("Enter")
    expect(dialog).to_have_count(0)
    expect(made.action("Name this seed…")).to_be_focused()
    made.reload()
    expect(made.page.locator("#seeds :is(textarea, input)")).to_have_value(f"{seeds[0]}-{seeds[3]}")
    named = made.page.locator(".seed-names").get_by_role("button", name="<b>good pose</b>", exact=True)
    named.click()
    assert made.value("seeds") == str(seeds[3])
    made.generate(prompt="another heron", seeds=None)
    made.wait_done(0, 1)
    made.frame(0, 0).focus()
    made.action("Name this seed…").click()
    dialog.get_by_role("button", name="Forget <b>good pose</b>", exact=True).click()
    expect(named).to_have_count(0)


def test_a_link_shows_recipes_and_makes_the_pictures_on_a_click(made, seeds, word):
    picture = read_address(made, made.action("Copy link"))
    made.page.locator(".sharing summary").click()
    whole = made.page.locator(".sharing").get_by_role("button", name="Copy link to the round")
    whole.click()
    expect(made.script).not_to_have_value(picture)
    forget_trail(made)
    made.go_to(picture)  # into the page that is open
    expect(made.sentence("notice")).to_contain_text("Opened from a link", timeout=PATIENCE)
    made.wait_done(0, 1)  # it is in the store
    assert "#" not in made.page.url
    assert (made.value("prompt"), made.value("seeds")) == (f"a {word} by the pond", str(seeds[0]))
    made.open_advanced()
    assert (made.value("width"), made.value("num_inference_steps")) == (str(SMALL), "3")


def test_pictures_that_are_not_here_wait_for_a_click(made, seeds):
    shared = read_link(read_address(made, made.action("Copy link")))
    recipe = replace(shared.newest.tiles[0].recipe, seed=seeds[3] + 60)
    made.forget()
    made.go_to(make_link(made.url, Trail().explore(recipe, Seeds((recipe.seed,)))))
    expect(made.tiles(0, "stopped")).to_have_count(1, timeout=PATIENCE)
    expect(made.sentence("notice")).to_contain_text("the recipe of 1 picture. Click it to make it")
    made.frame(0, 0).click()
    made.wait_done(0, 1)


def test_a_damaged_link_says_so(screen):
    screen.forget()
    screen.go_to(f"{screen.url}#r=1.nonsense")
    expect(screen.sentence("page")).to_contain_text("This link is damaged", timeout=PATIENCE)
    expect(screen.columns).to_have_count(0)


def test_a_round_is_saved_as_a_page_and_the_trail_as_a_file_that_opens(made, tmp_path):
    made.page.locator(".sharing summary").click()
    sharing = made.page.locator(".sharing")
    with made.page.expect_download() as download:
        sharing.get_by_role("button", name="Save round as page").click()
    page = Path(download.value.path()).read_text("utf-8")
    assert download.value.suggested_filename.endswith(".html")
    assert page.count("data:image/png") >= 4
    with made.page.expect_download() as download:
        sharing.get_by_role("button", name="Export all rounds").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert len([name for name in zipfile.ZipFile(file).namelist() if name.endswith(".png")]) == 4
    forget_trail(made)
    made.drop(file, file.name)
    made.wait_done(0, 4)
    expect(made.sentence("notice")).to_contain_text("Opened from a file: 4 pictures.")
    made.drop(file, file.name)  # once more: they stay one round
    expect(made.page.locator(".roots button")).to_have_count(0)


def test_on_a_phone_a_thumb_opens_it(visit):
    screen = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, steps=None)
    screen.page.locator(".gallery-open").tap()
    expect(box(screen).locator("[role=status]")).to_contain_text("picture")
    box(screen).get_by_role("button", name="Close", exact=True).tap()
    expect(box(screen)).to_have_count(0)
