"""The schedulers that we offer: diffusers' class names, with the names that people know them by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.text import quote


@dataclass(frozen=True)
class Scheduler:
    """One way to denoise.

    Attributes:
        name: what a recipe calls it: diffusers' class name, " SDE" where it adds noise at every step, and " Karras"
            where it takes Karras' noise levels.
        label: what people call it.
        sampler: AUTOMATIC1111's name, without the schedule type; None where it has no such sampler.
        least_steps: the fewest that it takes.
    """

    name: str
    label: str
    sampler: str | None
    least_steps: int = 1

    @property
    def class_name(self) -> str:
        """The class in diffusers."""
        return self.name.split()[0]

    @property
    def karras(self) -> bool:
        """Whether it takes the noise levels of Karras et al. 2022 (arXiv 2206.00364, eq. 5)."""
        return self.name.endswith(" Karras")

    @property
    def settings(self) -> dict[str, str | bool]:
        """What `from_config` is told beside the model's own configuration, which decides everything else.

        Only what makes a scheduler the one that its name says: a model may have been saved with another of its class
        or of its relatives, which share the names of their settings.
        """
        if self.class_name == "DPMSolverMultistepScheduler":
            algorithm = "sde-dpmsolver++" if " SDE" in self.name else "dpmsolver++"
            return {"algorithm_type": algorithm, "use_karras_sigmas": self.karras}
        algorithms = {"DPMSolverSinglestepScheduler": "dpmsolver++", "DEISMultistepScheduler": "deis"}
        return {"algorithm_type": algorithms[self.class_name]} if self.class_name in algorithms else {}


SCHEDULERS = (
    Scheduler("DPMSolverMultistepScheduler", "DPM++ 2M", "DPM++ 2M"),
    Scheduler("DPMSolverMultistepScheduler Karras", "DPM++ 2M Karras", "DPM++ 2M"),
    Scheduler("DPMSolverMultistepScheduler SDE", "DPM++ 2M SDE", "DPM++ 2M SDE"),
    Scheduler("DPMSolverMultistepScheduler SDE Karras", "DPM++ 2M SDE Karras", "DPM++ 2M SDE"),
    Scheduler("DPMSolverSinglestepScheduler", "DPM++ singlestep", None),
    Scheduler("UniPCMultistepScheduler", "UniPC", "UniPC"),
    Scheduler("DEISMultistepScheduler", "DEIS", None),
    Scheduler("EulerDiscreteScheduler", "Euler", "Euler"),
    Scheduler("EulerAncestralDiscreteScheduler", "Euler ancestral", "Euler a"),
    Scheduler("HeunDiscreteScheduler", "Heun", "Heun"),
    Scheduler("KDPM2DiscreteScheduler", "DPM2", "DPM2"),
    Scheduler("KDPM2AncestralDiscreteScheduler", "DPM2 ancestral", "DPM2 a"),
    Scheduler("DDIMScheduler", "DDIM", "DDIM"),
    Scheduler("DDPMScheduler", "DDPM", None),
    Scheduler("PNDMScheduler", "PNDM", "PLMS", least_steps=4),
    Scheduler("LCMScheduler", "LCM", "LCM"),
    Scheduler("FlowMatchEulerDiscreteScheduler", "Flow-match Euler", None),
)

APART = ("FlowMatchEulerDiscreteScheduler", "LCMScheduler")
"""Classes whose models can use no other, and that no other model can use."""

FLOW_SOLVERS = ("DPMSolverMultistepScheduler", "UniPCMultistepScheduler")
"""Those that can solve a flow-matching model which was saved with one of them, as Sana was."""

REPLACED = (
    "DDIMParallelScheduler",
    "DDPMParallelScheduler",
    "DPMSolverMultistepInverseScheduler",
    "DPMSolverSDEScheduler",
    "LMSDiscreteScheduler",
    "SASolverScheduler",
)
"""Classes that we do not offer, whose models work with DPM++ 2M.

DPMSolverSDE draws from a random source of its own, that no generator reaches. It needs torchsde, and LMS needs scipy:
without these diffusers does not load such a model at all, and says what to install."""


def find_scheduler(name: str) -> Scheduler:
    """Return the scheduler of that name or label.

    Raises:
        RecipeError: there is none.
    """
    for scheduler in SCHEDULERS:
        if name in (scheduler.name, scheduler.label):
            return scheduler
    labels = ", ".join(scheduler.label for scheduler in SCHEDULERS)
    raise RecipeError("scheduler", f"There is no scheduler {quote(name)}. Choose one of: {labels}.")


def list_family(name: str) -> tuple[Scheduler, ...]:
    """Return the schedulers that can stand in for the one that a model was saved with.

    A flow-matching model has only its own, and so has a model that was distilled for LCM.

    Raises:
        RecipeError: there is no scheduler of that name.
    """
    own = find_scheduler(name)
    if own.class_name in APART:
        return tuple(each for each in SCHEDULERS if each.class_name == own.class_name)
    return tuple(each for each in SCHEDULERS if each.class_name not in APART)


def name_scheduler(configuration: Mapping[str, Any]) -> str:
    """Name the scheduler that a model was saved with, or the one that takes its place where we do not offer it.

    Args:
        configuration: its `scheduler_config.json`; empty where that cannot be read.

    Raises:
        RecipeError: there is none; the model cannot be used.
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
        f"This model was saved with the scheduler {quote(class_name)}, which SeedLab does not have, and none of those "
        "that it has can take its place: choose another model, or save it with another scheduler.",
    )
