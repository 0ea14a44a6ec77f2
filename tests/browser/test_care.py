"""Robustness and accessibility: input, errors, hostile text, keyboard, screen readers, phones, motion."""

import os
import re

import pytest
from playwright.sync_api import expect

from seedlab.core.storage.uploads import LOCAL_UPLOAD
from tests.browser.conftest import CALM, MOTION, QUICK, SMALL

pytestmark = pytest.mark.browser

HOSTILE = "${alert(1)}<img src=x onerror=alert(1)> {{x}}"
CLICK_TWO_AT_ONCE = """words => {
  for (const chip of words.querySelectorAll('.word')) if (['turtle', 'Monet'].includes(chip.textContent)) chip.click();
}"""
REQUESTS = re.compile("/gradio_api/(run|queue/join)")
"""What the page asks of the server."""

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_a_hostile_prompt_is_only_text(screen, seeds):
    screen.generate(prompt=HOSTILE, seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    screen.fill("suffixes", f", {HOSTILE} twice")
    screen.frame(0, 0).click()
    screen.wait_done(1, 1)
    screen.frame(1, 0).hover()
    expect(screen.column(0).locator("header p")).to_have_text(HOSTILE)
    expect(screen.column(1).locator(".suffix")).to_have_text(f"{HOSTILE} twice")
    expect(screen.page.locator(".inspector dd:not([hidden])").first).to_contain_text(HOSTILE)
    expect(screen.page.locator("img[src='x']")).to_have_count(0)
    assert "alert" not in screen.page.locator("#sheet img.picture").first.get_attribute("src")
    screen.generate(prompt="house", seeds=str(seeds[1]))
    expect(screen.page.locator(".roots button").first).to_contain_text("${alert(1)}")


def test_a_picture_that_the_network_lost_is_loaded_again(screen, seeds):
    asked = []

    def answer(route):
        asked.append(route.request.method)  # of the tile and of the inspector
        route.continue_() if "HEAD" in asked else route.abort()

    screen.page.route("**/*.png", answer)
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    expect(screen.frame(0, 0).locator(".picture")).to_have_js_property("naturalWidth", SMALL)
    expect(screen.column(0)).not_to_contain_text("not in the store any more")
    assert "HEAD" in asked
    screen.page.unroute("**/*.png")
    screen.complaints.clear()  # of the requests that were lost


def test_invalid_seeds_show_an_error_under_the_field_and_keep_the_input(screen):
    field = screen.page.locator("#seeds :is(textarea, input)")
    for text, words in (("9-2", "run backwards"), ("banana", "“banana” is not a seed")):
        screen.generate(prompt="cat", seeds=text)
        expect(screen.sentence("seeds")).to_contain_text(words)
        assert (screen.value("seeds"), screen.value("prompt")) == (text, "cat")
        expect(screen.columns).to_have_count(0)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("“banana” is not a seed"))
    screen.generate(seeds="0")
    expect(screen.sentence("seeds")).to_have_text("")
    expect(field).not_to_have_attribute("aria-invalid", "true")
    expect(field).not_to_have_attribute("aria-describedby", re.compile("."))
    screen.wait_done(0, 1)


def test_a_file_that_is_too_large_is_refused_in_words(screen, tmp_path):
    opener = screen.page.locator("#open").locator("xpath=..").locator("input[type=file]")
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(LOCAL_UPLOAD + 1)  # takes no space
    opener.set_input_files(large)
    expect(screen.sentence("page")).to_contain_text("“large.png” is larger than 256 MB")
    screen.generate(seeds="0")
    expect(screen.sentence("page")).to_have_text("")


def test_an_error_under_advanced_is_scrolled_into_view(visit):
    screen = visit(steps=0)
    screen.generate()
    expect(screen.page.locator("#num_inference_steps input")).to_have_attribute("aria-invalid", "true")
    expect(screen.sentence("num_inference_steps")).to_contain_text("from 1 to 1000")
    expect(screen.sentence("num_inference_steps")).to_be_in_viewport()


def test_empty_advanced_fields_show_the_models_defaults(visit):
    screen = visit(steps=None)
    screen.page.locator("#advanced > button").click()
    for name in ("num_inference_steps", "guidance_scale", "width", "height"):
        expect(screen.page.locator(f"#{name} input")).to_have_attribute("placeholder", re.compile("[0-9]+"))
        assert screen.value(name) == ""


