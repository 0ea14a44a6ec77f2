"""What the rules share whose tiles start from the parent's picture."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.models.model import Model
from seedlab.core.models.model_checks import NO_STAGES
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.start import LANCZOS, Start
from seedlab.rules.strengths import read_strengths

NO_NAMES: Mapping[str, float] = MappingProxyType({})


def start_from(parent: Recipe, strength: Any, resize: str = LANCZOS, **changes: Any) -> Recipe:
    """Return a recipe that starts from the parent's picture, with the parent's settings.

    Words that joined late are there from the first step. There are at least so many steps that one is taken.

    Args:
        parent: the recipe of the picture.
        strength, resize: as in `Start`.
        changes: of the recipe's fields.

    Raises:
        RecipeError: the recipe is not valid.
    """
    start = Start(recipe=parent, strength=strength, resize=resize)
    own: dict[str, Any] = {
        "nudges": (),
        "noise_height": 0,
        "noise_width": 0,
        "late_prompt": "",
        "late_step": 0,
        "seed_variety": 0.0,
        "seed_variety_steps": 0,
        "prompt": parent.late_prompt or parent.prompt,
    }
    own |= {"num_inference_steps": max(parent.num_inference_steps, start.least_steps)}
    return replace(parent, start=start, **(own | changes))


def read_start_strengths(field: str, text: str, names: Mapping[str, float] = NO_NAMES) -> tuple[float, ...]:
    """Read strengths as `read_strengths`, of which none may be 0: at that the picture would stay as it is.

    Raises:
        RecipeError: there is none, or one is not above 0, or above 1.
    """
    strengths = read_strengths(field, text, names)
    if 0 in strengths:
        raise RecipeError(field, "The strength must be above 0, and at most 1.")
    return strengths


def refuse_stages(model: Model) -> str:
    """Return why a model makes no picture that starts from another, as `Rule.refuse`."""
    return "" if model.can_develop else f"{NO_STAGES}: choose another model"
