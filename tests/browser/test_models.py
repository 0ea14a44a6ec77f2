"""Models in a real browser: choosing, downloading from a local Hub, stopping, errors."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.screen import PATIENCE
from tests.pipelines.builders import build_ddim, build_stable_diffusion

pytestmark = pytest.mark.browser

HEIGHTS = "fields => fields.map(field => field.getBoundingClientRect().height)"


def test_choosing_a_model_shows_its_defaults_and_notes_and_keeps_the_input(visit):
    screen = visit(steps=None)
    screen.open_advanced()
    screen.page.locator("#guidance_scale input").fill("2")
    field = screen.page.locator("#model_id input")
    field.click()
    chosen = screen.page.get_by_role("option", selected=True)
    assert chosen.evaluate("option => getComputedStyle(option).position") == "static", "it scrolls with the others"
    screen.page.get_by_role("option", name=re.compile("^SD-Turbo")).click()
    expect(screen.sentence("about")).to_contain_text("The seed changes little")
    expect(screen.sentence("about")).to_contain_text("Stability AI Community Licence")
    expect(screen.page.locator("#num_inference_steps input")).to_have_attribute("placeholder", "1")
    expect(screen.sentence("model_id")).to_have_text("")
    assert screen.value("guidance_scale") == "2"


def test_an_unconditional_model_explores_its_seeds(visit, tmp_path):
    screen = visit(steps=None)
    screen.choose_model(str(build_ddim(tmp_path)))
    expect(screen.sentence("about")).to_have_text("ddim has no prompt: explore its seeds instead.")
    for name in ("prompt", "suffixes", "try"):
        expect(screen.page.locator(f"#{name}")).not_to_be_visible()
    heights = screen.page.locator("#more > .field:visible").evaluate_all(HEIGHTS)
    assert min(heights) > 0, "hidden fields leave no gap"
    screen.set_steps(3)
    screen.generate()
    screen.wait_done()
    expect(screen.page.locator(".inspector")).to_contain_text("16×16")
    # One setting is selected, which needs no prompt.
    screen.fill("sweep", "steps 2, 3, 4, 6")
    screen.frame(0, 2).click()
    expect(screen.column(1).locator("h2")).to_have_text("Seed 2 · steps")
    screen.wait_done(1)
    screen.action("Verify").click()
    expect(screen.check).to_contain_text("Equal, byte for byte", timeout=60_000)
    screen.choose_model("sketch")
    expect(screen.page.locator("#prompt")).to_be_visible()
    assert screen.value("prompt") == "Labrador in the style of Vermeer", "the input is kept"


def test_a_download_shows_its_bytes_stops_and_resumes_while_other_tabs_work(visit, hub, seeds, tmp_path):
    screen, other = visit(), visit()
    # A model of its own: if a first attempt at this test fails, the next one has to download something too.
    model_id, asked = hub.add(build_stable_diffusion(tmp_path), "slow"), len(hub.log)
    screen.choose_model(model_id)
    screen.generate(seeds=f"{seeds[0]}-{seeds[3]}")
    expect(screen.column(0)).to_contain_text(f"Downloading {model_id}: ", timeout=PATIENCE)
    other.generate(seeds=str(seeds[0] + 10))
    other.wait_done(0, 1)
    screen.page.locator("#stop").click()
    expect(screen.tiles(0, "stopped")).to_have_count(4)
    hub.well.add(model_id)
    screen.frame(0, 0).click()
    screen.wait_done()
    resumed = [first for method, _, first in hub.log[asked:] if method == "GET" and first > 0]
    assert resumed, "only the rest was downloaded"


UNAVAILABLE = {
    "gated/tiny": "gated/tiny is gated: accept its licence at https://huggingface.co/gated/tiny",
    "slow/tinny": "There is no model slow/tinny on the Hub",
    "https://huggingface.co/busy/tiny": "The Hub limits the requests from here",
}


def test_an_unavailable_model_shows_what_to_do_and_another_still_works(screen, seeds):
    for model_id, words in UNAVAILABLE.items():
        screen.choose_model(model_id)
        expect(screen.sentence("model_id")).to_contain_text(words)
    screen.generate()
    expect(screen.sentence("model_id")).to_contain_text(words)
    screen.choose_model("sketch")
    expect(screen.sentence("model_id")).to_have_text("")
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