@pytest.mark.skipif("SEEDLAB_MODEL" in os.environ, reason="only Sketch's words are known")
def test_unknown_words_are_noted_and_an_empty_prompt_is_allowed(screen, seeds):
    screen.generate(prompt="a quantum labrador", seeds=str(seeds[0]))
    expect(screen.sentence("notice")).to_contain_text("does not know “quantum”")
    screen.wait_done(0, 1)
    screen.generate(prompt="", seeds=str(seeds[0]))
    expect(screen.page.locator(".roots button")).to_have_count(2)
    screen.wait_done(0, 1)


def test_known_words_are_added_to_the_prompt_by_clicks(visit):
    screen = visit(steps=None)
    words = screen.page.locator("#words")
    expect(words).not_to_be_visible()
    screen.page.locator("#lexicon > button").click()
    for phrase, prompt in (
        ("fox", "Fox in the style of Vermeer"),
        ("Klimt", "Fox in the style of Klimt"),
        ("dramatic", "Fox in the style of Klimt, dramatic"),
        ("dramatic", "Fox in the style of Klimt"),
    ):
        words.get_by_role("button", name=phrase, exact=True).click()
        expect(screen.page.locator("#prompt textarea")).to_have_value(prompt)
    words.evaluate(CLICK_TWO_AT_ONCE)
    expect(screen.page.locator("#prompt textarea")).to_have_value("Turtle in the style of Monet")
    assert screen.page.locator(".round").count() == 0


def test_one_click_generates_an_example(screen):
    example = screen.page.locator("#try button").first
    example.click()
    screen.wait_done()
    assert screen.value("prompt") == example.inner_text()


def test_generate_and_lock_by_keyboard(screen, seeds):
    keyboard = screen.page.keyboard
    screen.fill("seeds", f"{seeds[0]}, {seeds[1]}")
    screen.page.locator("#prompt textarea").focus()
    keyboard.press("End")
    keyboard.press("Shift+Enter")
    assert screen.value("prompt").endswith("\n")
    keyboard.press("Backspace")
    keyboard.press("Enter")
    screen.wait_done(0, 2)
    first, frame = screen.frame(0, 0), screen.frame(0, 1)
    for _ in range(60):
        keyboard.press("Tab")
        if first.evaluate("node => node === document.activeElement"):
            break
    keyboard.press("ArrowRight")
    expect(frame).to_be_focused()
    assert frame.evaluate("node => getComputedStyle(node).outlineStyle") == "dashed"
    keyboard.press("Enter")
    expect(frame).to_have_attribute("aria-pressed", "true")
    screen.wait_done(1)
    expect(frame).to_be_focused()


def test_closing_a_script_returns_to_the_button_that_opened_it(screen, seeds):
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    for name in ("Copy as script", "Copy round as script"):
        screen.action(name).focus()
        screen.page.keyboard.press("Enter")
        expect(screen.script).to_be_visible()
        # Copying ends with "copied", or "press Ctrl+C to copy" without clipboard access.
        expect(screen.page.locator(".copied")).to_contain_text("cop")
        screen.page.locator(".script .action").focus()
        screen.page.keyboard.press("Enter")
        expect(screen.script).to_be_hidden()
        expect(screen.action(name)).to_be_focused()


def test_the_result_of_verify_is_announced_without_its_hashes(screen, seeds):
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    screen.action("Verify").click()
    announced = screen.check.get_by_role("status")
    expect(announced).to_contain_text("Equal, byte for byte", timeout=60_000)
    expect(screen.check).to_contain_text("latents")
    expect(announced).not_to_contain_text("latents")


def test_accessible_names(screen, seeds):
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    lock = screen.page.get_by_role("button", name=f"Seed {seeds[0]}, finished; lock this seed")
    lock.click()
    screen.wait_done(1)
    expect(screen.page.get_by_role("button", name=f"Seed {seeds[0]}, artsy, finished; lock this seed")).to_be_visible()
    expect(screen.page.get_by_role("region", name=f"Seed {seeds[0]} · suffixes")).to_be_visible()
    expect(screen.status).to_have_text("4 of 4 pictures done")


