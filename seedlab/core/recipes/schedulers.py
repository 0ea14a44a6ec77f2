"""The schedulers on offer, with diffusers' class names and the common names of samplers."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.texts.text import quote


@dataclass(frozen=True)
class Scheduler:
    """A scheduler with its settings.

    Attributes:
        name: its name in recipes: diffusers' class name, with " SDE" if it adds noise at every step, and " Karras" if
            it uses Karras' noise levels.
        label: its name in the interface.
        sampler: AUTOMATIC1111's name, without the schedule type. Where it has no such sampler, the name that Forge,
            SD.Next or InvokeAI use.
        schedule: the schedule type in pictures, if other tools need another than for the sampler's own.
        aliases: more names, as in k-diffusion, ComfyUI and InvokeAI.
        least_steps: the minimum number of steps.
    """

    name: str
    label: str
    sampler: str
    schedule: str = ""
    aliases: tuple[str, ...] = ()
    least_steps: int = 1

    @property
    def class_name(self) -> str:
        """The class in diffusers."""
        return self.name.split()[0]

    @property
    def karras(self) -> bool:
        """Whether it uses the noise levels of Karras et al. 2022 (arXiv 2206.00364, eq. 5)."""
        return self.name.endswith(" Karras")

    @property
    def settings(self) -> dict[str, str | bool]:
        """The settings that override the model's own scheduler configuration in `from_config`.

        Only those that its name promises: the model may have been saved with a variant of this class, or with a
        related class that uses the same setting names.
        """
        if self.class_name == "DPMSolverMultistepScheduler":
            algorithm = "sde-dpmsolver++" if " SDE" in self.name else "dpmsolver++"
            return {"algorithm_type": algorithm, "use_karras_sigmas": self.karras}
        algorithms = {"DPMSolverSinglestepScheduler": "dpmsolver++", "DEISMultistepScheduler": "deis"}
        return {"algorithm_type": algorithms[self.class_name]} if self.class_name in algorithms else {}


SCHEDULERS = (
    Scheduler("DPMSolverMultistepScheduler", "DPM++ 2M", "DPM++ 2M"),
    Scheduler("DPMSolverMultistepScheduler Karras", "DPM++ 2M Karras", "DPM++ 2M"),
    Scheduler("DPMSolverMultistepScheduler SDE", "DPM++ 2M SDE", "DPM++ 2M SDE", aliases=("DPM++ 2M SDE GPU",)),
    Scheduler(
        "DPMSolverMultistepScheduler SDE Karras", "DPM++ 2M SDE Karras", "DPM++ 2M SDE", aliases=("DPM++ 2M SDE GPU",)
    ),
    Scheduler("DPMSolverSinglestepScheduler", "DPM++ singlestep", "DPM++ 2S"),
    Scheduler("UniPCMultistepScheduler", "UniPC", "UniPC", aliases=("UniPC multistep",)),
    Scheduler("DEISMultistepScheduler", "DEIS", "DEIS", aliases=("DEIS multistep",)),
    Scheduler("EulerDiscreteScheduler", "Euler", "Euler"),
    Scheduler("EulerAncestralDiscreteScheduler", "Euler ancestral", "Euler a", aliases=("Euler A Discrete",)),
    Scheduler("HeunDiscreteScheduler", "Heun", "Heun"),
    Scheduler("KDPM2DiscreteScheduler", "DPM2", "DPM2", aliases=("DPM 2", "KDPM 2")),
    Scheduler("KDPM2AncestralDiscreteScheduler", "DPM2 ancestral", "DPM2 a", aliases=("DPM 2 a", "KDPM 2 a")),
    Scheduler("DDIMScheduler", "DDIM", "DDIM"),
    Scheduler("DDPMScheduler", "DDPM", "DDPM"),
    Scheduler("PNDMScheduler", "PNDM", "PLMS", least_steps=4),
    Scheduler("LCMScheduler", "LCM", "LCM"),
    Scheduler("FlowMatchEulerDiscreteScheduler", "Flow-match Euler", "Euler", schedule="Simple"),
)

MAX_NAME = 100
"""Characters of a scheduler's name."""

APART = ("FlowMatchEulerDiscreteScheduler", "LCMScheduler")
"""Classes that exclude all others: their models work with no other, and no other models work with them."""

