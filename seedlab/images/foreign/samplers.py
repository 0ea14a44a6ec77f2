"""Other tools' names of samplers and of noise schedules."""

import re

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.schedulers import parse_scheduler

PLAIN = ("", "uniform", "normal", "default", "native", "discrete", "euler")
"""Schedules that are the model's own. ComfyUI's "normal" has the noise levels of AUTOMATIC1111's "Uniform"."""

ENDING = re.compile(r"(.+?)[ _](?:(karras|k)|(exponential|trailing|ays))$", re.IGNORECASE)


def find_scheduler(sampler: str, schedule: str = "") -> str | None:
    """Return the name of the scheduler that does the same; None if there is none.

    Other noise levels are another way to denoise: a sampler with a schedule that SeedLab does not offer is not taken.

    Args:
        sampler: as AUTOMATIC1111, ComfyUI, InvokeAI, NovelAI or Draw Things call it; may end in its schedule.
        schedule: the schedule's name, "" for the model's own.
    """
    match = ENDING.fullmatch(sampler.strip())
    if match:
        sampler, schedule = match[1], "karras" if match[2] else match[3]
    is_karras = schedule.strip().lower() == "karras"
    if not is_karras and schedule.strip().lower() not in PLAIN:
        return None
    try:
        return parse_scheduler(f"{sampler} Karras" if is_karras else sampler).name
    except RecipeError:
        return None
