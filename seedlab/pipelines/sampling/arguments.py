"""The arguments and the scheduler of one call, created from a recipe."""

from typing import Any

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.schedulers import find_scheduler
from seedlab.pipelines.models.capabilities import Capabilities
from seedlab.pipelines.sampling.stages import Source


def make_arguments(capabilities: Capabilities, recipe: Recipe, source: Source | None = None) -> dict[str, Any]:
    """Return the plain script's arguments for this recipe: those that the pipeline takes.

    A call changes its generator's state, so every call gets a new one (diffusers #2659 is about sharing one).

    Args:
        capabilities: of the pipeline that makes the recipe's picture.
        recipe: of the picture.
        source: what it starts from; None if it starts from noise.

    Raises:
        RecipeError: the recipe has a prompt that the pipeline does not take, or draws noise on a missing device.
    """
    for name in ("prompt", "negative_prompt"):
        if getattr(recipe, name) and not getattr(capabilities, name):
            raise RecipeError(name, f"This model takes no {name.replace('_', ' ')}: leave it empty.")
    arguments: dict[str, Any] = {
        "prompt": recipe.prompt,
        # An empty one is omitted: SDXL uses zeros for None, but not for "", and PixArt does not accept None.
        "negative_prompt": recipe.negative_prompt or None,
        "num_inference_steps": recipe.num_inference_steps,
        "guidance_scale": recipe.guidance_scale,
        "height": recipe.height,
        "width": recipe.width,
        # PixArt and Sana would remove words from the prompt, and only where beautifulsoup4 and ftfy are installed.
        "clean_caption": False,
    }
    if recipe.start is not None and source is not None:
        arguments |= {"image": source.fit(recipe), "strength": recipe.start.strength}
    if capabilities.true_cfg_scale:
        arguments |= make_true_guidance(recipe)
    named = {name: value for name, value in arguments.items() if value is not None and getattr(capabilities, name)}
    return {**named, "generator": _make_generator(recipe)}


def make_true_guidance(recipe: Recipe) -> dict[str, Any]:
    """Return the guidance arguments of models with `true_cfg_scale`: two calls a step, one for the negative prompt.

    This guidance is off without a negative prompt; Qwen-Image's documentation uses " " as an empty one.
    """
    negative = (recipe.negative_prompt or " ") if recipe.guidance_scale > 1 else None
    return {"guidance_scale": None, "true_cfg_scale": recipe.guidance_scale, "negative_prompt": negative}


def _make_generator(recipe: Recipe) -> Any:
    import torch

    try:
        return torch.Generator(recipe.generator_device).manual_seed(recipe.seed)
    except RuntimeError as error:
        raise RecipeError(
            "generator_device",
            f"There is no device “{recipe.generator_device}” on this machine to draw the noise on: choose cpu, which "
            "gives the same noise everywhere.",
        ) from error


def make_scheduler(original: Any, name: str) -> Any:
    """Create a scheduler of that name from the configuration of the scheduler that the model was saved with.

    Raises:
        SeedLabError: the scheduler does not fit the model.
    """
    import diffusers

    scheduler = find_scheduler(name)
    scheduler_class = getattr(diffusers, scheduler.class_name)
    if scheduler_class not in (type(original), *original.compatibles):
        raise SeedLabError(f"{scheduler.label} does not work with this model: choose another scheduler.")
    return scheduler_class.from_config(original.config, **scheduler.settings)
