"""Drafts: after how many steps a picture is paused, and how that is put in words."""

from seedlab.core.errors import RecipeError
from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe


def choose_draft_steps(model: Model, recipe: Recipe, requested: int | None = None) -> int:
    """Return after how many denoising steps the draft of a picture is paused.

    Args:
        requested: by the user; None for the model's default.

    Raises:
        RecipeError: there would be no step left.
    """
    steps = recipe.num_inference_steps
    if steps == 1:
        raise RecipeError("draft_steps", "A picture of 1 step has no draft: use more steps, or make whole pictures.")
    if requested is None:
        return min(model.choose_draft_steps(steps), steps - 1)
    if not 1 <= requested < steps:
        least = f"1 to {steps - 1}" if steps > 2 else "1"
        sentence = f"These pictures have {steps} steps: stop their drafts after {least} of them, not {requested}."
        raise RecipeError("draft_steps", sentence)
    return requested


def format_draft(draft_steps: int, recipe: Recipe) -> str:
    """Format how far a draft has come: "3 of 12 steps". It is never the same as a picture of 3 steps."""
    return f"{draft_steps} of {recipe.num_inference_steps} steps"
