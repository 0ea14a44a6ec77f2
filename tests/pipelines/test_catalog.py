"""What is known of a model before it is loaded, without torch."""

import json

import pytest

from seedlab.pipelines.catalog import CATALOG, SKETCH, SKETCH_FOLDER, describe
from seedlab.recipe import RecipeError
from tests.pipelines.builders import build_stable_diffusion


def test_sketch_is_described_as_it_was_saved():
    sketch = describe(SKETCH)
    folder = describe(str(SKETCH_FOLDER))
    for name in ("scheduler", "height", "width", "max_tokens"):
        assert getattr(sketch, name) == getattr(folder, name)


@pytest.mark.parametrize("model", CATALOG, ids=lambda model: model.name)
def test_every_model_of_the_catalogue_makes_a_recipe_with_its_defaults(model):
    recipe = model.make_recipe(prompt="", seed=0, dtype="float32")
    assert recipe.model_id == model.model_id


def test_a_folder_is_described_by_its_configurations(tiny):
    model = describe(str(tiny))
    assert (model.model_id, model.name) == (str(tiny), "tiny")
    assert (model.height, model.width, model.max_tokens) == (64, 64, 77)
    assert model.scheduler == "DPMSolverMultistepScheduler"


def test_a_folder_whose_scheduler_takes_karras_levels_says_so(tmp_path):
    folder = build_stable_diffusion(tmp_path)
    file = folder / "scheduler" / "scheduler_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"use_karras_sigmas": True}))
    assert describe(str(folder)).scheduler == "DPMSolverMultistepScheduler Karras"


def test_a_relative_folder_becomes_an_absolute_one(tiny, monkeypatch):
    monkeypatch.chdir(tiny.parent)
    assert describe("tiny").model_id == str(tiny.resolve())


def test_a_hub_id_may_name_a_revision():
    model = describe("owner/name@v1.0")
    assert (model.model_id, model.revision) == ("owner/name", "v1.0")
    assert describe("owner/name").revision is None


@pytest.mark.parametrize(
    "model_id", ["", "banana", "/", "../../etc", "a/b/c", "a/b@c d", "~", "~nobody", "x" * 9999, "a\0b"]
)
def test_what_is_no_model_is_refused_in_words(model_id):
    with pytest.raises(RecipeError, match="There is no model") as caught:
        describe(model_id)
    assert caught.value.field == "model_id"
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("damage", ["{", "[]", '{"sample_size": "big"}'])
def test_a_folder_with_damaged_configurations_is_still_described(tmp_path, damage):
    folder = build_stable_diffusion(tmp_path)
    (folder / "unet" / "config.json").write_text(damage)
    assert describe(str(folder)).height > 0
