"""Recipes that start from another recipe's picture."""

import json
from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.additions import Lora, Nudge
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.start import LATENT_BICUBIC, MAX_STAGES, InputPicture, Start
from seedlab.core.texts.file_names import hide_folders
from tests.examples import MODEL, RECIPE

DEVELOPED = replace(RECIPE, seed=7, width=256, height=256, start=Start(recipe=RECIPE, strength=0.35))


PHOTO = InputPicture(file="photo.jpg", sha256="ab" * 32, width=640, height=480)
FROM_PHOTO = replace(RECIPE, start=Start(picture=PHOTO, strength=0.5))


def start_again(recipe: Recipe, times: int) -> Recipe:
    for _ in range(times):
        recipe = replace(recipe, start=Start(recipe=recipe, strength=0.5))
    return recipe


def test_the_canonical_json_has_the_whole_way_and_so_has_the_fingerprint():
    assert json.loads(DEVELOPED.to_json())["start"] == {
        "recipe": json.loads(RECIPE.to_json()),
        "resize": "lanczos",
        "strength": 0.35,
    }
    assert DEVELOPED.fingerprint == "844f30e68122100a37f4da150c5fd1fc30a9832d25a5019cf79df93ab5278324"
    others = {
        replace(DEVELOPED, start=Start(recipe=RECIPE, strength=0.4)),
        replace(DEVELOPED, start=Start(recipe=replace(RECIPE, seed=3), strength=0.35)),
        replace(DEVELOPED, start=Start(recipe=RECIPE, strength=0.35, resize=LATENT_BICUBIC)),
        replace(DEVELOPED, start=None),
    }
    assert len({DEVELOPED.fingerprint, *(each.fingerprint for each in others)}) == 5


def test_it_is_read_back_from_json():
    recipe = replace(start_again(DEVELOPED, 2), prompt="a cat")
    assert Recipe.from_dict(json.loads(recipe.to_json())) == recipe
    assert [stage.seed for stage in recipe.stages] == [0, 7, 7, 7]
    assert "start" not in RECIPE.to_dict()


def test_there_are_at_most_eight_stages():
    longest = start_again(RECIPE, MAX_STAGES - 1)
    assert Recipe.from_dict(longest.to_dict()) == longest
    with pytest.raises(RecipeError, match="has 8 stages already"):
        start_again(longest, 1)


def test_a_forged_recipe_of_many_stages_is_refused_before_it_is_read():
    data = RECIPE.to_dict()
    for _ in range(5_000):
        data = RECIPE.to_dict() | {"start": {"recipe": data, "strength": 0.5}}
    with pytest.raises(RecipeError, match="more than 8 stages"):
        Recipe.from_dict(data)


@pytest.mark.parametrize(
    "start",
    [
        "a picture",
        [],
        {},
        {"recipe": None, "strength": 0.5},
        {"recipe": {}, "strength": 0.5},
        {"recipe": RECIPE.to_dict()},
        {"recipe": RECIPE.to_dict(), "strength": "0.5"},
        {"recipe": RECIPE.to_dict(), "strength": True},
        {"recipe": RECIPE.to_dict(), "strength": float("nan")},
        {"recipe": RECIPE.to_dict(), "strength": 0},
        {"recipe": RECIPE.to_dict(), "strength": 5e-324},
        {"recipe": RECIPE.to_dict(), "strength": 1.01},
        {"recipe": RECIPE.to_dict(), "strength": 0.5, "resize": "box"},
        {"recipe": RECIPE.to_dict(), "strength": 0.5, "path": "/etc"},
        {"recipe": RECIPE.to_dict() | {"seed": -1}, "strength": 0.5},
        {"recipe": RECIPE.to_dict() | {"model_id": "other/model"}, "strength": 0.5},
        {"recipe": RECIPE.to_dict() | {"dtype": "bfloat16"}, "strength": 0.5},
    ],
    ids=str,
)
def test_what_is_no_start_is_refused(start):
    with pytest.raises(RecipeError):
        Recipe.from_dict(RECIPE.to_dict() | {"start": start})


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"nudges": (Nudge(seed=7, weight=0.1),)}, "nudges", "cannot be nudged: vary its seed"),
        ({"late_prompt": "a boat, artsy", "late_step": 3}, "late_prompt", "vary it by suffixes instead"),
        ({"num_inference_steps": 2}, "num_inference_steps", "Of 2 steps, strength 0.35 leaves none"),
        ({"num_inference_steps": 1}, "num_inference_steps", "Of 1 step, strength 0.35 leaves none"),
        ({"dtype": "float16"}, "start", "need the same model, precision and LoRAs"),
        ({"start": RECIPE}, "start", "must be the recipe of another"),
    ],
    ids=str,
)
def test_what_a_stage_cannot_have_is_refused_in_a_sentence(changes, field, sentence):
    with pytest.raises(RecipeError, match=sentence) as caught:
        replace(DEVELOPED, **changes)
    assert caught.value.field == field


