"""Recipes for the pipelines that tests build."""

from pathlib import Path

from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.models.addresses import find_model

PROMPT = "Labrador in the style of Vermeer"


def make_recipe(folder: Path, **changes: object) -> Recipe:
    """Make a recipe for a pipeline that `build_stable_diffusion` saved."""
    defaults = {
        "model_id": str(folder),
        "prompt": PROMPT,
        "seed": 0,
        "scheduler": "DPMSolverMultistepScheduler",
        "num_inference_steps": 4,
        "guidance_scale": 7.5,
        "height": 64,
        "width": 64,
        "dtype": "float32",
    }
    return Recipe(**(defaults | changes))


def make_default_recipe(folder: Path, **changes: object) -> Recipe:
    """Make a recipe for any saved pipeline with that model's defaults, 4 steps, and a prompt if it takes one."""
    model = find_model(str(folder))
    prompt = "" if model.unconditional else PROMPT
    return model.make_recipe(**{"prompt": prompt, "seed": 0, "num_inference_steps": 4, "dtype": "float32", **changes})
