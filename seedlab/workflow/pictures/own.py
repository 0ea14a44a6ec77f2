"""What is said of the users' own pictures that others start from, where recipes are passed on."""

from collections.abc import Iterable

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.start import InputPicture
from seedlab.core.texts.text import quote
from seedlab.workflow.trails.trail import Trail


def list_inputs(recipes: Iterable[Recipe]) -> tuple[InputPicture, ...]:
    """Return the users' own pictures that recipes start from, each once."""
    return tuple({each: None for recipe in recipes if (each := recipe.input_picture) is not None})


def list_recipes(trail: Trail) -> list[Recipe]:
    """Return the recipes of all tiles of a trail."""
    return [tile.recipe for round_ in trail.rounds for tile in round_.tiles]


def name_inputs(recipes: Iterable[Recipe]) -> str:
    """Return the names of the users' own pictures that recipes start from: "“a.jpg” and “b.png”"; "" for none."""
    return " and ".join(dict.fromkeys(quote(each.file, 80) for each in list_inputs(recipes)))


def describe_inputs(recipes: Iterable[Recipe]) -> str:
    """Say which pictures whoever makes these recipes needs; "" for none."""
    names = name_inputs(recipes)
    return f"Starts from {names}: whoever makes it again needs that file." if names else ""
