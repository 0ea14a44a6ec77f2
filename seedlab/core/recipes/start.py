"""The picture that a recipe starts from, instead of noise: another recipe's, or one of the user's own."""

import re
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from seedlab.core.canonical import ADDED
from seedlab.core.errors import RecipeError
from seedlab.core.recipes.recipe_checks import MAX_STEPS
from seedlab.core.validation import check_choice, check_int, check_text

if TYPE_CHECKING:
    from seedlab.core.recipes.recipe import Recipe

LANCZOS = "lanczos"
LATENT_BICUBIC = "latent-bicubic"
RESIZES = (LANCZOS, LATENT_BICUBIC)

SHARED = ("model_id", "revision", "dtype", "generator_device", "loras")
"""The fields that all stages of a picture have in common."""

MAX_STAGES = 8
"""The most recipes that follow from one another, the first included."""

MAX_INPUT_SIDE = 16_384
"""The largest side, in pixels, of a user's own picture."""

MAX_INPUT_NAME = 200
"""Characters."""


@dataclass(frozen=True, kw_only=True)
class InputPicture:
    """A picture of the user's own. Its pixels identify it: a copy without metadata, or as a PNG, is the same.

    The pixels are those of the first frame, turned upright as its EXIF data says, on white where they are transparent.

    Attributes:
        file: its name, without a folder.
        sha256: of these RGB pixels, 3 bytes each, row by row; in hex.
        width, height: in pixels, upright.

    Raises:
        RecipeError: a field has the wrong type or is out of range.
    """

    file: str
    sha256: str
    width: int
    height: int

    def __post_init__(self) -> None:
        check_text("start", self.file, "The name of the picture", MAX_INPUT_NAME)
        if not self.file.isprintable() or re.search(r"[/\\]", self.file) or self.file.strip(". ") == "":
            raise RecipeError("start", "The name of the picture must be that of a file, without its folder.")
        if not isinstance(self.sha256, str) or re.fullmatch("[0-9a-f]{64}", self.sha256) is None:
            raise RecipeError("start", "The SHA-256 of the picture must have 64 hex digits.")
        check_int("start", self.width, "The width of the picture", 1, MAX_INPUT_SIDE)
        check_int("start", self.height, "The height of the picture", 1, MAX_INPUT_SIDE)

    def is_same(self, other: "InputPicture") -> bool:
        """Whether another picture has the same pixels, whatever its file is called."""
        return (self.sha256, self.width, self.height) == (other.sha256, other.width, other.height)


@dataclass(frozen=True, kw_only=True)
class Start:
    """What a picture starts from, as in image-to-image: the earlier stage's picture, or one of the user's own.

    Attributes:
        recipe: of the earlier stage's picture; None for a picture of the user's own.
        picture: of the user's own; None for the earlier stage's.
        strength: how much noise it gets, and which share of the steps is taken; 1/1000...1. With less, none of the
            most steps that a recipe may have would be taken.
        resize: how it gets the size of the next stage. "lanczos" resizes the pixels with Pillow's filter of that name.
            "latent-bicubic" resizes the latents of the earlier stage, which are neither decoded nor encoded for it. A
            picture of another shape is cropped at its centre. One that has the size already is not changed.

    Raises:
        RecipeError: a field has the wrong type or is out of range, or there is not exactly one picture.
    """

    recipe: "Recipe | None" = field(default=None, metadata=ADDED)
    picture: InputPicture | None = field(default=None, metadata=ADDED)
    strength: float
    resize: str = LANCZOS

    def __post_init__(self) -> None:
        if (self.recipe is None) == (self.picture is None):
            raise RecipeError("start", "A picture starts either from the recipe of another or from a file.")
        if self.picture is not None and not isinstance(self.picture, InputPicture):
            raise RecipeError("start", "What a picture starts from must be a picture.")
        is_number = isinstance(self.strength, int | float) and not isinstance(self.strength, bool)
        if not is_number or not 0 < self.strength <= 1:
            raise RecipeError("start", "The strength must be a number above 0, and at most 1.")
        if int(MAX_STEPS * self.strength) < 1:  # as `check` counts them
            raise RecipeError("start", f"The strength must be at least {1 / MAX_STEPS:g}: write more, such as 0.2.")
        object.__setattr__(self, "strength", float(self.strength))
        check_choice("start", self.resize, RESIZES)
        if self.picture is not None and self.resizes_latents:
            raise RecipeError("start", "A picture of your own has no latents: resize its pixels.")

    @property
    def resizes_latents(self) -> bool:
        """Whether the latents of the earlier stage are resized, and not its pixels."""
        return self.resize == LATENT_BICUBIC

    @property
    def least_steps(self) -> int:
        """The fewest steps of a recipe of which one is taken, as diffusers counts them."""
        needed = ceil(1 / self.strength)
        while int(needed * self.strength) < 1:  # a number such as 0.1 is not exactly what it says
            needed += 1
        return needed

    def check(self, recipe: "Recipe") -> None:
        """Raise RecipeError if a recipe cannot start from this picture."""
        if self.recipe is not None:
            self._check_stages(self.recipe, recipe)
        if recipe.nudges:
            sentence = "A picture that starts from another cannot be nudged: vary its seed or its strength instead."
            raise RecipeError("nudges", sentence)
        if recipe.resizes_noise:
            sentence = "A picture that starts from another has no noise of another size: make it larger instead."
            raise RecipeError("noise_height", sentence)
        if recipe.late_prompt:
            sentence = "Words cannot join late in a picture that starts from another: vary it by suffixes instead."
            raise RecipeError("late_prompt", sentence)
        if recipe.seed_variety:
            sentence = "A picture that starts from another has no seed variety: vary its strength instead."
            raise RecipeError("seed_variety", sentence)
        steps = recipe.num_inference_steps
        if int(steps * self.strength) < 1:  # as diffusers counts them
            counted = f"{steps} step{'s' if steps > 1 else ''}"
            sentence = f"Of {counted}, strength {self.strength:g} leaves none: use more steps, or more strength."
            raise RecipeError("num_inference_steps", sentence)

    @staticmethod
    def _check_stages(earlier: "Recipe", recipe: "Recipe") -> None:
        if len(earlier.stages) >= MAX_STAGES:
            raise RecipeError("start", f"This picture has {MAX_STAGES} stages already: start from an earlier one.")
        if any(getattr(earlier, name) != getattr(recipe, name) for name in SHARED):
            raise RecipeError("start", "All stages of a picture need the same model, precision and LoRAs.")
