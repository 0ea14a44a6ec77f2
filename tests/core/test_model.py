"""A model as the visitor meets it: it makes recipes of its defaults, and refuses what it cannot make or read."""

from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.models.model import Model
from tests import examples
from tests.examples import RECIPE

MODEL = replace(examples.MODEL, dtype="float32")


def test_a_recipe_is_made_of_the_defaults():
    assert MODEL.make_recipe(prompt="Labrador in the style of Vermeer", seed=0) == RECIPE


def test_what_is_given_takes_the_place_of_a_default_and_none_does_not():
    recipe = MODEL.make_recipe(
        prompt="", seed=0, guidance_scale=2, negative_prompt="blurry", num_inference_steps=None, width=256
    )
    assert (recipe.guidance_scale, recipe.negative_prompt, recipe.num_inference_steps) == (2.0, "blurry", 12)
    assert (recipe.width, recipe.height) == (256, 128)


def test_a_scheduler_given_by_its_label_is_the_same_recipe():
    by_label = MODEL.make_recipe(prompt="a", seed=0, scheduler="Euler")
    assert by_label == MODEL.make_recipe(prompt="a", seed=0, scheduler="EulerDiscreteScheduler")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("scheduler", "none such", "There is no scheduler “none such”"),
        ("height", 264, "Sketch makes 64 to 256 pixels a side, not 264"),
        ("width", 56, "Sketch makes 64 to 256 pixels a side, not 56"),
        ("prompt", "x" * 1926, "The prompt has 1,926 characters, but Sketch reads only 77 tokens"),
        ("negative_prompt", "x" * 1926, "The negative prompt has 1,926 characters"),
        ("dtype", "auto", "The dtype must be one of"),
    ],
)
def test_what_the_model_cannot_make_is_refused_in_a_sentence(field, value, sentence):
    with pytest.raises(RecipeError, match=sentence) as caught:
        MODEL.make_recipe(**{"prompt": "a", "seed": 0, field: value})
    assert caught.value.field == field


def test_a_size_between_two_that_the_model_makes_names_them():
    model = Model(**{**vars(MODEL), "size_multiple": 64})
    with pytest.raises(RecipeError, match="in steps of 64: use 128 or 192, not 136"):
        model.make_recipe(prompt="a", seed=0, height=136)


def test_a_size_snaps_to_the_nearest_that_the_model_makes():
    model = Model(**{**vars(MODEL), "size_multiple": 16, "max_side": 256})
    assert [model.snap(side) for side in (1, 8, 120, 119, 128, 250, 256)] == [16, 16, 128, 112, 128, 256, 256]
    assert [model.snap(side) for side in (None, 0, 0.5, 300, -3)] == [None, 0, 0.5, 300, -3], "for check to refuse"


def test_what_was_snapped_is_said():
    recipe = MODEL.make_recipe(prompt="a", seed=0, width=104, height=128)
    assert MODEL.format_snapped_size(recipe, 100, None) == "Sketch makes sizes in steps of 8 pixels: 100 became 104."
    assert MODEL.format_snapped_size(recipe, 100, 130).endswith(": 100 became 104 and 130 became 128.")
    assert MODEL.format_snapped_size(recipe, 104, 128) == MODEL.format_snapped_size(recipe, None, None) == ""


def test_a_scheduler_of_another_kind_is_refused_with_those_that_work():
    with pytest.raises(RecipeError, match="Flow-match Euler does not work with Sketch: choose DPM") as caught:
        MODEL.make_recipe(prompt="a", seed=0, scheduler="Flow-match Euler")
    assert caught.value.field == "scheduler"


def test_a_model_that_we_do_not_know_is_offered_all_schedulers():
    model = Model(**{**vars(MODEL), "any_scheduler": True})
    recipe = model.make_recipe(prompt="a", seed=0, scheduler="Flow-match Euler")
    assert recipe.scheduler == "FlowMatchEulerDiscreteScheduler"


UNCONDITIONAL = Model(
    model_id="google/ddpm-cifar10-32",
    name="DDPM CIFAR-10",
    num_inference_steps=50,
    guidance_scale=0.0,
    height=32,
    width=48,
    scheduler="DDIMScheduler",
    only_schedulers=("DDIMScheduler", "DDPMScheduler"),
    dtype="float32",
    unconditional=True,
)


