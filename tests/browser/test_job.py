"""The main workflow in a real browser: seeds, locking, suffixes; branches, stops, reloads."""

import urllib.request

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import LONG, MOTION, SMALL

pytestmark = pytest.mark.browser

SUFFIXES = ["highly realistic", "artsy", "trending", "colorful"]


def test_generate_lock_and_vary(visit, server):
    screen = visit(steps=None, **MOTION)
    expect(screen.page.locator(".blank")).to_contain_text("Generate makes four pictures")
    assert screen.value("prompt") == "Labrador in the style of Vermeer"
    screen.generate()
    screen.wait_done()
    expect(screen.status).to_have_text("4 of 4 pictures done")
    expect(screen.column(0).locator(".edge")).to_have_text(["0", "1", "2", "3"])
    before = server.pictures
    screen.frame(0, 0).click()
    expect(screen.frame(0, 0)).to_have_attribute("aria-pressed", "true")
    screen.wait_done(1)
    expect(screen.column(1).locator(".suffix")).to_have_text(SUFFIXES)
    expect(screen.column(1).locator(".edge")).to_have_text(["0"] * 4)
    expect(screen.column(1).locator("h2")).to_have_text("Seed 0 · suffixes")
    # None of them, if a first attempt at this test has made them.
    assert len(server.pictures - before) in (0, 4)


def test_a_variation_is_varied_further_and_the_newest_round_is_in_view(visit, seeds):
    screen = visit(**MOTION)
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    # Suffixes that the prompt has already are left out.
    for column, count in enumerate((4, 3, 2)):
        screen.frame(column, 0).click()
        screen.wait_done(column + 1, count)
    expect(screen.column(3)).to_be_in_viewport(ratio=0.9)
    prompt = "Labrador in the style of Vermeer, highly realistic, artsy"
    expect(screen.column(3).locator("header p")).to_have_text(prompt)


def test_another_tile_starts_a_branch_and_the_first_branch_is_shown_again_without_work(screen, seeds, server):
    screen.generate(seeds=f"{seeds[0]}, {seeds[1]}")
    screen.wait_done(0, 2)
    for index in (0, 1):
        screen.frame(0, index).click()
        expect(screen.column(1).locator("h2")).to_have_text(f"Seed {seeds[index]} · suffixes")
        screen.wait_done(1)
    made = server.pictures
    screen.frame(0, 0).click()
    expect(screen.column(1).locator("h2")).to_have_text(f"Seed {seeds[0]} · suffixes")
    expect(screen.tiles(1, "done")).to_have_count(4)
    assert server.pictures == made
    expect(screen.columns).to_have_count(2)


def test_stop_and_resume_by_a_click(visit, seeds, slowness):
    screen = visit(steps=LONG)
    screen.generate(seeds=f"{seeds[0]}-{seeds[3]}")
    screen.wait_working()
    screen.page.locator("#stop").click()
    expect(screen.tiles(0, "running")).to_have_count(0)
    expect(screen.tiles(0, "waiting")).to_have_count(0)
    expect(screen.tiles(0, "stopped").last).to_contain_text("Stopped. Click to resume.")
    slowness.end()
    screen.frame(0, 3).click()
    screen.wait_done()


