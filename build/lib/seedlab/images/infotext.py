"""A recipe as AUTOMATIC1111's infotext, so that other tools can read the picture.

The format is that of `create_infotext` (modules/processing.py) and `parse_generation_parameters`
(modules/infotext_utils.py) of stable-diffusion-webui; ComfyUI, InvokeAI and Civitai read it too, each a little
differently. It cannot hold everything (what a recipe is exactly is in the picture's other text chunk).
"""

import json
import re

from seedlab import __version__
from seedlab.core.errors import RecipeError
from seedlab.core.recipe import Recipe
from seedlab.core.schedulers import Scheduler, find_scheduler

INFOTEXT_CHUNK = "parameters"
"""The PNG chunk that it stands in."""

AUTOMATIC = {"DPM++ 2M": "Karras", "DPM++ 2M SDE": "Exponential", "DPM2": "Karras", "DPM2 a": "Karras"}
"""What A1111 takes for a schedule type where none is said (modules/sd_samplers_kdiffusion.py); "Uniform" for others."""

MARKS = ("Negative prompt:", "Steps:")
"""A line that begins with one of these is no prompt to other tools, wherever it stands (Civitai takes the first)."""


def write_infotext(recipe: Recipe) -> str:
    """Write the infotext: the prompt, a line with the negative prompt even if it is empty, and a line of details.

    ComfyUI's importer (scripts/pnginfo.js) looks for both "\\nNegative prompt:" and "\\nSteps:".
    """
    negative = _keep_in_line(recipe.negative_prompt)
    return f"{_keep_in_line(recipe.prompt)}\nNegative prompt: {negative}\n{_write_details(recipe)}"


def _write_details(recipe: Recipe) -> str:
    scheduler = _find_scheduler(recipe.scheduler)
    details = {
        "Steps": recipe.num_inference_steps,
        "Sampler": _name_sampler(scheduler) if scheduler else None,
        "Schedule type": _name_schedule(scheduler) if scheduler else None,
        "CFG scale": recipe.guidance_scale,
        "Seed": recipe.seed,
        "Size": f"{recipe.width}x{recipe.height}",
        "Model": re.split(r"[/\\]", recipe.model_id.rstrip("/\\"))[-1],
        # Without it A1111 draws the noise on the GPU, which gives another picture.
        "RNG": "CPU" if recipe.generator_device == "cpu" else None,
        # Not a bare number: A1111 would take it for an old version of its own, and switch its old ways on.
        "Version": f"SeedLab v{__version__}",
    }
    return ", ".join(f"{key}: {_quote(value)}" for key, value in details.items() if value is not None)


def _find_scheduler(name: str) -> Scheduler | None:
    try:
        return find_scheduler(name)
    except RecipeError:
        return None


def _name_sampler(scheduler: Scheduler) -> str | None:
    # "DPM++ 2M Karras" was A1111's own name until 1.9, which moved Karras to the schedule type; it still reads the
    # old name (sd_samplers.get_sampler_and_scheduler), and ComfyUI knows Karras from nothing else.
    return f"{scheduler.sampler} Karras" if scheduler.sampler and scheduler.karras else scheduler.sampler


def _name_schedule(scheduler: Scheduler) -> str | None:
    if scheduler.karras:
        return "Karras"
    return "Uniform" if scheduler.sampler in AUTOMATIC else None


def _quote(value: int | float | str) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ",:\n") else text


def _keep_in_line(prompt: str) -> str:
    """Put what other tools would not take for prompt text at the end of the line before it.

    To a text encoder a newline is a space, so this changes the look of the prompt and nothing else. A first line that
    begins with a mark stays as it is: the format has no way to say it.
    """
    first, *others = prompt.split("\n")
    return first + "".join((" " if line.strip().startswith(MARKS) else "\n") + line for line in others)
