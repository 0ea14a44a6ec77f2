"""Executors: they make the pictures of a batch, wherever that is. The manager knows them only by this protocol."""

from collections.abc import Generator, Hashable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from PIL.Image import Image

from seedlab.core.machine.environment import Environment
from seedlab.core.machine.memory import Memory
from seedlab.core.models.model import ResolvedModel
from seedlab.core.priority import Priority
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Report


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Recipes of one model. Those that one pipeline call can make differ only in seed and prompts.

    Attributes:
        model: the model of all of them; its files are on this machine.
        recipes: by the index that their reports have. Each has been checked against the model.
        visitor: who asked for them; work of the same visitor takes the same turn.
        draft_steps, resume: as for `seedlab.core.reports.Generate`.
        inputs: the users' own pictures that first stages start from, in the size of the stage, by the index of the
            recipe.
        priority: what it waits for, and gives way to. Tiles of an idle batch may be left unmade.
    """

    model: ResolvedModel
    recipes: Mapping[int, Recipe]
    visitor: Hashable = None
    draft_steps: int | None = None
    resume: bool = True
    inputs: Mapping[int, Image] = field(default_factory=dict)
    priority: Priority = Priority.REQUEST


class Executor(Protocol):
    """Runs batches for many callers at a time."""

    @property
    def device(self) -> str:
        """The device that pictures are made on: "cpu", "cuda" or "mps". The first call may take seconds.

        Raises:
            SeedLabError: the requested device does not exist.
        """
        ...

    @property
    def has_fast_bfloat16(self) -> bool:
        """Whether that device is fast in bfloat16; as `device`."""
        ...

    def measure_memory(self) -> Memory:
        """Measure the memory where that device is; as `device`."""
        ...

    @property
    def max_batch(self) -> int | None:
        """The most recipes of a batch, which one pipeline call can make; how many it makes is decided when it begins.

        None for an executor that divides the work itself: a batch then has all recipes of a model.
        """
        ...

    def observe(self, weights: str, loras: str) -> Environment:
        """Observe the environment that pictures are made in. The first call may take seconds.

        Args:
            weights, loras: as in `Environment`.

        Raises:
            SeedLabError: the requested device does not exist.
        """
        ...

    def run(self, batch: Batch, stop: Event) -> Generator[Report, None, None]:
        """Make a batch; each of its tiles ends with Finished or Failed, but for those of an idle batch.

        Reports are yielded a few times per second, so that the caller can leave: where there is nothing new, the last
        report of an unfinished tile, and for a tile that waits a `Waiting` that says why. Setting `stop`, or closing
        the generator, ends the work within one denoising step. Visitors take turns; long work gives way at the end of
        a step. While nobody asks for the next report, the work pauses.

        Raises:
            Exception: anything; the manager lets the unfinished tiles fail and goes on.
        """
        ...

    def preload(self, model: ResolvedModel) -> None:
        """Load a model in the background; a failure is reported to whoever requests a picture of it."""
        ...

    def close(self) -> None:
        """End all work within one denoising step, and begin no more."""
        ...