FLOW_SOLVERS = ("DPMSolverMultistepScheduler", "UniPCMultistepScheduler")
"""The solvers for flow-matching models that were saved with one of them, such as Sana."""

REPLACED = (
    "DDIMParallelScheduler",
    "DDPMParallelScheduler",
    "DPMSolverMultistepInverseScheduler",
    "DPMSolverSDEScheduler",
    "LMSDiscreteScheduler",
    "SASolverScheduler",
)
"""Classes that are not on offer, whose models work with DPM++ 2M.

DPMSolverSDE ignores the generator and draws from its own random source."""


def find_scheduler(name: str) -> Scheduler:
    """Return the scheduler with this name or label, as recipes have it.

    Raises:
        RecipeError: there is no such scheduler.
    """
    for scheduler in SCHEDULERS:
        if name in (scheduler.name, scheduler.label):
            return scheduler
    raise _refuse(name)


def parse_scheduler(text: str) -> Scheduler:
    """Return the scheduler that people or other tools call so: "Euler a", "k_euler_a", "dpm++ 2m karras", "ddim".

    Case, spaces, hyphens and underscores do not matter. The name of a sampler with a schedule type that is not on
    offer, such as "Euler Karras", is no name.

    Raises:
        RecipeError: there is no such scheduler.
    """
    key = _make_key(text[:MAX_NAME])
    found = _list_keys().get(key) or _list_keys().get(key.removeprefix("k"))
    if found is None:
        raise _refuse(text)
    return found


def _refuse(name: str) -> RecipeError:
    labels = ", ".join(scheduler.label for scheduler in SCHEDULERS)
    return RecipeError("scheduler", f"There is no scheduler {quote(name)}. Choose one of: {labels}.")


def _make_key(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).casefold().replace("++", "pp")
    return re.sub(r"[\s_-]+", "", plain)


@cache
def _list_keys() -> Mapping[str, Scheduler]:
    keys: dict[str, Scheduler] = {}
    for scheduler in SCHEDULERS:
        for name in _list_names(scheduler):
            keys.setdefault(_make_key(name), scheduler)
    return keys


def _list_names(scheduler: Scheduler) -> Iterator[str]:
    """Yield all names of a scheduler. InvokeAI writes "_k" for Karras."""
    short = scheduler.name.replace("Scheduler", "")
    yield from (scheduler.name, scheduler.label, short, short.replace("Discrete", ""))
    levels = (" Karras", " k") if scheduler.karras else ("",)
    # A flow-match scheduler answers to its own name alone: its sampler's is that of another scheduler.
    names = () if scheduler.schedule else (scheduler.sampler, *scheduler.aliases)
    yield from (f"{name}{level}" for name in names for level in levels)
    ancestral = (name[:-1] + "ancestral" for name in names if name.endswith(" a"))
    yield from (f"{name}{level}" for name in ancestral for level in levels)


def list_family(name: str) -> tuple[Scheduler, ...]:
    """Return the schedulers that can replace the one that a model was saved with.

    A flow-matching model works only with its own, and so does a model that was distilled for LCM.

    Raises:
        RecipeError: there is no scheduler with this name.
    """
    own = find_scheduler(name)
    if own.class_name in APART:
        return tuple(each for each in SCHEDULERS if each.class_name == own.class_name)
    return tuple(each for each in SCHEDULERS if each.class_name not in APART)


def name_scheduler(configuration: Mapping[str, Any]) -> str:
    """Return the name of the scheduler that a model was saved with, or of its replacement if it is not on offer.

    Args:
        configuration: the model's `scheduler_config.json`; empty if it cannot be read.

    Raises:
        RecipeError: no scheduler works with this model.
    """
    class_name = str(configuration.get("_class_name", ""))
    noise = " SDE" if str(configuration.get("algorithm_type", "")).startswith("sde-") else ""
    levels = " Karras" if configuration.get("use_karras_sigmas") else ""
    offered = {scheduler.name for scheduler in SCHEDULERS}
    for name in (class_name + noise + levels, class_name):
        if name in offered:
            return name
    if class_name in ("", *REPLACED):
        return "DPMSolverMultistepScheduler"
    raise RecipeError(
        "model_id",
        f"This model was saved with the scheduler {quote(class_name)}, which SeedLab neither offers nor can replace: "
        "choose another model, or save it with another scheduler.",
    )
