"""What a generation reports while it goes on: the one language between the pipeline manager and the workflow.

The index in a report is the recipe's place in the call `generate(recipes, stop)` that reports.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from threading import Event

from PIL.Image import Image

from seedlab.core.checksums import Checksums
from seedlab.core.environment import Environment
from seedlab.core.recipe import Recipe


@dataclass(frozen=True)
class Waiting:
    """Nothing to see yet, and why: a model is loading, or others are before this tile."""

    index: int
    sentence: str


@dataclass(frozen=True)
class Progress:
    """One denoising step is done. `preview` is a small RGB picture of the latents, or None."""

    index: int
    step: int
    steps: int
    preview: Image | None


@dataclass(frozen=True)
class Finished:
    """A tile is done. `notice` is "" or a sentence for the visitor (words that were not read)."""

    index: int
    image: Image
    environment: Environment
    notice: str
    proof: Checksums | None = None


@dataclass(frozen=True)
class Failed:
    """A tile could not be made; the sentence says why and what to do."""

    index: int
    sentence: str


Report = Waiting | Progress | Finished | Failed
Generate = Callable[[Sequence[Recipe], Event], Generator[Report, None, None]]
"""Yields reports for each recipe in order, ending each with Finished or Failed; returns early once the event is set.
The last report is said again every now and then where nothing new is to be said."""
