"""Opening pictures that were dropped on the page."""

from dataclasses import replace

import pytest
from PIL import Image

from seedlab.core.recipe import Lora
from seedlab.images.metadata import Metadata, write_picture
from seedlab.images.png import write_png
from seedlab.ui.handlers import Handlers
from tests.examples import make_lineage
from tests.ui.fakes import ENVIRONMENT, SKETCH, make_services
from tests.ui.page import Page

IMAGE = Image.effect_noise((64, 64), 50).convert("RGB")
FIRST = SKETCH.make_recipe(prompt="Labrador", seed=5, num_inference_steps=20)
SECOND = replace(FIRST, prompt="Labrador, artsy")


@pytest.fixture
def picture(tmp_path):
    metadata = Metadata(recipe=SECOND, environment=ENVIRONMENT, lineage=make_lineage(SECOND, ", artsy"))
    write_picture(tmp_path / "dropped.png", IMAGE, metadata)
    return tmp_path / "dropped.png"


def test_opening_a_picture_restores_its_trail_and_fields(page, painter, picture):
    fields = page.drop(picture)
    assert page.errors == {}
    assert [round_["title"] for round_ in page.view["rounds"]] == ["Seed 5", "Seed 5 · suffixes"]
    assert (page.states(0), page.states(1)) == (["waiting"], ["done"]), "the store is searched for its parent"
    dropped = page.view["rounds"][1]["tiles"][0]
    assert dropped["sentence"] == ("Opened from a file, made in this environment. Verify compares the bytes.")
    assert fields["prompt"] == "Labrador"
    assert (fields["seeds"], fields["model_id"]) == ("5", "sketch")
    assert (fields["num_inference_steps"], fields["guidance_scale"]) == ("20", ""), "defaults stay empty"
    page.develop()
    assert page.states(0) == ["stopped"]
    assert painter.painted == [], "nothing was requested"


def test_on_a_public_server_the_loras_of_a_picture_are_left_out_with_a_notice(painter, picture):
    loras = (Lora(file="/loras/style.safetensors", sha256="ab" * 32, weight=0.8),)
    write_picture(picture, IMAGE, Metadata(recipe=replace(FIRST, loras=loras), environment=ENVIRONMENT))
    outcomes = {}
    for local in (True, False):
        page = Page(Handlers(replace(make_services(painter), local=local)))
        page.open()
        outcomes[local] = (page.drop(picture)["loras"], page.notice)
    assert outcomes == {True: ("/loras/style.safetensors 0.8", ""), False: ("", "Not imported: LoRAs.")}


def test_pictures_of_parents_come_from_the_store(page, painter, picture):
    page.explore(prompt="Labrador", seeds="5", num_inference_steps="20")
    page.develop()
    page.drop(picture)
    page.develop()
    assert page.states(0) == ["done"]
    assert len(painter.painted) == 1


def test_the_dropped_pixels_are_shown_and_never_stored(page, painter, picture):
    page.drop(picture)
    with Image.open(page.view["rounds"][1]["tiles"][0]["file"]["path"]) as shown:
        assert shown.tobytes() == IMAGE.tobytes()
    assert painter.find(SECOND) is None


def test_verify_compares_with_the_dropped_pixels(page, picture):
    page.drop(picture)
    page.verify(page.view["rounds"][1]["id"], 0)
    check = page.view["rounds"][1]["tiles"][0]["check"]
    assert check["state"] == "failed"
    assert "64×64 pixels, but its recipe makes 128×128" in check["message"]


def test_a_different_environment_is_reported(page, picture):
    elsewhere = Metadata(
        recipe=SECOND, environment=replace(ENVIRONMENT, torch="0.9"), lineage=make_lineage(SECOND, ", artsy")
    )
    write_picture(picture, IMAGE, elsewhere)
    page.drop(picture)
    sentence = page.view["rounds"][1]["tiles"][0]["sentence"]
    assert sentence.startswith("Opened from a file, made in another environment (here: torch 1 instead of 0.9).")


def test_metadata_of_automatic1111_is_imported_into_the_fields(page, tmp_path):
    text = (
        "a boat\nNegative prompt: fog\nSteps: 30, Sampler: Restart, CFG scale: 6, Seed: 9, Size: 64x96, Model: dreamy"
    )
    write_png(tmp_path / "a.png", IMAGE, {"parameters": text})
    fields = page.drop(tmp_path / "a.png")
    assert page.view["rounds"] == []
    assert (fields["prompt"], fields["negative_prompt"], fields["seeds"]) == ("a boat", "fog", "9")
    assert (fields["num_inference_steps"], fields["guidance_scale"]) == ("30", "6")
    assert (fields["width"], fields["height"]) == ("64", "96")
    assert page.notice == (
        "Imported from the picture: prompt, negative prompt, seed, steps, guidance, size. "
        "Not imported: model “dreamy”, sampler “Restart”."
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model_id": "/etc"}, "There is no model “/etc”"),
        ({"height": 4096}, "Sketch makes 64 to 256 pixels a side"),
    ],
)
def test_an_unsupported_recipe_changes_nothing(page, tmp_path, change, sentence):
    page.explore()
    write_picture(tmp_path / "a.png", IMAGE, Metadata(recipe=replace(FIRST, **change), environment=ENVIRONMENT))
    fields = page.drop(tmp_path / "a.png")
    assert sentence in page.errors["page"]
    assert fields == {}
    assert [round_["title"] for round_ in page.view["rounds"]] == ["Seeds 0–3"]


def test_a_file_that_is_not_a_png_changes_nothing(page, tmp_path):
    (tmp_path / "a.png").write_bytes(b"<script>")
    assert page.drop(tmp_path / "a.png") == {}
    assert page.errors["page"] == "“a.png” is not a PNG file: choose a picture as SeedLab saved it."
