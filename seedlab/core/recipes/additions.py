"""What a recipe adds to its model, its noise and its prompt: LoRAs, nudges, another size and seed variety."""

import re
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

from seedlab.core.errors import RecipeError
from seedlab.core.validation import check_int, check_side, check_text

if TYPE_CHECKING:
    from seedlab.core.recipes.recipe import Recipe

MAX_SEED = 2**64 - 1
"""torch's generators take 64 bits, and so do ComfyUI's seeds."""

MAX_LORA_WEIGHT = 10.0
MAX_SEED_VARIETY = 2.0

VARIETY_SHARE = 0.25
"""The share of the steps that reads noise in the prompt's embedding: the first, which decide the composition."""


def vary_seed(recipe: "Recipe", variety: float) -> "Recipe":
    """Return the recipe with seed variety in the first `VARIETY_SHARE` of its steps, or without any for 0.

    Raises:
        RecipeError: the variety is out of range, or excluded by another field.
    """
    steps = ceil(recipe.num_inference_steps * VARIETY_SHARE) if variety else 0
    return replace(recipe, seed_variety=variety, seed_variety_steps=steps)


def change_steps(recipe: "Recipe", steps: int) -> "Recipe":
    """Return the recipe with another number of steps, of which the first `VARIETY_SHARE` keep its seed variety.

    Raises:
        RecipeError: the number is out of range, or excluded by another field.
    """
    plain = replace(recipe, num_inference_steps=steps, seed_variety=0.0, seed_variety_steps=0)
    return vary_seed(plain, recipe.seed_variety) if recipe.seed_variety else plain


def check_seed_variety(variety: object, variety_steps: object, steps: int) -> float:
    """Return the seed variety as a float.

    Args:
        variety_steps: of so many of the picture's `steps`.

    Raises:
        RecipeError: a value has the wrong type or is out of range, or one is missing.
    """
    is_number = isinstance(variety, int | float) and not isinstance(variety, bool)
    if not is_number or not 0 <= variety <= MAX_SEED_VARIETY:  # type: ignore[operator]
        raise RecipeError("seed_variety", f"The seed variety must be a number from 0 to {MAX_SEED_VARIETY:g}.")
    check_int("seed_variety", variety_steps, "The number of steps with seed variety", 0, steps)
    if bool(variety) != bool(variety_steps):
        raise RecipeError("seed_variety", "Seed variety needs both its strength and the number of its steps.")
    return float(variety)  # type: ignore[arg-type]


def check_noise_size(height: object, width: object) -> None:
    """Check the size that noise is drawn in: a height and a width in pixels, or 0 and 0.

    Raises:
        RecipeError: a side has the wrong type or is out of range, or one is missing.
    """
    if (height, width) == (0, 0):
        return
    check_side("noise_height", height)
    check_side("noise_width", width)


@dataclass(frozen=True, kw_only=True)
class Lora:
    """A LoRA that is added to the model's weights.

    Attributes:
        file: the path of its .safetensors file.
        sha256: of the file, in hex.
        weight: its scale, -10...10.

    Raises:
        RecipeError: a field has the wrong type or is out of range.
    """

    file: str
    sha256: str
    weight: float

    def __post_init__(self) -> None:
        check_text("loras", self.file, "The LoRA's file", 1000)
        if not isinstance(self.sha256, str) or re.fullmatch("[0-9a-f]{64}", self.sha256) is None:
            raise RecipeError("loras", "The SHA-256 of a LoRA must have 64 hex digits.")
        is_number = isinstance(self.weight, int | float) and not isinstance(self.weight, bool)
        if not is_number or not -MAX_LORA_WEIGHT <= self.weight <= MAX_LORA_WEIGHT:
            raise RecipeError("loras", "The weight of a LoRA must be a number from -10 to 10.")
        object.__setattr__(self, "weight", float(self.weight) + 0.0)


@dataclass(frozen=True, kw_only=True)
class Nudge:
    """A small variation: the noise is turned towards that of another seed.

    Attributes:
        seed: of the other noise, 0...2^64-1.
        weight: how far, between 0 (not at all) and 1 (the other noise), which are both excluded.

    Raises:
        RecipeError: a field has the wrong type or is out of range.
    """

    seed: int
    weight: float

    def __post_init__(self) -> None:
        check_int("nudges", self.seed, "The seed of a nudge", 0, MAX_SEED)
        is_number = isinstance(self.weight, int | float) and not isinstance(self.weight, bool)
        if not is_number or not 0 < self.weight < 1:
            raise RecipeError("nudges", "The strength of a nudge must be a number between 0 and 1.")
        object.__setattr__(self, "weight", float(self.weight))
