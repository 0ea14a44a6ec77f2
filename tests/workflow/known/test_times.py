"""How long pictures took, from one process to the next."""

from dataclasses import replace

import pytest
from PIL import Image

from seedlab.core.recipes.additions import Lora
from seedlab.core.recipes.start import Start
from seedlab.core.reports import Finished
from seedlab.workflow.known.times import KEPT, MAX_KINDS, KnownTimes
from tests.examples import ENVIRONMENT
from tests.examples import MODEL as UNRESOLVED

MODEL = replace(UNRESOLVED, dtype="float32")
RECIPE = MODEL.make_recipe(prompt="cat", seed=0)
MADE = Finished(0, Image.new("RGB", (8, 8)), replace(ENVIRONMENT, device="cpu"), "")


def test_a_time_is_known_in_the_next_process_for_the_same_device_alone(tmp_path):
    KnownTimes(tmp_path / "cache" / "times.json").add(RECIPE, MADE, 3.0)
    times = KnownTimes(tmp_path / "cache" / "times.json")
    assert times.find(MODEL, "cpu") == pytest.approx(3.0, rel=1e-3)
    assert times.find(MODEL, "cuda") is None
    assert times.find(replace(MODEL, model_id="an/other"), "cpu") is None


def test_it_is_that_of_the_models_own_steps_and_of_no_other_size():
    times = KnownTimes(None)
    times.add(replace(RECIPE, width=RECIPE.width * 2), MADE, 9.0)
    assert times.find(MODEL, "cpu") is None
    times.add(replace(RECIPE, num_inference_steps=RECIPE.num_inference_steps * 2), MADE, 4.0)
    assert times.find(MODEL, "cpu") == pytest.approx(2.0, rel=1e-3)


def test_drafts_and_pictures_that_take_more_are_not_measured():
    times = KnownTimes(None)
    times.add(RECIPE, replace(MADE, draft_steps=3), 1.0)
    times.add(replace(RECIPE, start=Start(recipe=RECIPE, strength=0.5)), MADE, 1.0)
    times.add(replace(RECIPE, loras=(Lora(file="a.safetensors", sha256="ab" * 32, weight=1.0),)), MADE, 1.0)
    assert times.find(MODEL, "cpu") is None


def test_one_slow_picture_among_the_last_ones_does_not_count():
    times = KnownTimes(None)
    for seconds in (1.0, 1.0, 60.0, *[2.0] * (KEPT - 1)):
        times.add(RECIPE, MADE, seconds)
    assert times.find(MODEL, "cpu") == pytest.approx(2.0, rel=1e-3)


@pytest.mark.parametrize("text", ["", "[]", '{"a": "b"}', '{"a": []}', '{"a": [0]}', '{"a": [true]}', '{"a": [null]}'])
def test_a_damaged_file_is_as_good_as_none(tmp_path, text):
    file = tmp_path / "times.json"
    file.write_text(text)
    times = KnownTimes(file)
    assert times.find(MODEL, "cpu") is None
    times.add(RECIPE, MADE, 3.0)
    assert KnownTimes(file).find(MODEL, "cpu") == pytest.approx(3.0, rel=1e-3)


def test_the_file_is_bounded():
    times = KnownTimes(None)
    for number in range(MAX_KINDS + 5):
        times.add(replace(RECIPE, model_id=f"owner/{number}"), MADE, 1.0)
    assert times.find(replace(MODEL, model_id="owner/4"), "cpu") is None
    assert times.find(replace(MODEL, model_id="owner/5"), "cpu") is not None
