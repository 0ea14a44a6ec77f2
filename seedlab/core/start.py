"""The picture that a recipe starts from, instead of noise."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedlab.core.errors import RecipeError
from seedlab.core.validation import check_choice

if TYPE_CHECKING:
    from seedlab.core.recipe import Recipe

RESIZES = ("lanczos",)

SHARED = ("model_id", "revision", "dtype", "generator_device", "loras")
"""The fields that all stages of a picture have in common."""

MAX_STAGES = 8
"""The most recipes that follow from one another, the first included."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """The earlier stage of a picture: its recipe starts from another recipe's picture, as in image-to-image.

    Attributes:
        recipe: of the picture.
        strength: how much noise it gets, and which share of the steps is taken; above 0, at most 1.
        resize: how it gets the size of the next stage. "lanczos" resizes the pixels with Pillow's filter of that name;
            a picture of another shape is cropped at its centre. One that has the size already is not changed.

    Raises:
        RecipeError: a field has the wrong type or is out of range.
    """

    recipe: "Recipe"
    strength: float
    resize: str = "lanczos"

    def __post_init__(self) -> None:
        is_number = isinstance(self.strength, int | float) and not isinstance(self.strength, bool)
        if not is_number or not 0 < self.strength <= 1:
            raise RecipeError("start", "The strength must be a number above 0, and at most 1.")
        object.__setattr__(self, "strength", float(self.strength))
        check_choice("start", self.resize, RESIZES)

    def check(self, recipe: "Recipe") -> None:
        """Raise RecipeError if a recipe cannot start from this picture."""
        if len(self.recipe.stages) >= MAX_STAGES:
            raise RecipeError("start", f"This picture has {MAX_STAGES} stages already: start from an earlier one.")
        if any(getattr(self.recipe, name) != getattr(recipe, name) for name in SHARED):
            raise RecipeError("start", "All stages of a picture need the same model, precision and LoRAs.")
        if recipe.nudges:
            sentence = "A picture that starts from another cannot be nudged: vary its seed or its strength instead."
            raise RecipeError("nudges", sentence)
        if recipe.late_prompt:
            sentence = "Words cannot join late in a picture that starts from another: vary it by suffixes instead."
            raise RecipeError("late_prompt", sentence)
        steps = recipe.num_inference_steps
        if int(steps * self.strength) < 1:  # as diffusers counts them
            counted = f"{steps} step{'s' if steps > 1 else ''}"
            sentence = f"Of {counted}, strength {self.strength:g} leaves none: use more steps, or more strength."
            raise RecipeError("num_inference_steps", sentence)
