"""Opening pictures that were dropped on the page."""

from dataclasses import replace

import pytest
from PIL import Image

from seedlab.core.recipes.additions import Lora
from seedlab.images.metadata import Metadata, write_picture
from seedlab.images.png import write_png
from seedlab.ui.handlers.page import Handlers
from seedlab.workflow.pictures.local_files import LocalFiles
from tests.examples import make_lineage
from tests.images.foreign.pictures import make_exif, write_exif
from tests.ui.fakes import ENVIRONMENT, SKETCH, find_model, make_services, read_loras
from tests.ui.page import Page, address

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


@pytest.mark.parametrize(
    ("count", "notice"),
    [("1", ""), ("3", "Of 3 files only the first was opened: “dropped.png”."), ("", ""), ("a", ""), (None, "")],
)
def test_of_several_dropped_files_the_first_is_opened_with_a_notice(page, picture, count, notice):
    page.drop(picture, count=count)
    assert (page.notice, len(page.view["rounds"])) == (notice, 2)


def test_on_a_public_server_the_loras_of_a_picture_are_left_out_with_a_notice(painter, picture):
    loras = (Lora(file="/loras/style.safetensors", sha256="ab" * 32, weight=0.8),)
    write_picture(picture, IMAGE, Metadata(recipe=replace(FIRST, loras=loras), environment=ENVIRONMENT))
    outcomes = {}
    for local in (True, False):
        page = Page(Handlers(replace(make_services(painter), local=local), address))
        page.open()
        outcomes[local] = (page.drop(picture)["loras"], page.notice)
    assert outcomes == {
        True: ("./style.safetensors 0.8", ""),
        False: ("", "Not imported: LoRA “style 0.8” (this server uses no LoRAs)."),
    }


def test_pictures_of_parents_come_from_the_store(page, painter, picture):
    page.explore(prompt="Labrador", seeds="5", num_inference_steps="20")
    page.develop()
    page.drop(picture)
    page.develop()
    assert page.states(0) == ["done"]
    assert len(painter.painted) == 1


def test_the_dropped_pixels_are_shown_and_never_stored(page, painter, picture):
    page.drop(picture)
    with Image.open(page.state.session.trail.tile(2, 0).file) as shown:
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
        "Not imported: model “dreamy”, sampler “Restart”. The settings were made for “dreamy”; Sketch is chosen."
    )


def test_the_seed_of_another_picture_is_not_kept(page, tmp_path):
    details = "Steps: 30, Sampler: Euler, CFG scale: 6, Size: 64x64"
    for seed, expected in (("9", "9"), ("-1", "0-3"), ("8", "8"), (None, "0-3")):
        end = "" if seed is None else f", Seed: {seed}"
        write_png(tmp_path / "a.png", IMAGE, {"parameters": f"a boat\n{details}{end}"})
        assert page.drop(tmp_path / "a.png")["seeds"] == expected
        assert ("seed" in page.notice.partition("Not imported")[0]) == (seed == expected)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model_id": "/etc"}, "There is no model “./etc”"),
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
    sentence = "“a.png” is not a picture that SeedLab can read: choose a PNG, JPEG or WebP file."
    assert page.errors["page"] == sentence


def test_settings_of_an_earlier_picture_do_not_stay(page, tmp_path):
    write_png(
        tmp_path / "a.png", IMAGE, {"parameters": "a boat\nNegative prompt: fog\nSteps: 30, CFG scale: 6, Seed: 9"}
    )
    page.drop(tmp_path / "a.png")
    write_png(tmp_path / "b.png", IMAGE, {"parameters": "a sea\nSteps: 20, Seed: 3"})
    fields = page.drop(tmp_path / "b.png")
    assert (fields["negative_prompt"], fields["guidance_scale"], fields["loras"]) == ("", "", "")
    assert "generator_device" not in fields, "no picture says it"


def test_what_the_chosen_model_cannot_make_is_said_at_the_drop(page, tmp_path):
    text = "a boat\nSteps: 1500, CFG scale: 140, Seed: 9, Size: 512x640, Model: shoreline_v3"
    write_png(tmp_path / "a.png", IMAGE, {"parameters": text})
    fields = page.drop(tmp_path / "a.png")
    assert (fields["width"], fields["height"], fields["num_inference_steps"]) == ("", "", "")
    assert page.notice == (
        "Imported from the picture: prompt, seed. Not imported: model “shoreline_v3”, size “512x640” (Sketch makes at "
        "most 256 pixels a side), Steps “1500” (SeedLab takes 1 to 1000), CFG scale “140” (SeedLab takes 0 to 100). "
        "The settings were made for “shoreline_v3”; Sketch is chosen."
    )
    page.explore(**{name: value for name, value in fields.items() if name in ("prompt", "seeds", "width", "height")})
    assert page.errors == {}


def test_odd_sizes_are_rounded_at_the_drop(page, tmp_path):
    write_png(tmp_path / "a.png", IMAGE, {"parameters": "a boat\nSteps: 20, Seed: 9, Size: 126x190"})
    fields = page.drop(tmp_path / "a.png")
    assert (fields["width"], fields["height"]) == ("128", "192")
    assert "126 became 128 and 190 became 192" in page.notice


def test_a_jpeg_of_another_tool_selects_the_model_that_it_names(painter, tmp_path):
    services = make_services(painter)
    services = replace(
        services, models=(*services.models, ("Other (2 GB)", "owner/other")), find_model=lambda _: SKETCH
    )
    page = Page(Handlers(services, address))
    page.open()
    text = "a boat\nSteps: 20, Seed: 9, Model: other"
    file = write_exif(tmp_path / "a.jpg", make_exif(b"UNICODE\0" + text.encode("utf-16-be")))
    assert page.drop(file)["model_id"] == "owner/other"


def test_loras_that_are_on_this_machine_are_taken(painter, tmp_path):
    asked = []

    def find_lora(name, digest):
        asked.append((name, digest))
        return tmp_path / f"{name}.safetensors" if name == "ink" else None

    page = Page(Handlers(replace(make_services(painter), find_lora=find_lora), address))
    page.open()
    text = 'a boat <lora:ink:0.5> <lora:gulls:1>\nSteps: 20, Seed: 9, Lora hashes: "ink: abcdef012345"'
    write_png(tmp_path / "a.png", IMAGE, {"parameters": text})
    fields = page.drop(tmp_path / "a.png")
    assert (fields["prompt"], fields["loras"]) == ("a boat", f"{tmp_path / 'ink.safetensors'} 0.5")
    assert asked == [("ink", "abcdef012345"), ("gulls", "")]
    assert "Not imported: LoRA “gulls 1” (there is no such file here)." in page.notice


def test_a_file_that_a_picture_needs_and_that_is_not_here_is_named(painter, tmp_path):
    locate = LocalFiles(find_model=find_model, read_loras=read_loras, list_known=lambda: ()).locate
    page = Page(Handlers(replace(make_services(painter), locate=locate), address))
    page.open()
    recipe = replace(FIRST, model_id="/models/shore.safetensors")
    write_picture(tmp_path / "a.png", IMAGE, Metadata(recipe=recipe, environment=ENVIRONMENT))
    page.drop(tmp_path / "a.png")
    assert page.errors["page"] == (
        "This picture needs the model “shore.safetensors”, which is not here: choose its path as the model, and open "
        "the picture again."
    )
