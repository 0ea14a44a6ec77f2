"""Other tools' names of samplers and of noise schedules."""

import re

from seedlab.core.schedulers import SCHEDULERS, Scheduler

SAME = {
    "euler ancestral": "euler a",
    "dpmpp 2m sde gpu": "dpmpp 2m sde",
    "dpm 2": "dpm2",
    "dpm 2 ancestral": "dpm2 a",
    "dpm2 ancestral": "dpm2 a",
    "kdpm 2": "dpm2",
    "kdpm 2 a": "dpm2 a",
    "uni pc": "unipc",
    "pndm": "plms",
    "euler a trailing": "",
}
"""Names in lower case, without marks, that mean the same sampler; "" for one that SeedLab does not have."""

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
    wanted = normalize_sampler(sampler)
    fits = (each.name for each in SCHEDULERS if each.karras == is_karras and wanted in _list_names(each))
    return next(fits, None) if wanted else None


def normalize_sampler(name: str) -> str:
    """Return a sampler's name in lower case, without marks, and one of the names that mean the same."""
    plain = re.sub(r"[\s_]+", " ", name.strip().lower().replace("++", "pp").removeprefix("k_"))
    return SAME.get(plain, plain)


def _list_names(scheduler: Scheduler) -> tuple[str, ...]:
    label = scheduler.label.removesuffix(" Karras")
    return tuple(normalize_sampler(name) for name in (scheduler.sampler, label) if name)
