"""What is sent to workers and what they answer. All of it can be pickled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PIL.Image import Image

from seedlab.core.machine.environment import Environment
from seedlab.core.machine.memory import Memory
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Report
from seedlab.pipelines.ray.bundles import Bundle


@dataclass(frozen=True, kw_only=True)
class WorkerOptions:
    """How a worker computes.

    Attributes:
        device, deterministic, memory_format: as for `ThreadExecutor`.
        threads: of one operation on the CPU; None for torch's own choice.
        paths: as for `ModelResolver`.
        runs: the folder for the paused runs of drafts; None for one in the worker's own cache.
        runs_bytes: the size limit of that folder.
    """

    device: str | None = None
    deterministic: bool = False
    memory_format: str | None = None
    threads: int | None = None
    paths: Mapping[str, str] | None = None
    runs: Path | None = None
    runs_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What decides whether a worker's pictures have the bytes of the others', and which defaults suit it.

    Attributes:
        host: the name of the worker's machine.
        version: of SeedLab.
        device, has_fast_bfloat16, memory: as for `seedlab.pipelines.executor.Executor`.
        max_batch: the most recipes that one pipeline call makes there.
        environment: that pictures are made in, without a model.
        canary: SHA-256, in hex, of the latents and pixels of a small picture.
    """

    host: str
    version: str
    device: str
    has_fast_bfloat16: bool
    memory: Memory
    max_batch: int
    environment: Environment
    canary: str


@dataclass(frozen=True, kw_only=True)
class Task:
    """Recipes that a worker makes.

    Attributes:
        name: of this task alone.
        recipes: by the index that their reports have.
        weights: the hash of the model's files, as in `Environment`, by the index of each recipe; "" if it is unknown.
        canary: the recipe whose first step has to have the same bytes on all workers.
        canary_name: names it together with the model's files.
        draft_steps, resume: as for `seedlab.core.reports.Generate`.
        inputs: as in `seedlab.pipelines.executor.Batch`.
        bundles: the LoRAs and the one-file checkpoint, by the names that these have in the recipes.
    """

    name: str
    recipes: Mapping[int, Recipe]
    weights: Mapping[int, str]
    canary: Recipe
    canary_name: str
    draft_steps: int | None
    resume: bool
    inputs: Mapping[int, Image] = field(default_factory=dict)
    bundles: Mapping[str, Bundle] = field(default_factory=dict)


@dataclass(frozen=True)
class Unfit:
    """The worker cannot make these recipes as the others do. The sentence says why."""

    sentence: str


@dataclass(frozen=True)
class Canary:
    """The SHA-256, in hex, of the latents and pixels of a task's canary. It comes before its pictures."""

    name: str
    digest: str


Message = Unfit | Canary | tuple[Report, ...]
"""What a worker sends while it works on a task."""


class LostWorkerError(Exception):
    """The worker's process or machine is gone, or cannot be reached now."""