def test_a_model_without_a_prompt_makes_recipes_of_a_seed_alone():
    recipe = UNCONDITIONAL.make_recipe(prompt="", seed=7, scheduler="DDPM", num_inference_steps=1000)
    assert (recipe.prompt, recipe.seed, recipe.guidance_scale) == ("", 7, 0.0)
    assert (recipe.width, recipe.height, recipe.scheduler) == (48, 32, "DDPMScheduler")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("prompt", "artsy", "DDPM CIFAR-10 takes no prompt and no suffixes: leave it empty"),
        ("negative_prompt", "blurry", "DDPM CIFAR-10 takes no negative prompt: leave it empty"),
        ("guidance_scale", 7.5, "DDPM CIFAR-10 takes no guidance: leave it empty or at 0"),
        ("height", 64, "DDPM CIFAR-10 makes only pictures of 48×32 pixels: leave the height empty"),
        ("width", 32, "DDPM CIFAR-10 makes only pictures of 48×32 pixels: leave the width empty"),
        ("dtype", "bfloat16", "DDPM CIFAR-10 works only in float32: choose float32"),
        ("scheduler", "Euler", r"Euler does not work with DDPM CIFAR-10: choose DDIM, DDPM\."),
    ],
)
def test_a_model_without_a_prompt_refuses_what_would_be_asked_for_in_vain(field, value, sentence):
    """Or two recipes would mean the same picture."""
    with pytest.raises(RecipeError, match=sentence) as caught:
        UNCONDITIONAL.make_recipe(**{"prompt": "", "seed": 0, field: value})
    assert caught.value.field == field


def test_a_size_does_not_snap_where_there_is_only_one():
    assert [UNCONDITIONAL.snap(side) for side in (48, 45, 32, None)] == [48, 45, 32, None], "for check to refuse"


def test_where_the_noise_is_drawn_can_be_asked_for():
    assert MODEL.make_recipe(prompt="a", seed=0, generator_device="cuda").generator_device == "cuda"
    assert MODEL.make_recipe(prompt="a", seed=0, generator_device=None).generator_device == "cpu"
    with pytest.raises(RecipeError, match="The generator device must be one of cpu, cuda, mps") as caught:
        MODEL.make_recipe(prompt="a", seed=0, generator_device="tpu")
    assert caught.value.field == "generator_device"


def test_a_scheduler_that_needs_more_steps_says_how_many():
    with pytest.raises(RecipeError, match="PNDM needs 4 steps or more, not 3") as caught:
        MODEL.make_recipe(prompt="", seed=0, scheduler="PNDMScheduler", num_inference_steps=3)
    assert caught.value.field == "num_inference_steps"
    MODEL.make_recipe(prompt="", seed=0, scheduler="PNDMScheduler", num_inference_steps=4)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("negative_prompt", "fog", "Sketch takes no negative prompt: leave it empty"),
        ("guidance_scale", 4.0, "Sketch takes no guidance: leave it empty"),
    ],
)
def test_what_a_model_does_not_read_is_refused(field, value, sentence):
    """Or two recipes would mean the same picture."""
    model = Model(**{**vars(MODEL), "ignores": ("negative_prompt", "guidance_scale")})
    with pytest.raises(RecipeError, match=sentence) as caught:
        model.make_recipe(prompt="a", seed=0, **{field: value})
    assert caught.value.field == field
    assert model.make_recipe(prompt="a", seed=0).guidance_scale == 3.0


@pytest.mark.parametrize("neutral", [1.0, 0.0])
def test_a_negative_prompt_that_would_not_be_read_is_refused(neutral):
    model = Model(**{**vars(MODEL), "neutral_guidance": neutral, "guidance_scale": 0.0})
    with pytest.raises(RecipeError, match=f"reads a negative prompt only with guidance above {neutral:g}") as caught:
        model.make_recipe(prompt="a", seed=0, negative_prompt="fog", guidance_scale=neutral)
    assert caught.value.field == "negative_prompt"
    recipe = model.make_recipe(prompt="a", seed=0, negative_prompt="fog", guidance_scale=neutral + 0.5)
    assert recipe.negative_prompt == "fog"
    model.check(replace(recipe, guidance_scale=0.0))  # a picture that was made so can be made again


def test_a_model_of_a_revision_has_it_in_its_address_and_its_recipes():
    model = replace(MODEL, model_id="owner/name", revision="abc")
    assert (model.address, MODEL.address) == ("owner/name@abc", "sketch")
    assert model.make_recipe(prompt="", seed=0).revision == "abc"
    assert MODEL.make_recipe(prompt="", seed=0).revision is None


@pytest.mark.parametrize("field", ["height", "width"])
def test_the_largest_and_the_smallest_size_are_made(field):
    for side in (64, 256):
        assert getattr(MODEL.make_recipe(prompt="", seed=0, **{field: side}), field) == side


def test_a_prompt_may_be_as_long_as_the_tokens_that_are_read():
    assert len(MODEL.make_recipe(prompt="x" * 1925, seed=0).prompt) == 1925


def test_a_side_with_a_fraction_does_not_snap_and_the_largest_does():
    assert [MODEL.snap(side) for side in (100.5, 256, 257, 1, 0)] == [100.5, 256, 257, 8, 0]
