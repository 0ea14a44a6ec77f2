"""The schedulers that we offer: diffusers' class names, with the names that people know them by."""

from dataclasses import dataclass

from seedlab.recipe import RecipeError, quote


@dataclass(frozen=True)
class Scheduler:
    """One way to denoise.

    Attributes:
        name: what a recipe calls it: diffusers' class name, and " Karras" where it takes Karras' noise levels.
        label: what people call it.
        sampler: AUTOMATIC1111's name, without the schedule type; None where it has no such sampler.
    """

    name: str
    label: str
    sampler: str | None

    @property
    def class_name(self) -> str:
        """The class in diffusers."""
        return self.name.removesuffix(" Karras")

    @property
    def karras(self) -> bool:
        """Whether it takes the noise levels of Karras et al. 2022 (arXiv 2206.00364, eq. 5)."""
        return self.name.endswith(" Karras")


SCHEDULERS = (
    Scheduler("DPMSolverMultistepScheduler", "DPM++ 2M", "DPM++ 2M"),
    Scheduler("DPMSolverMultistepScheduler Karras", "DPM++ 2M Karras", "DPM++ 2M"),
    Scheduler("UniPCMultistepScheduler", "UniPC", "UniPC"),
    Scheduler("EulerDiscreteScheduler", "Euler", "Euler"),
    Scheduler("EulerAncestralDiscreteScheduler", "Euler ancestral", "Euler a"),
    Scheduler("HeunDiscreteScheduler", "Heun", "Heun"),
    Scheduler("DDIMScheduler", "DDIM", "DDIM"),
    Scheduler("DDPMScheduler", "DDPM", None),
    Scheduler("PNDMScheduler", "PNDM", "PLMS"),
    Scheduler("LCMScheduler", "LCM", "LCM"),
    Scheduler("FlowMatchEulerDiscreteScheduler", "Flow-match Euler", None),
)

APART = ("FlowMatchEulerDiscreteScheduler", "LCMScheduler")
"""Classes whose models can use no other, and that no other model can use."""


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
