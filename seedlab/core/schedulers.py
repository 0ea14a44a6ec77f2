"""The schedulers on offer, with diffusers' class names and the common names of samplers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.text import quote


@dataclass(frozen=True)
class Scheduler:
    """A scheduler with its settings.

    Attributes:
        name: its name in recipes: diffusers' class name, with " SDE" if it adds noise at every step, and " Karras" if
            it uses Karras' noise levels.
        label: its name in the interface.
        sampler: AUTOMATIC1111's name, without the schedule type; None if there is no such sampler.
        least_steps: the minimum number of steps.
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
    """Return the scheduler with this name or label.

    Raises:
        RecipeError: there is no such scheduler.
    """
    for scheduler in SCHEDULERS:
        if name in (scheduler.name, scheduler.label):
            return scheduler
    labels = ", ".join(scheduler.label for scheduler in SCHEDULERS)
    raise RecipeError("scheduler", f"There is no scheduler {quote(name)}. Choose one of: {labels}.")


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
