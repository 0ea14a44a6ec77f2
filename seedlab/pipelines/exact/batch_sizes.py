"""Chooses how many images one call makes: as many as pay, by the time that an image takes in batches of each size."""

import hashlib
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from seedlab.core.machine.environment import Environment
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.storage.json_file import read_json, write_json
from seedlab.pipelines.devices.memory import measure_peak

GUIDE_BATCH = 4
"""A grid of the diffusers guide. On a CPU, larger batches take as long for each image."""

MAX_BATCH = 32
"""The most images in one call on a GPU."""

GAIN = 0.9
"""A batch of twice the size has to take at most this part of the time for each image: it also makes visitors wait
longer for its first image, and a step longer to stop."""

MAX_STEP_SECONDS = 1.0
"""The longest step that is expected to pay: previews, Stop and turns wait for its end."""


class BatchSizes:
    """What is known about batches of each size: seconds per image and step, and memory."""

    def __init__(self, folder: Path | None) -> None:
        """Make an empty table; with a folder, what earlier processes measured is read from it."""
        self._folder = folder
        self._seconds: dict[str, dict[int, float]] = {}
        self._memory: dict[str, float] = {}
        self._too_large: dict[str, int] = {}

    def choose(self, kind: Hashable, waiting: int, free: int) -> int:
        """Return how many images the next call makes.

        A size that has not been measured is tried if the one before it paid, it is expected to fit into the free
        memory, and its steps are expected to be short.

        Args:
            kind: everything but the size of the batch that the time depends on.
            waiting: how many images could be made together, at least 1.
            free: bytes of memory.
        """
        key = _hash(kind)
        size = GUIDE_BATCH
        while 2 * size <= min(waiting, MAX_BATCH) and self._pays(key, 2 * size) and self._fits(key, 2 * size, free):
            size *= 2
        return min(size, waiting)

    def note(self, kind: Hashable, images: int, seconds: float, memory: int) -> None:
        """Record a batch: how many seconds a step took for each image, and how many bytes its activations took."""
        key = _hash(kind)
        self._memory[key] = max(memory / images, self._memory.get(key, 0))
        known = self._read(key)
        # The fastest run counts: others had to share the GPU, or captured a graph.
        if seconds < known.get(images, float("inf")):
            known[images] = seconds
            write_json(self._find_file(key), known)

    def note_too_large(self, kind: Hashable, images: int) -> None:
        """Record that a batch did not fit into memory; in this process such a size is not tried again."""
        key = _hash(kind)
        self._too_large[key] = min(images, self._too_large.get(key, images))

    def _pays(self, key: str, size: int) -> bool:
        seconds = self._read(key)
        before, now = seconds.get(size // 2), seconds.get(size)
        if before is None:
            return False
        if now is None:  # is tried, if the size before it paid
            return before * size <= 2 * MAX_STEP_SECONDS
        return now <= GAIN * before and now * size <= MAX_STEP_SECONDS

    def _fits(self, key: str, size: int, free: int) -> bool:
        return size < self._too_large.get(key, size + 1) and size * self._memory.get(key, 0) <= free

    def _read(self, key: str) -> dict[int, float]:
        if key not in self._seconds:
            self._seconds[key] = _read(self._find_file(key))
        return self._seconds[key]

    def _find_file(self, key: str) -> Path | None:
        return self._folder and self._folder / f"{key}.sizes.json"


def describe_kind(environment: Environment, recipe: Recipe) -> Hashable:
    """Return what the time of a step depends on, besides the size of the batch."""
    return environment.digest, recipe.dtype, recipe.width, recipe.height, recipe.guidance_scale > 1


@contextmanager
def measure_batch(sizes: BatchSizes, kind: Hashable, images: int, device: str) -> Iterator[Callable[[], object]]:
    """Record the batch that is made inside the context, on a GPU; yields a function to call after every step.

    A batch that fails is not recorded, and neither is one of less than three steps: its first one is slower.
    """
    times: list[float] = []
    with measure_peak(device) as read_peak:
        yield lambda: times.append(time.perf_counter())
        steps = [after - before for before, after in pairwise(times)]
        if device == "cuda" and len(steps) > 1:
            sizes.note(kind, images, min(steps) / images, read_peak())


def _hash(kind: Hashable) -> str:
    return hashlib.sha256(repr(kind).encode()).hexdigest()


def _read(file: Path | None) -> dict[int, float]:
    """Read the seconds by size from an untrusted file; nothing if it cannot be read."""
    try:
        found = {int(images): float(seconds) for images, seconds in read_json(file).items()}
    except (ValueError, TypeError, AttributeError):
        return {}
    return {images: seconds for images, seconds in found.items() if 0 < images <= MAX_BATCH and seconds > 0}
