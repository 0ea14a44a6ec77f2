"""What differs between pictures, in words."""

from dataclasses import fields, replace

import pytest

from seedlab.core.recipes.additions import Lora, Nudge
from seedlab.core.recipes.recipe import Recipe
from seedlab.ui.views.differences import FORMATS, MODEL, TEXTS, build_comparison
from tests.ui.fakes import SKETCH

RECIPE = SKETCH.make_recipe(prompt="Labrador in the style of Vermeer", seed=0)
LORA = Lora(file="/home/ada/ink.safetensors", sha256="ab" * 32, weight=0.5)


def compare(*recipes: Recipe) -> dict[str, list]:
    return {each["label"]: each["values"] for each in build_comparison(recipes, {"sketch": "Sketch"})}


def test_every_field_of_a_recipe_is_compared():
    assert {*TEXTS, *MODEL, *FORMATS} == {each.name for each in fields(Recipe)}


def test_the_changed_words_of_a_prompt_are_marked():
    changed = replace(RECIPE, prompt="Fox in the style of Vermeer, artsy")
    assert compare(RECIPE, changed) == {
        "Prompt": [
            [["kept", "Labrador in the style of Vermeer"]],
            [["removed", "Labrador"], ["added", "Fox"], ["kept", " in the style of Vermeer"], ["added", ", artsy"]],
        ]
    }


def test_a_text_that_only_one_has_is_added_or_removed():
    with_negative = replace(RECIPE, negative_prompt="blur")
    assert compare(RECIPE, with_negative) == {"Negative prompt": [[["kept", "none"]], [["added", "blur"]]]}
    assert compare(with_negative, RECIPE) == {"Negative prompt": [[["kept", "blur"]], [["removed", "blur"]]]}


@pytest.mark.parametrize(
    ("changes", "label", "text"),
    [
        ({"seed": 2**64 - 1}, "Seed", "18446744073709551615"),
        ({"guidance_scale": 2.5}, "Guidance", "2.5"),
        ({"width": 512}, "Width", "512"),
        ({"model_id": "other"}, "Model", "other"),
        ({"loras": (LORA,)}, "LoRAs", "ink 0.5 (abababab)"),
        ({"nudges": (Nudge(seed=7, weight=0.1),)}, "Nudged toward", "7 (0.1)"),
    ],
)
def test_a_setting_that_differs_is_named(changes, label, text):
    ((found, values),) = compare(RECIPE, replace(RECIPE, **changes)).items()
    assert (found, values[1]) == (label, [["kept", text]])


def test_four_pictures_are_compared_with_the_first():
    recipes = [
        replace(RECIPE, seed=seed, guidance_scale=guidance) for seed, guidance in ((0, 2), (0, 3), (0, 4), (1, 2))
    ]
    found = compare(*recipes)
    assert [value[0][1] for value in found["Guidance"]] == ["2", "3", "4", "2"]
    assert [value[0][1] for value in found["Seed"]] == ["0", "0", "0", "1"]


def test_equal_recipes_differ_in_nothing():
    assert compare(RECIPE, RECIPE) == {}