def test_on_a_phone_the_newest_round_comes_first_and_nothing_overflows(visit, seeds):
    screen = visit(steps=None, **PHONE)
    expect(screen.page.locator("#seeds")).not_to_be_visible()
    expect(screen.page.locator("#generate")).to_be_in_viewport()
    fold = screen.page.locator("#fold")
    expect(fold).to_have_attribute("aria-expanded", "false")
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "true")
    screen.fill("seeds", f"{seeds[0]}, {seeds[1]}")
    screen.fill("suffixes", ", artsy")
    screen.set_steps(QUICK, side=SMALL)
    screen.generate()
    expect(screen.page.locator("#seeds")).not_to_be_visible()
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(screen.frame(0, 0)).to_be_in_viewport()
    screen.wait_done(0, 2)
    screen.frame(0, 1).tap()
    expect(screen.columns).to_have_count(2)
    expect(screen.column(0).locator("h2")).to_have_text(f"Seed {seeds[1]} · suffixes")
    screen.wait_done(0, 1)
    assert screen.page.evaluate("document.documentElement.scrollWidth") == 390


def test_on_a_phone_the_siblings_wrap_and_have_a_touch_friendly_size(visit, seeds):
    screen = visit(steps=None, **PHONE)
    screen.page.locator("#fold").click()
    screen.set_steps(QUICK, side=SMALL)
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    screen.page.locator("#fold").click()
    siblings = screen.page.locator(".siblings button")
    for number in range(1, 11):
        screen.fill("suffixes", f", variant {number}")
        screen.frame(-1, 0).tap()
        expect(screen.column(0).locator(".suffix")).to_have_text(f"variant {number}")
    expect(siblings).to_have_count(10)
    for box in [button.bounding_box() for button in siblings.all()]:
        assert min(box["width"], box["height"]) >= 24
        assert 0 <= box["x"] <= 390 - box["width"]
    assert screen.page.evaluate("document.documentElement.scrollWidth") == 390


def test_on_a_phone_an_error_unfolds_its_field(visit):
    screen = visit(steps=None, **PHONE)
    screen.page.locator("#fold").click()
    screen.fill("seeds", "banana")
    screen.page.locator("#fold").click()
    screen.generate()
    expect(screen.sentence("seeds")).to_be_in_viewport()


def test_dark_mode_follows_the_system(visit):
    page = visit(steps=None).page
    ground = page.locator(".gradio-container")
    for scheme, colour in (("dark", "rgb(22, 20, 19)"), ("light", "rgb(250, 248, 244)")):
        page.emulate_media(color_scheme=scheme)
        expect(ground).to_have_css("background-color", colour)


def test_the_layout_is_stable_while_pictures_arrive(screen, seeds):
    screen.generate(seeds=f"{seeds[0]}-{seeds[3]}")
    expect(screen.columns).to_have_count(1)
    before = [screen.frame(0, index).bounding_box() for index in range(4)]
    screen.wait_done()
    assert [screen.frame(0, index).bounding_box() for index in range(4)] == before


@pytest.mark.slow
def test_previews_do_not_scroll_the_strips(visit, seeds):
    screen = visit(steps=3 * QUICK, viewport={"width": 800, "height": 800}, **MOTION)
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    for column in range(4):
        screen.fill("suffixes", f", {column} artsy\n, {column} trending")
        screen.frame(column, 0).click()
        screen.wait_done(column + 1, 2)
    expect(screen.column(4)).to_be_in_viewport(ratio=0.9)
    film = screen.page.locator(".film").first
    film.evaluate("node => node.scrollTo({ left: 0, behavior: 'instant' })")
    screen.fill("suffixes", ", at night\n, in the snow")
    screen.frame(4, 0).click()
    screen.wait_working(5)
    film.evaluate("node => node.scrollTo({ left: 0, behavior: 'instant' })")
    screen.wait_done(5, 2)
    assert film.evaluate("node => node.scrollWidth > node.clientWidth && node.scrollLeft") == 0


def test_reduced_motion_disables_transitions(visit, seeds):
    screen = visit(**CALM)
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    duration = "node => getComputedStyle(node).transitionDuration"
    assert screen.column(0).locator(".picture").evaluate(duration) in ("0s", "0s, 0s")


def test_a_server_that_takes_its_time_is_waited_for_in_words(screen, seeds):
    """As right after its start, while it imports torch."""
    held = []
    slow = True

    def hold(route):
        if slow:
            held.append(route)
        else:
            route.continue_()

    screen.page.route(REQUESTS, hold)
    screen.generate(seeds=str(seeds[0]))
    words = screen.page.locator(".blank header p")
    expect(words).to_contain_text("Waiting for the server: right after its start")
    if folder := os.environ.get("SEEDLAB_SHOTS"):
        screen.page.screenshot(path=f"{folder}/waiting.png")
    slow = False
    for route in held:
        route.continue_()
    screen.wait_done(0, 1)
    expect(words).to_have_text("Made by Sketch. Click a picture to make them yourself.")
    screen.page.unroute(REQUESTS)
