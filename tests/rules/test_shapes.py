"""The same seed in other shapes: the size of the picture changes, and that of its noise stays."""

from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.start import Start
from seedlab.pipelines.models.catalog import CATALOG
from seedlab.rules.kinds.edit import Edit
from seedlab.rules.kinds.shapes import Shapes
from seedlab.rules.kinds.sweep import Sweep
from tests.examples import MODEL, RECIPE


def list_sizes(text: str, parent=RECIPE):
    return [(each.width, each.height) for each in Shapes.parse({"shapes": text}).make(parent)]


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("landscape, portrait", [(160, 112), (112, 160)]),
        ("1.5x,2x", [(192, 192), (256, 256)]),
        ("1,5x", [(192, 192)]),
        ("Portrait; 160x128\n96 × 64", [(112, 160), (160, 128), (96, 64)]),
        ("square、landscape,192x128,64x96", [(128, 128), (160, 112), (192, 128), (64, 96)]),
    ],
)
def test_shapes_are_words_factors_or_sizes(text, sizes):
    assert list_sizes(text) == sizes


def test_a_picture_that_is_not_square_is_turned():
    parent = replace(RECIPE, width=192)
    assert list_sizes("portrait, square, landscape", parent) == [(128, 192), (160, 160), (192, 128)]


@pytest.mark.parametrize("model", CATALOG, ids=lambda model: model.name)
def test_the_default_suits_every_model_that_is_offered(model):
    if Shapes.refuse(model):
        assert model.unconditional or not model.resizes_noise
        return
    recipe = replace(model, dtype="float32").make_recipe(prompt="a boat", seed=0)
    for made in Shapes.parse({"shapes": Shapes.parameters[0].default}).make(recipe):
        model.check(made)


def test_a_long_text_is_refused_before_it_is_split():
    with pytest.raises(RecipeError, match="shorten it"):
        Shapes.parse({"shapes": "1.5x," * 100_000})


@pytest.mark.parametrize(
    "change",
    [
        Sweep((("size", 160, 160),)),
        Edit(
            ((("width", 128),),),
        ),
    ],
)
def test_another_size_by_other_means_has_noise_of_its_own(change):
    (wide,) = Shapes(((192, 128),)).make(RECIPE)
    (other,) = change.make(wide)
    assert not other.resizes_noise


def test_the_noise_stays_in_the_size_that_it_was_drawn_in():
    (wide,) = Shapes(((192, 128),)).make(RECIPE)
    (tall,) = Shapes(((128, 192),)).make(wide)
    (back,) = Shapes(((128, 128),)).make(tall)
    assert wide.noise_size == tall.noise_size == (128, 128)
    assert back == RECIPE
    assert back.fingerprint == RECIPE.fingerprint


@pytest.mark.parametrize("text", ["", "round", "0x", "17x", "1 to 3", "landscape, 5000x5000", "3.5"])
def test_what_is_no_shape_is_refused(text):
    with pytest.raises(RecipeError) as caught:
        list_sizes(text)
    assert caught.value.field == "shapes"


@pytest.mark.parametrize("value", [7, "landscape", ("round",), ("times", 100), (64, "64"), (12.5, 64), (100, 64)])
def test_values_of_strangers_are_checked(value):
    with pytest.raises(RecipeError):
        Shapes((value,)).make(RECIPE)


def test_a_picture_that_starts_from_another_has_no_noise_of_another_size():
    start = Start(recipe=RECIPE, strength=0.5)
    with pytest.raises(RecipeError, match="does not start from noise"):
        list_sizes("landscape", replace(RECIPE, start=start))
    with pytest.raises(RecipeError, match="no noise of another size"):
        replace(RECIPE, start=start, noise_height=64, noise_width=64)


@pytest.mark.parametrize("size", [(64, 0), (0, 64), (12, 64), (-8, 8), (8192, 64), ("64", 64), (True, 8), (64.0, 64)])
def test_the_size_of_the_noise_is_checked(size):
    height, width = size
    with pytest.raises(RecipeError):
        replace(RECIPE, noise_height=height, noise_width=width)


def test_models_that_cannot_resize_noise_do_not_offer_it():
    assert Shapes.refuse(MODEL) == ""
    assert "cannot be resized" in Shapes.refuse(replace(MODEL, resizes_noise=False))
    assert "cannot be resized" in Shapes.refuse(replace(MODEL, unconditional=True))
