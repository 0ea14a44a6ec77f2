"""How much work a picture is."""

from seedlab.core.recipes.recipe import Recipe


def measure_work(recipe: Recipe, steps: int | None = None) -> float:
    """Return about how much work a picture is, in pixels that are denoised; in so many of its steps, or in all."""
    return (recipe.num_inference_steps if steps is None else steps) * recipe.width * recipe.height
