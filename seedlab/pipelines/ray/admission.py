"""Admits workers whose pictures have the bytes of the others', and says why others are not used."""

from dataclasses import replace
from threading import Condition

from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.ray.messages import Canary, Examination

OTHER_BYTES = "a test picture has other bytes there"


class Admission:
    """Compares all workers with the first one. Its methods may be called from any thread."""

    def __init__(self) -> None:
        """Begin without a worker."""
        self._condition = Condition()
        self._reference: Examination | None = None
        self._admitted: set[str] = set()
        self._canaries: dict[str, str] = {}

    def admit(self, worker: str, examination: Examination) -> str:
        """Admit a worker if it is like the first one.

        Returns:
            "", or a sentence that says why it is not used.
        """
        with self._condition:
            if self._reference is None:
                self._reference = examination
            differences = list_differences(examination, self._reference)
            if differences:
                return f"The worker on {examination.host} is not used: {'; '.join(differences)}."
            self._admitted.add(worker)
            self._condition.notify_all()
            return ""

    def agrees(self, canary: Canary) -> bool:
        """Whether a model's first step has the bytes that the first worker gave it."""
        with self._condition:
            return self._canaries.setdefault(canary.name, canary.digest) == canary.digest

    def leave(self, worker: str) -> None:
        """Record that a worker is gone for good."""
        with self._condition:
            self._admitted.discard(worker)

    @property
    def admitted(self) -> frozenset[str]:
        """The names of the workers that are used, those that are being started again included."""
        with self._condition:
            return frozenset(self._admitted)

    @property
    def reference(self) -> Examination | None:
        """What the first worker is like; None before there is one."""
        return self._reference

    def wait(self, timeout: float) -> Examination | None:
        """Wait for the first worker; returns None if there is none after so many seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._reference is not None, timeout)
            return self._reference


def make_canary(model: Model, recipe: Recipe) -> Recipe:
    """Return the recipe by whose first step workers are compared before they make a recipe of a model.

    Only what chooses kernels is that of the recipe: whatever else visitors ask for, workers make the same canary.
    """
    first = recipe.stages[0]
    canary = model.make_recipe(prompt="", seed=0, height=first.height, width=first.width, dtype=first.dtype)
    return replace(canary, model_id=first.model_id, revision=first.revision)


def list_differences(worker: Examination, reference: Examination) -> tuple[str, ...]:
    """Return what differs, as ("threads 2 instead of 1", ...)."""
    named: tuple[str, ...] = (
        () if worker.version == reference.version else (f"SeedLab {worker.version} instead of {reference.version}",)
    )
    named += worker.environment.differences(reference.environment)
    # Equal environments may still compute other bytes: they do not name everything that chooses a kernel.
    return named or (() if worker.canary == reference.canary else (OTHER_BYTES,))
