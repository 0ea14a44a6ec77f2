"""The arguments and the scheduler of one call, made from a recipe."""

from typing import Any

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.recipe import Recipe
from seedlab.core.schedulers import find_scheduler
from seedlab.pipelines.models.capabilities import Capabilities


def make_arguments(capabilities: Capabilities, recipe: Recipe) -> dict[str, Any]:
    """Return the arguments of the plain script for this recipe: those of them that the pipeline takes.

    A generator is consumed by use, so every call gets one of its own (diffusers #2659 is about sharing one).

    Raises:
        RecipeError: it asks for words that the pipeline would not read, or for noise from a device that is not here.
    """
    words = {"prompt": recipe.prompt, "negative_prompt": recipe.negative_prompt}
    for name, text in words.items():
        if text and not getattr(capabilities, name):
            raise RecipeError(name, f"This model takes no {name.replace('_', ' ')}: leave it empty.")
    arguments: dict[str, Any] = {
        "prompt": recipe.prompt,
        # Not named where there is none: SDXL takes zeros for none, but not for "", and PixArt does not take None.
        "negative_prompt": recipe.negative_prompt or None,
        "num_inference_steps": recipe.num_inference_steps,
        "guidance_scale": recipe.guidance_scale,
        "height": recipe.height,
        "width": recipe.width,
    }
    if capabilities.true_cfg_scale:
        arguments |= make_true_guidance(recipe)
    named = {name: value for name, value in arguments.items() if value is not None and getattr(capabilities, name)}
    return {**named, "generator": _make_generator(recipe)}


def make_true_guidance(recipe: Recipe) -> dict[str, Any]:
    """Return the guidance of models that were trained without: two calls a step, the second for the negative prompt.

    It needs one to be at work; " " is what Qwen-Image's makers give it for none.
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
    """Make a fresh scheduler of that name from the configuration of the model's original one.

    Raises:
        SeedLabError: the model cannot be used with that scheduler.
    """
    import diffusers

    scheduler = find_scheduler(name)
    scheduler_class = getattr(diffusers, scheduler.class_name)
    if scheduler_class not in (type(original), *original.compatibles):
        raise SeedLabError(f"{scheduler.label} does not work with this model: choose another scheduler.")
    return scheduler_class.from_config(original.config, **scheduler.settings)
