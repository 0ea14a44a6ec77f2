"""Recipes that start from a picture of the user's own."""

from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.start import InputPicture
from seedlab.rules.kinds.develop import Develop
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.vary_picture import VaryPicture
from seedlab.rules.own_picture import add_start, describe_fit, describe_start, fit_size, read_start_strength
from tests.examples import MODEL, RECIPE

PHOTO = InputPicture(file="photo.jpg", sha256="ab" * 32, width=4032, height=3024)


def start(strength=0.5, *, model=MODEL, recipe=RECIPE, keep_size=False, keep_steps=False):
    return add_start(recipe, model, PHOTO, strength, keep_size=keep_size, keep_steps=keep_steps)


@pytest.mark.parametrize(
    ("text", "strength"), [("", 0.5), (" ", 0.5), ("subtle", 0.3), ("strong", 0.6), ("0,7", 0.7), ("1", 1.0)]
)
def test_strengths_are_read(text, strength):
    assert read_start_strength(text) == strength


@pytest.mark.parametrize("text", ["0", "1.1", "-1", "much", "0.2, 0.4"])
def test_other_strengths_are_refused(text):
    with pytest.raises(RecipeError) as caught:
        read_start_strength(text)
    assert caught.value.field == "start_strength"


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((4032, 3024), (144, 112)),
        ((3024, 4032), (112, 144)),
        ((100, 100), (128, 128)),
        ((10_000, 100), (176, 96)),
        ((1, 16_384), (96, 176)),
    ],
)
def test_without_a_size_a_picture_has_about_the_shape_of_its_start(size, fitted):
    width, height = size
    assert fit_size(MODEL, replace(PHOTO, width=width, height=height)) == fitted
    assert fit_size(replace(MODEL, width=512, height=512, max_side=512), PHOTO) == (512, 448)
    assert fit_size(replace(MODEL, size_multiple=32), PHOTO) == (160, 96)


def test_it_has_that_size_and_enough_steps():
    recipe = start(0.05)
    assert (recipe.width, recipe.height) == (144, 112)
    assert recipe.num_inference_steps == 20
    assert recipe.start.picture == PHOTO
    kept = start(0.5, keep_size=True, keep_steps=True)
    assert kept == replace(RECIPE, start=kept.start)


def test_no_steps_left_is_an_error_where_they_were_asked_for():
    with pytest.raises(RecipeError, match=r"Of 12 steps, strength 0\.05 leaves none"):
        start(0.05, keep_steps=True)


@pytest.mark.parametrize("changes", [{"image_to_image": None}, {"unconditional": True}])
def test_models_without_image_to_image_refuse_in_words(changes):
    with pytest.raises(RecipeError, match="Sketch cannot start from a picture, because diffusers has no"):
        start(model=replace(MODEL, **changes))


@pytest.mark.parametrize(
    ("source", "size", "sentence"),
    [
        ((512, 512), (256, 256), ""),
        ((4032, 3024), (256, 256), "Of “photo.jpg”, 25% is cut off at the left and right, to fit into 256×256."),
        ((3024, 4032), (256, 256), "Of “photo.jpg”, 25% is cut off at the top and bottom, to fit into 256×256."),
        ((100, 100), (256, 256), "“photo.jpg” has only 100×100 pixels, and is enlarged."),
    ],
)
def test_what_is_cut_off_is_said(source, size, sentence):
    width, height = source
    assert describe_fit(replace(PHOTO, width=width, height=height), *size) == sentence


def test_drafts_are_not_made_of_them_which_is_said():
    assert [*describe_start(start(), drafts=True)][1].startswith("Pictures that start from yours have no drafts")
    assert [*describe_start(RECIPE, drafts=True)] == []


def test_rounds_of_them_say_so_and_go_on_as_others():
    recipes = list(Seeds((0, 1)).make(start()))
    assert Seeds((0, 1)).title(recipes) == "Seeds 0–1 · from “photo.jpg”"
    larger = next(iter(Develop(((64, 64, 0.5),)).make(recipes[1])))
    varied = next(iter(VaryPicture(((7, 0.3),)).make(larger)))
    assert [each.seed for each in varied.stages] == [1, 1, 7]
    assert varied.input_picture == PHOTO
