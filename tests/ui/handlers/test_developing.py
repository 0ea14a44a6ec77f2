"""A chosen picture is made larger, or varied, on the page."""

from dataclasses import replace

import pytest
from PIL import Image

from seedlab.core.models.model import Model
from seedlab.core.recipes.start import LATENT_BICUBIC, Start
from seedlab.images.metadata import Metadata, write_picture
from seedlab.rules.change import Change
from seedlab.rules.kinds.develop import LARGER
from seedlab.ui.blocks.fields import list_rules
from seedlab.ui.handlers.page import Handlers
from seedlab.ui.views.captions import format_model_notes, format_settings
from tests.examples import RECIPE, make_lineage
from tests.ui.fakes import ENVIRONMENT, SKETCH, make_services
from tests.ui.page import Page, address

NO_PIPELINE = replace(SKETCH, image_to_image=None)


@pytest.fixture
def finished(page) -> Page:
    """A page whose seed 1 was varied by suffixes."""
    page.explore(seeds="0-1")
    page.develop()
    page.click(1, 1, suffixes=", artsy\n, at night")
    page.develop()
    return page


def test_one_click_makes_a_picture_larger(finished, painter):
    finished.enlarge(2, 0)
    finished.develop()
    parent, child = painter.painted[2], painter.painted[-1]
    assert child == replace(parent, width=256, height=256, start=Start(recipe=parent, strength=0.2))
    round_ = finished.view["rounds"][2]
    assert round_["title"] == "Seed 1 · artsy · 256×256"
    assert [tile["caption"] for tile in round_["tiles"]] == ["256×256 · 0.2"]
    assert finished.states(2) == ["done"]


def test_a_reload_brings_it_back(finished):
    finished.enlarge(2, 0)
    finished.develop()
    later = Page(finished.handlers, finished.saved, tab="reloaded")
    later.open()
    later.develop()
    assert [round_["title"] for round_ in later.view["rounds"]] == [
        "Seeds 0–1",
        "Seed 1 · suffixes",
        "Seed 1 · artsy · 256×256",
    ]
    assert later.states(2) == ["done"]


def test_the_panel_makes_several_strengths_and_sizes(finished):
    finished.click(2, 1, rule="develop", develop_size="192, 256", develop_strength="0.2 0.5")
    assert [tile["caption"] for tile in finished.view["rounds"][2]["tiles"]] == [
        "192×192 · 0.2",
        "192×192 · 0.5",
        "256×256 · 0.2",
        "256×256 · 0.5",
    ]
    finished.click(2, 1, rule="vary_picture", picture_seeds="7, 8")
    round_ = finished.view["rounds"][2]
    assert round_["title"] == "Seed 1 · at night · picture varied"
    assert [(tile["seed"], tile["caption"]) for tile in round_["tiles"]] == [
        ("7", "varied · 0.3"),
        ("8", "varied · 0.3"),
    ]


def test_what_is_too_large_for_the_model_is_refused_before_any_work(finished):
    finished.enlarge(2, 0)
    finished.develop()
    finished.enlarge(3, 0)
    assert finished.errors == {"page": "Sketch makes 64 to 256 pixels a side, not 512."}
    finished.click(2, 0, rule="develop", develop_size="3x")
    assert set(finished.errors) == {"develop_strength"}
    assert len(finished.view["rounds"]) == 3


def test_a_developed_picture_opens_with_all_that_led_to_it_where_nothing_else_is(page, painter, tmp_path):
    first = SKETCH.make_recipe(prompt="Labrador", seed=5)
    artsy = replace(first, prompt="Labrador, artsy")
    ((recipe, value),) = LARGER.make(artsy).items()
    lineage = (*make_lineage(artsy, ", artsy"), Change(artsy, LARGER.name, value))
    image = Image.effect_noise((256, 256), 50).convert("RGB")
    write_picture(tmp_path / "large.png", image, Metadata(recipe=recipe, environment=ENVIRONMENT, lineage=lineage))
    fields = page.drop(tmp_path / "large.png")
    assert page.errors == {}
    assert [round_["title"] for round_ in page.view["rounds"]] == [
        "Seed 5",
        "Seed 5 · suffixes",
        "Seed 5 · artsy · 256×256",
    ]
    assert page.states(2) == ["done"]
    assert (fields["prompt"], fields["width"]) == ("Labrador", ""), "the fields are those of the first round"
    assert page.verify(3, 0)[-1]["rounds"][2]["tiles"][0]["state"] == "done"
    assert painter.painted == [recipe]
    assert page.copy_script(round=3)["text"].count("again(") == 1


def make_page(painter, model: Model) -> Page:
    services = replace(make_services(painter), find_model=lambda _: model)
    page = Page(Handlers(services, address))
    page.open()
    page.explore(seeds="0")
    page.develop()
    return page


def test_models_without_image_to_image_say_so_and_do_not_offer_it(painter):
    page = make_page(painter, NO_PIPELINE)
    sentence = "cannot start from a picture, because diffusers has no image-to-image pipeline for it"
    for ask in (lambda: page.enlarge(1, 0), lambda: page.click(1, 0, rule="develop")):
        ask()
        assert page.errors == {"page": f"Sketch {sentence}: choose another model."}
    offered = {name for _, name in list_rules(SKETCH)} - {name for _, name in list_rules(NO_PIPELINE)}
    assert offered == {"develop", "vary_picture"}
    assert sentence in format_model_notes(NO_PIPELINE, "")
    assert sentence not in format_model_notes(SKETCH, "")


def test_the_settings_name_the_picture_that_it_starts_from():
    recipe = replace(RECIPE, seed=7, start=Start(recipe=RECIPE, strength=0.35))
    assert format_settings(recipe, {}).endswith(" · fp32 · from the picture of seed 0 in 128×128, strength 0.35")
    latents = replace(recipe, start=replace(recipe.start, resize=LATENT_BICUBIC))
    assert format_settings(latents, {}).endswith(" · from the latents of seed 0 in 128×128, strength 0.35")
