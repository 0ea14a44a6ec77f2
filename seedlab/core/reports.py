"""The reports of a generation in progress, from the pipeline manager to the workflow.

`index` is the position of the recipe in the call `generate(recipes, stop)`.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Protocol

from PIL.Image import Image

from seedlab.core.checksums import Checksums
from seedlab.core.machine.environment import Environment
from seedlab.core.models.weights import NO_HASHES, WeightHashes
from seedlab.core.recipes.recipe import Recipe


@dataclass(frozen=True)
class Waiting:
    """The tile waits. The sentence says why: a model is loading, or other batches come first."""

    index: int
    sentence: str


@dataclass(frozen=True)
class Progress:
    """A denoising step is done. `preview` is a small RGB picture of the predicted clean latents, or None.

    `step` of `steps` is how far the request is: a draft ends after its own steps, so that it has done all of them when
    it is paused. What is resumed begins where it was paused. Some schedulers take two steps for one of the recipe's.
    """

    index: int
    step: int
    steps: int
    preview: Image | None


@dataclass(frozen=True)
class Finished:
    """A tile is done.

    `notice` is a sentence for the user, such as that the prompt was truncated, or "". The manager adds `hashes`.
    `draft_steps` is the number of denoising steps after which a draft was paused; None for a finished picture. `png` is
    the image as a PNG file without texts, where it was encoded already.
    """

    index: int
    image: Image
    environment: Environment
    notice: str
    checksums: Checksums | None = None
    hashes: WeightHashes = NO_HASHES
    draft_steps: int | None = None
    png: bytes | None = None


@dataclass(frozen=True)
class Failed:
    """A tile failed. The sentence says why and what to do."""

    index: int
    sentence: str


Report = Waiting | Progress | Finished | Failed


class Generate(Protocol):
    """Makes pictures."""

    def __call__(
        self, recipes: Sequence[Recipe], stop: Event, *, draft_steps: int | None = None, resume: bool = True
    ) -> Generator[Report, None, None]:
        """Yield reports for the recipes, in any order; each ends with Finished or Failed.

        Returns early once the event is set. When nothing changes for a while, the last report is repeated.

        Args:
            draft_steps: pause each picture after so many of its recipe's denoising steps, and show the clean picture
                that the model predicts there; None to finish it. A recipe without more steps is finished.
            resume: whether a picture may go on from where its draft was paused. Its bytes are the same without.
        """
        ...
