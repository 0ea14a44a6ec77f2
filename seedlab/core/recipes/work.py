"""How much work a picture is."""

from seedlab.core.recipes.recipe import Recipe


def measure_work(recipe: Recipe, draft_steps: int | None = None) -> float:
    """Return about how much work a picture is, in pixels that are denoised; for a draft, after so many steps."""
    return (draft_steps or recipe.num_inference_steps) * recipe.width * recipe.height
