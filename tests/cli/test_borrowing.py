"""`seedlab refine` with pictures of other tools."""

from dataclasses import replace

import pytest

from seedlab.images.metadata import read_metadata
from tests.cli.test_main import Painter, names
from tests.examples import RECIPE
from tests.images.foreign.pictures import make_exif, write_exif, write_texts

DETAILS = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 126x128, VAE: coast, Model: {}"


def write(file, model="shoreline_v3", seed="5"):
    text = f"a boat\nNegative prompt: fog\n{DETAILS.format(model)}".replace("Seed: 5", f"Seed: {seed}")
    return write_exif(file, make_exif(b"UNICODE\0" + text.encode("utf-16-be")))


def test_refine_takes_the_settings_and_says_what_it_left(tmp_path, capsys):
    painter = Painter()
    assert painter.run("refine", write(tmp_path / "a.jpg"), "--model", "sketch", "--suffix", ", red") == 0
    assert painter.painted == [
        replace(
            RECIPE,
            prompt="a boat, red",
            negative_prompt="fog",
            seed=5,
            num_inference_steps=20,
            guidance_scale=7.0,
            scheduler="EulerAncestralDiscreteScheduler",
            dtype="bfloat16",
        )
    ]
    assert names(tmp_path) == ["a-grid.png", "a-red.png", "a.jpg"]
    assert read_metadata(tmp_path / "a-red.png").recipe.seed == 5
    assert capsys.readouterr().err.startswith(
        "Imported from the picture: prompt, negative prompt, seed, steps, guidance, size, scheduler. Not imported: "
        "model “shoreline_v3”, VAE “coast”. The settings were made for “shoreline_v3”; Sketch is chosen. Sketch makes "
        "sizes in steps of 8 pixels: 126 became 128.\n"
    )


def test_words_that_the_model_does_not_know_are_named_too(tmp_path, capsys):
    assert Painter().run("refine", write(tmp_path / "a.jpg"), "--model", "sketch", "--suffix", ", 狗") == 0
    assert capsys.readouterr().err.splitlines()[1] == "Sketch does not know “狗”. It knows cat, boat and more."


def test_refine_uses_the_model_that_the_picture_names(tmp_path):
    painter = Painter()
    assert painter.run("refine", write(tmp_path / "a.jpg", "sketch"), "--suffix", ", red") == 0
    assert [recipe.model_id for recipe in painter.painted] == ["sketch"]


@pytest.mark.parametrize("model", ["shoreline_v3", "/etc/passwd", "//host/share/model", "~/model"])
def test_a_model_that_is_not_here_is_named(tmp_path, capsys, model):
    painter = Painter()
    assert painter.run("refine", write(tmp_path / "a.jpg", model)) == 2
    assert capsys.readouterr().err == (
        f"“a.jpg” names the model “{model}”, which is not here: choose a model with --model.\n"
    )
    assert painter.painted == []


def test_a_picture_that_names_no_model_needs_one(tmp_path, capsys):
    file = write_texts(tmp_path / "a.png", parameters="a boat\nSteps: 20, Seed: 5")
    assert Painter().run("refine", file) == 2
    assert capsys.readouterr().err == "“a.png” does not name its model: choose a model with --model.\n"


def test_a_seed_that_cannot_be_locked_is_said(tmp_path, capsys):
    assert Painter().run("refine", write(tmp_path / "a.jpg", seed=str(2**64)), "--model", "sketch") == 2
    assert capsys.readouterr().err.startswith("“a.jpg” has no seed that SeedLab can lock.")