def test_a_strength_at_which_not_one_of_the_most_steps_is_taken_is_refused():
    least = Start(recipe=RECIPE, strength=0.001)
    assert replace(RECIPE, num_inference_steps=least.least_steps, start=least).num_inference_steps == 1000
    with pytest.raises(RecipeError, match=r"^The strength must be at least 0\.001: write more, such as 0\.2\.$"):
        Start(recipe=RECIPE, strength=0.0009)


def test_files_are_those_of_all_stages():
    ink = Lora(file="/loras/ink.safetensors", sha256=64 * "a", weight=0.5)
    local = replace(RECIPE, model_id="/models/mine", loras=(ink,))
    hidden = hide_folders(start_again(local, 2))
    assert [stage.model_id for stage in hidden.stages] == ["./mine"] * 3
    assert {lora.file for stage in hidden.stages for lora in stage.loras} == {"./ink.safetensors"}


def test_a_model_checks_every_stage():
    MODEL.check(DEVELOPED)
    wide = replace(RECIPE, width=512)
    with pytest.raises(RecipeError, match="64 to 256 pixels a side, not 512"):
        MODEL.check(replace(RECIPE, start=Start(recipe=wide, strength=0.5)))


@pytest.mark.parametrize("changes", [{"image_to_image": None}, {"unconditional": True}])
def test_a_model_without_image_to_image_is_refused_in_a_sentence(changes):
    with pytest.raises(RecipeError, match="diffusers has no image-to-image pipeline for it: choose another model"):
        replace(MODEL, **changes).check(DEVELOPED)


def test_a_picture_of_the_users_own_is_in_the_json_by_its_hash_and_size():
    assert json.loads(FROM_PHOTO.to_json())["start"] == {
        "picture": {"file": "photo.jpg", "sha256": "ab" * 32, "width": 640, "height": 480},
        "resize": "lanczos",
        "strength": 0.5,
    }
    assert FROM_PHOTO.fingerprint == "7d382f0511a89a5eb926850de1f0f349e47be4a50402855718355929d280b3e6"
    assert Recipe.from_dict(json.loads(FROM_PHOTO.to_json())) == FROM_PHOTO
    assert FROM_PHOTO.stages == (FROM_PHOTO,)
    changed = [{"sha256": "cd" * 32}, {"width": 641}, {"file": "other.jpg"}]
    others = {FROM_PHOTO.replace_input(**each).fingerprint for each in changed}
    others |= {replace(FROM_PHOTO, width=64).fingerprint, RECIPE.fingerprint, FROM_PHOTO.fingerprint}
    assert len(others) == 6


def test_every_later_stage_knows_it():
    recipe = start_again(FROM_PHOTO, 2)
    assert recipe.input_picture == PHOTO
    assert recipe.replace_input(file="b.jpg").stages[0].start.picture.file == "b.jpg"
    assert recipe.replace_shared(dtype="bfloat16").stages[0].start.picture == PHOTO
    assert DEVELOPED.input_picture is None
    assert DEVELOPED.replace_input(file="b.jpg") is DEVELOPED
    longest = start_again(FROM_PHOTO, MAX_STAGES - 1)
    assert Recipe.from_dict(longest.to_dict()) == longest


@pytest.mark.parametrize(
    "start",
    [
        {"strength": 0.5},
        {"strength": 0.5, "recipe": None, "picture": None},
        {"strength": 0.5, "recipe": "RECIPE", "picture": "PHOTO"},
        {"strength": 0.5, "picture": 5},
        {"strength": 0.5, "picture": {}},
        {"strength": 0.5, "picture": {"file": "a.png", "sha256": "ab" * 32, "width": 640, "height": 480, "more": 1}},
        {"picture": {"file": "a.png", "sha256": "ab" * 32, "width": 640, "height": 480}},
        *(
            {"strength": 0.5, "picture": {"file": "a.png", "sha256": "ab" * 32, "width": 640, "height": 480} | wrong}
            for wrong in (
                {"file": "../a.png"},
                {"file": "C:\\a.png"},
                {"file": ""},
                {"file": ".."},
                {"file": "a\n.png"},
                {"file": 5},
                {"file": "a" * 201},
                {"sha256": "AB" * 32},
                {"sha256": None},
                {"width": 0},
                {"width": 20_000},
                {"height": 1.5},
            )
        ),
    ],
)
def test_other_starts_are_refused(start):
    known = {"RECIPE": RECIPE.to_dict(), "PHOTO": FROM_PHOTO.to_dict()["start"]["picture"]}
    start = {name: known.get(value, value) if isinstance(value, str) else value for name, value in start.items()}
    with pytest.raises(RecipeError):
        Recipe.from_dict(RECIPE.to_dict() | {"start": start})


@pytest.mark.parametrize("changes", [{"nudges": (Nudge(seed=1, weight=0.1),)}, {"late_prompt": "a", "late_step": 2}])
def test_what_needs_noise_is_refused(changes):
    with pytest.raises(RecipeError, match="that starts from another"):
        replace(FROM_PHOTO, **changes)
