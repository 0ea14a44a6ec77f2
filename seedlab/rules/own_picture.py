"""Recipes that start from a picture of the user's own, and the size that suits it."""

from collections.abc import Iterator
from dataclasses import replace
from math import lcm, sqrt

from seedlab.core.errors import RecipeError
from seedlab.core.models.model import Model
from seedlab.core.models.model_checks import NO_STAGES
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.start import InputPicture, Start
from seedlab.core.texts.text import quote
from seedlab.rules.kinds.vary_picture import STRENGTHS
from seedlab.rules.sizes import MULTIPLE
from seedlab.rules.stages import read_start_strengths

DEFAULT_STRENGTH = 0.5
FIELD = "start_strength"
"""Errors about the picture and its strength name it."""

MOST_ELONGATED = 2.0
"""The longer side is at most so many times the shorter one: models repeat things in pictures of other shapes."""

WHOLE = "Pictures that start from yours have no drafts: a draft would look like it from the first step on."


def read_start_strength(text: str) -> float:
    """Read the strength: "subtle", "strong", or a number above 0, at most 1; "" for the default.

    Raises:
        RecipeError: it is none of these, or there are several.
    """
    if not text.strip():
        return DEFAULT_STRENGTH
    strengths = read_start_strengths(FIELD, text, STRENGTHS)
    if len(strengths) != 1:
        raise RecipeError(FIELD, "One round starts at one strength: give one, such as 0.5.")
    return strengths[0]


def add_start(
    recipe: Recipe, model: Model, picture: InputPicture, strength: float, *, keep_size: bool, keep_steps: bool
) -> Recipe:
    """Return a recipe of the model with a picture of the user's own to start from.

    Args:
        keep_size: whether its size was asked for. Otherwise it gets about the shape of the picture.
        keep_steps: whether its number of steps was asked for. Otherwise it grows until one step is taken.

    Raises:
        RecipeError: the model takes no pictures, or no step would be taken.
    """
    if not model.can_develop:
        raise RecipeError(FIELD, f"{model.name} {NO_STAGES}: choose another model.")
    start = Start(picture=picture, strength=strength)
    width, height = (recipe.width, recipe.height) if keep_size else fit_size(model, picture)
    steps = recipe.num_inference_steps if keep_steps else max(recipe.num_inference_steps, start.least_steps)
    started = replace(recipe, start=start, width=width, height=height, num_inference_steps=steps)
    model.check(started)
    return started


def fit_size(model: Model, picture: InputPicture) -> tuple[int, int]:
    """Return the width and height of the model's usual number of pixels that come closest to a picture's shape."""
    multiple = lcm(MULTIPLE, model.size_multiple)
    ratio = min(max(picture.width / picture.height, 1 / MOST_ELONGATED), MOST_ELONGATED)
    area = model.width * model.height
    most = model.max_side // multiple * multiple
    width, height = (
        min(max(multiple, round(side / multiple) * multiple), most) for side in (sqrt(area * ratio), sqrt(area / ratio))
    )
    return width, height


def describe_start(recipe: Recipe, *, drafts: bool) -> Iterator[str]:
    """Say what of the user's own picture a recipe starts from; nothing for another recipe.

    Args:
        drafts: whether drafts were asked for, of which there are none.
    """
    if recipe.start is not None and recipe.start.picture is not None:
        yield describe_fit(recipe.start.picture, recipe.width, recipe.height)
        yield WHOLE if drafts else ""


def describe_fit(picture: InputPicture, width: int, height: int) -> str:
    """Say what of a picture is cut off, and whether it is enlarged; "" for neither."""
    name, ratio, wanted = quote(picture.file, 80), picture.width / picture.height, width / height
    cut = 1 - min(ratio, wanted) / max(ratio, wanted)
    sides = "at the left and right" if ratio > wanted else "at the top and bottom"
    sentences = []
    if cut >= 0.005:
        sentences.append(f"Of {name}, {cut:.0%} is cut off {sides}, to fit into {width}×{height}.")
    if picture.width < width or picture.height < height:
        sentences.append(f"{name} has only {picture.width}×{picture.height} pixels, and is enlarged.")
    return " ".join(sentences)
