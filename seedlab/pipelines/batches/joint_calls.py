"""Calls of a pipeline that make several pictures: how many at a time, and what is known not to fit."""

from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Waiting
from seedlab.pipelines.batches.following import follow_tiles
from seedlab.pipelines.batches.work import Turn, Work
from seedlab.pipelines.devices.memory import measure_room
from seedlab.pipelines.exact.batch import sample_batch, strip
from seedlab.pipelines.exact.batch_sizes import GUIDE_BATCH, BatchSizes, describe_kind, measure_batch
from seedlab.pipelines.exact.caches import BatchCaches
from seedlab.pipelines.exact.plans import NotExactError
from seedlab.pipelines.loaded.cache import LoadedPipeline
from seedlab.pipelines.sampling.call import Sample

MAX_TOO_LARGE = 100
"""How many kinds of batches that did not fit into memory are remembered."""

SIZED_DEVICES = ("cuda",)
"""The devices where larger batches than a grid may pay."""

CALIBRATING = "Calibrating exact batches for this model (only once)…"

Load = Callable[[Recipe, Work, Turn], LoadedPipeline]
"""Loads the pipeline of a recipe."""


@dataclass
class JointCalls:
    """Makes the pictures of a batch in one call, wherever that is exact.

    Attributes:
        load: see `Load`.
        caches, sizes: as for `seedlab.pipelines.batches.worker.BatchRunner`.
    """

    load: Load
    caches: BatchCaches
    sizes: BatchSizes
    _too_large: set[tuple[Recipe, int]] = field(default_factory=set)

    def choose_size(self, work: Work, waiting: int, turn: Turn) -> int:
        """Return how many of the waiting recipes the next call makes."""
        if waiting > GUIDE_BATCH and turn.device in SIZED_DEVICES:
            turn.check_stop()
            with suppress(Exception):  # making the pictures says why the model cannot be loaded
                return self.sizes.choose(self._find_kind(work, turn), waiting, measure_room(turn.device))
        return min(waiting, GUIDE_BATCH)

    def make(self, work: Work, turn: Turn) -> tuple[LoadedPipeline, list[Sample]]:
        """Make the pictures; returns also the pipeline that made them.

        Raises:
            NotExactError: they cannot be made together, or not faster than one by one.
            SeedLabError: one of them failed.
        """
        recipes = tuple(work.recipes.values())
        loaded = self.load(recipes[0], work, turn)
        if loaded.prompts is None:
            raise NotExactError

        def announce() -> None:
            for index in work.recipes:
                turn.emit(Waiting(index, CALIBRATING))

        follow = follow_tiles(loaded, recipes[0], list(work.recipes), turn)
        kind = describe_kind(loaded.environment, recipes[0])
        with measure_batch(self.sizes, kind, len(recipes), turn.device) as count_step:
            samples = sample_batch(
                loaded.pipeline,
                recipes,
                lambda step: (count_step(), follow(step))[1],
                prompts=loaded.prompts,
                caches=self.caches,
                environment_key=f"{loaded.environment.digest} {recipes[0].dtype}",
                announce=announce,
                check_stop=turn.check_stop,
                source=work.source,
                start=work.find_starts(*work.recipes),
                draft_steps=work.draft_steps,
            )
        return loaded, samples

    def is_too_large(self, recipes: Sequence[Recipe]) -> bool:
        """Whether such a batch did not fit into memory."""
        return _describe(recipes) in self._too_large

    def remember(self, recipes: Sequence[Recipe]) -> None:
        """Remember that such a batch does not fit into memory, or fails for another reason."""
        # Bounded, because visitors choose the kinds; and memory that was full may be free later.
        if len(self._too_large) >= MAX_TOO_LARGE:
            self._too_large.clear()
        self._too_large.add(_describe(recipes))

    def make_smaller(self, work: Work, turn: Turn) -> None:
        """Remember that a batch larger than a grid did not work, so that the next one is smaller."""
        if len(work.recipes) > GUIDE_BATCH:
            with suppress(Exception):  # the model cannot be loaded any more: making the pictures says why
                self.sizes.note_too_large(self._find_kind(work, turn), len(work.recipes))

    def _find_kind(self, work: Work, turn: Turn) -> Hashable:
        first = next(iter(work.recipes.values()))
        return describe_kind(self.load(first, work, turn).environment, first)


def _describe(recipes: Sequence[Recipe]) -> tuple[Recipe, int]:
    return strip(recipes[0]), len(recipes)