def test_a_lock_during_generation_is_generated_first(visit, seeds, slowness):
    screen = visit(steps=LONG // 3)  # of twelve pictures
    screen.generate(seeds=f"{seeds[0]}-{seeds[0] + 11}")
    screen.wait_first(0, 4)
    screen.frame(0, 0).click()
    expect(screen.frame(0, 0)).to_have_attribute("aria-pressed", "true")
    screen.wait_done(1)
    assert screen.tiles(0, "done").count() <= 8, "the third batch of seeds comes after it"
    slowness.end()
    expect(screen.frame(0, 0)).to_have_attribute("aria-pressed", "true")
    screen.wait_done(0, 12)


@pytest.mark.usefixtures("slowness")
def test_a_closed_tab_ends_its_work(visit, seeds, server):
    leaving, staying = visit(steps=LONG // 2), visit(steps=LONG // 2)
    leaving.generate(seeds=f"{seeds[0]}, {seeds[1]}")
    leaving.wait_working()
    made = server.pictures
    leaving.page.close()
    # Twice the work of the closed tab: if that had continued in turns, it would be done by now.
    staying.generate(seeds=f"{seeds[0] + 10}-{seeds[0] + 13}")
    staying.wait_done()
    assert len(server.pictures - made) == 4


def test_a_reload_restores_the_trail(screen, seeds, server):
    screen.generate(prompt="cat, Van Gogh", seeds=f"{seeds[0]}, {seeds[1]}")
    screen.wait_done(0, 2)
    screen.frame(0, 1).click()
    screen.wait_done(1)
    made = server.pictures
    screen.reload()
    screen.wait_done(0, 2)
    screen.wait_done(1)
    expect(screen.frame(0, 1)).to_have_attribute("aria-pressed", "true")
    expect(screen.page.locator("#prompt textarea")).to_have_value("cat, Van Gogh")
    expect(screen.page.locator("#seeds :is(textarea, input)")).to_have_value(f"{seeds[0]}-{seeds[1]}")
    assert server.pictures == made


def test_input_typed_before_the_trail_is_restored_is_kept(screen, seeds):
    screen.generate(prompt="cat, Van Gogh", seeds=f"{seeds[0]}, {seeds[1]}")
    screen.wait_done(0, 2)
    held, released = [], []
    screen.page.route("**/run/**", lambda route: route.continue_() if released else held.append(route))
    with screen.page.expect_request("**/run/**"):
        screen.reload()
    screen.page.locator("#prompt textarea").fill("owl at ni")
    assert screen.columns.count() == 0
    released.append(True)
    for route in held:
        route.continue_()
    screen.wait_done(0, 2)
    expect(screen.page.locator("#seeds :is(textarea, input)")).to_have_value(f"{seeds[0]}-{seeds[1]}")
    assert screen.value("prompt") == "owl at ni"
    screen.page.unroute("**/run/**")


def test_an_earlier_first_round_can_be_shown_again(screen, seeds):
    screen.generate(prompt="cat, Van Gogh", seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    screen.generate(prompt="house in the snow", seeds=str(seeds[1]))
    screen.wait_done(0, 1)
    screen.page.locator(".roots button", has_text="cat").click()
    expect(screen.column(0).locator("header p")).to_have_text("cat, Van Gogh")
    expect(screen.page.locator(".roots [aria-current]")).to_contain_text("cat, Van Gogh")


def vary_twice(screen, seed):
    """Vary one picture by one suffix and then by another."""
    screen.generate(seeds=str(seed))
    screen.wait_done(0, 1)
    for suffix in (", artsy", ", trending"):
        screen.fill("suffixes", suffix)
        screen.frame(0, 0).click()
        expect(screen.column(1).locator(".suffix")).to_have_text(suffix.strip(", "))
        screen.wait_done(1, 1)


def test_many_siblings_stay_within_their_column(screen, seeds):
    vary_twice(screen, seeds[0])
    screen.page.set_viewport_size({"width": 1200, "height": 900})
    for number in range(3, 10):
        screen.fill("suffixes", f", take {number}")
        screen.frame(0, 0).click()
        expect(screen.column(1).locator(".suffix")).to_have_text(f"take {number}")
    column, siblings = screen.column(1), screen.column(1).locator(".siblings")
    expect(siblings.locator("button")).to_have_count(9)
    assert siblings.evaluate("node => node.scrollWidth > node.clientWidth"), "there is room for some of them only"
    expect(siblings.locator("[aria-current]")).to_be_in_viewport(ratio=0.99)
    places = (column, siblings, siblings.locator("[aria-current]"), column.locator("header p"))
    frame, row, last, prompt = (place.bounding_box() for place in places)
    assert prompt["x"] + prompt["width"] <= row["x"]
    assert row["x"] + row["width"] <= frame["x"] + frame["width"] + 1
    assert row["x"] <= last["x"]
    assert last["x"] + last["width"] <= row["x"] + row["width"] + 1
    expect(column.locator("h2")).to_be_in_viewport()


def test_both_variations_of_a_picture_are_reachable_and_the_keyboard_focus_stays_on_the_siblings(screen, seeds):
    vary_twice(screen, seeds[0])
    siblings, current = screen.page.locator(".siblings button"), screen.page.locator(".siblings [aria-current]")
    opening = (siblings.first.click, lambda: screen.page.keyboard.press("Enter"))
    for number, (suffix, open_sibling) in enumerate(zip(("artsy", "trending"), opening, strict=True), 1):
        open_sibling()
        expect(screen.column(1).locator(".suffix")).to_have_text(suffix)
        expect(screen.tiles(1, "done")).to_have_count(1)
        expect(current).to_have_text(str(number))
        expect(current).to_be_focused()
        screen.page.keyboard.press("Tab")
    expect(siblings).to_have_count(2)
    expect(current).not_to_be_focused()


@pytest.mark.usefixtures("slowness")
def test_clicking_a_tile_without_a_picture_keeps_the_inspected_one(visit, seeds):
    screen = visit(steps=LONG // 3)  # of twelve pictures
    screen.generate(seeds=f"{seeds[0]}-{seeds[0] + 11}")
    screen.wait_first(0, 4)
    screen.page.locator("#stop").click()
    expect(screen.tiles(0, "stopped").last).to_contain_text("Stopped. Click to resume.")
    expect(screen.page.locator("html[data-working]")).to_have_count(0)
    screen.look(0, 2)
    inspector = screen.page.locator(".inspector")
    expect(inspector).to_contain_text(f"{seeds[2]}, noise from the CPU")
    screen.frame(0, 11).click()
    expect(screen.tiles(0, "stopped")).to_have_count(0)
    expect(inspector).to_contain_text(f"{seeds[2]}, noise from the CPU")
    screen.page.locator("#stop").click()


@pytest.mark.usefixtures("slowness")
def test_a_page_that_slept_asks_for_what_it_missed(visit, seeds):
    screen = visit(steps=LONG)
    screen.generate(seeds=f"{seeds[0]}-{seeds[0] + 11}")
    screen.wait_working()
    with screen.page.expect_request("**/run/**") as request:
        screen.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert '"event_data":{"run":"' in (request.value.post_data or "")
    screen.page.locator("#stop").click()
    expect(screen.tiles(0, "stopped").last).to_contain_text("Stopped. Click to resume.")


def test_tabs_do_not_share_rounds(visit, seeds):
    one, two = visit(), visit()
    one.generate(prompt="cat, Van Gogh", seeds=str(seeds[0]))
    two.generate(prompt="house in the snow", seeds=str(seeds[1]))
    one.wait_done(0, 1)
    two.wait_done(0, 1)
    expect(one.columns).to_have_count(1)
    expect(two.columns).to_have_count(1)
    expect(one.column(0).locator("header p")).to_have_text("cat, Van Gogh")
    expect(two.column(0).locator("header p")).to_have_text("house in the snow")


def test_the_inspector_shows_the_recipe_and_compares_with_the_parent(screen, seeds):
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    screen.frame(0, 0).click()
    screen.wait_done(1)
    screen.frame(1, 1).click()
    inspector = screen.page.locator(".inspector")
    expect(inspector.locator("dd ins")).to_have_text(", artsy")
    expect(inspector).to_contain_text(f"{seeds[0]}, noise from the CPU")
    slider = inspector.get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")
    expect(slider).to_have_value("51")
    assert inspector.locator(".compare").evaluate("node => node.style.getPropertyValue('--at')") == "51%"


def test_a_picture_is_downloaded_byte_for_byte(screen, seeds, server):
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    link = screen.column(0).locator("a.save")
    assert link.get_attribute("download") == f"labrador-in-the-style-of-vermeer-seed-{seeds[0]}.png"
    with urllib.request.urlopen(link.evaluate("node => node.href")) as answer:
        served = answer.read()
    assert served in [file.read_bytes() for file in server.store.rglob("*.png")]


def test_a_matrix_has_headings_in_view_and_is_downloaded_as_one_picture(screen, seeds):
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    screen.page.locator("#rule input").click()
    screen.page.get_by_role("option", name="Matrix", exact=True).click()
    screen.page.locator("#matrix_columns input").click()
    screen.page.get_by_role("option", name="Steps", exact=True).click()
    expect(screen.page.locator("#matrix_column_values textarea")).to_have_value("6, 12, 25, 50")
    screen.fill("matrix_column_values", "1-3")
    screen.fill("matrix_row_values", ", artsy\n, colorful")
    screen.frame(0, 0).click()
    screen.wait_done(1, 6)
    headings = screen.column(1).get_by_role("columnheader", include_hidden=False)
    expect(headings).to_have_text(["1 step", "2 steps", "3 steps"])
    expect(screen.column(1).get_by_role("rowheader")).to_have_text(["artsy", "colorful"])
    with screen.page.expect_download() as download:
        screen.page.get_by_label("Download the matrix as PNG").click()
    with Image.open(download.value.path()) as sheet:
        assert sheet.width > 3 * SMALL
        assert sheet.height > 2 * SMALL
    screen.page.set_viewport_size({"width": 390, "height": 844})
    first, second = (screen.frame(0, index).bounding_box() for index in (0, 1))
    assert first["y"] == second["y"]
    assert second["x"] + second["width"] <= 390, "two columns fit on a phone"


def test_a_slider_says_when_late_words_join(screen, seeds):
    screen.set_steps(4, 64)
    screen.generate("boat", f"{seeds[0]}-{seeds[0] + 1}")
    screen.wait_done(count=2)
    screen.page.locator("#rule input").click()
    screen.page.get_by_role("option", name="Late words", exact=True).click()
    screen.fill("late_prompt", ", artsy")
    screen.page.locator("#late_step input[type=range]").fill("75")
    screen.frame(0, 1).click()
    screen.wait_done(column=1, count=1)
    screen.look(1, 0)
    expect(screen.page.locator(".inspector")).to_contain_text("after step 3")
