"""One piece of work in the line: a batch of pictures, made together where that is exact, else one by one."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from PIL.Image import Image

from seedlab.core.errors import SeedLabError
from seedlab.core.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Progress, Report, Waiting
from seedlab.pipelines.devices.memory import free_memory
from seedlab.pipelines.exact.batch import sample_batch, strip
from seedlab.pipelines.exact.plans import NotExactError, Plans
from seedlab.pipelines.exact.prepack_cache import PrepackCache
from seedlab.pipelines.loaded.cache import LoadedPipeline
from seedlab.pipelines.sampling.call import Sample, check_latents, sample
from seedlab.pipelines.sampling.preview import find_clean_latents, unpack_latents
from seedlab.pipelines.sampling.steps import OnStep
from seedlab.pipelines.sampling.tokens import format_truncation_notice
from seedlab.pipelines.work_queue import StoppedError

LOGGER = logging.getLogger(__name__)
MAX_TOO_LARGE = 100
NO_MEMORY = "Not enough memory for this picture: choose a smaller size, or a smaller model."
FULL = ("out of memory", "(?s)memory.*allocate|allocate.*memory", "STATUS_ALLOC_FAILED", "unable to find an engine")
"""What torch, and on a card cuBLAS and cuDNN, say where memory is full; the last is pytorch #108645."""

CALIBRATING = "Finding out, once, how several pictures at a time keep their bytes…"

Load = Callable[[Recipe], LoadedPipeline]
Emit = Callable[[Report], None]


@dataclass
class BatchRunner:
    """Makes batches of pictures.

    Attributes:
        load: returns the pipeline of a recipe that it has checked; raises SeedLabError.
        plans: what is known of exact batches.
        prepack_cache: keeps the prepacked weights of the last batch's plan.
        closed: set when all work is to end.
        evict_others: frees the memory of the pipelines that are not in use; says whether there were any.
        free_space: does so, and where there are none goes further, which costs time; says whether anything was left.
    """

    load: Load
    plans: Plans
    prepack_cache: PrepackCache
    closed: Event
    evict_others: Callable[[], bool]
    free_space: Callable[[], bool]
    _too_large: set[tuple[Recipe, int]] = field(default_factory=set)

    def make(self, batch: Mapping[int, Recipe], stop: Event, emit: Emit) -> bool:
        """Make a batch of pictures, whatever happens; every tile ends with Finished or Failed, unless it is stopped.

        Returns:
            Whether it came to its end, and was not stopped.
        """

        def check_stop() -> None:
            if stop.is_set() or self.closed.is_set():
                raise StoppedError

        try:
            if not self._try_together(batch, check_stop, emit):
                for index, recipe in batch.items():
                    self._make_alone(index, recipe, check_stop, emit)
        except StoppedError:
            return False
        return True

    def _make_alone(self, index: int, recipe: Recipe, check_stop: Callable[[], None], emit: Emit) -> None:
        """Make one picture; a failure is its own. Where memory was short, it is tried again once there is more."""
        report = self._try_alone(index, recipe, check_stop, emit)
        while report == Failed(index, NO_MEMORY) and self._has_space_made():
            report = self._try_alone(index, recipe, check_stop, emit)
        emit(report)

    def _has_space_made(self) -> bool:
        try:
            return self.free_space()
        except Exception:  # the picture has failed already
            LOGGER.exception("No memory could be freed.")
            return False

    def _try_alone(self, index: int, recipe: Recipe, check_stop: Callable[[], None], emit: Emit) -> Finished | Failed:
        check_stop()
        try:
            loaded = self.load(recipe)
            made = sample(loaded.pipeline, recipe, _follow(loaded, {index: recipe}, check_stop, emit))
            return _finish(index, recipe, loaded, made)
        except StoppedError:
            raise
        except SeedLabError as error:
            return Failed(index, str(error))
        except Exception as error:  # the edge: whatever torch raises ends this tile, not the manager
            LOGGER.exception("A picture could not be made.")
            self._free_memory()
            return Failed(index, _explain(error))

    def _try_together(self, batch: Mapping[int, Recipe], check_stop: Callable[[], None], emit: Emit) -> bool:
        """Make the pictures in one call; returns whether they were made. One that fails alone says so better."""
        recipes = tuple(batch.values())
        kind = (strip(recipes[0]), len(recipes))
        if len(recipes) == 1 or kind in self._too_large:
            return False
        check_stop()
        try:
            made = self._make_together(batch, check_stop, emit)
        except StoppedError:
            raise
        except (NotExactError, SeedLabError):
            return False
        except Exception as error:
            LOGGER.info("Not as a batch.", exc_info=True)
            self._free_memory()
            if _explain(error) != NO_MEMORY or not self.evict_others():
                self._remember(kind)
            return False
        for report in made:
            emit(report)
        return True

    def _free_memory(self) -> None:
        self.prepack_cache.clear()
        free_memory()

    def _remember(self, kind: tuple[Recipe, int]) -> None:
        # Bounded, as visitors choose the kinds; and memory that was full once may be free later.
        if len(self._too_large) >= MAX_TOO_LARGE:
            self._too_large.clear()
        self._too_large.add(kind)

    def _make_together(self, batch: Mapping[int, Recipe], check_stop: Callable[[], None], emit: Emit) -> list[Finished]:
        recipes = tuple(batch.values())
        for recipe in recipes:  # each is checked; the pipeline is the same
            loaded = self.load(recipe)
        if loaded.prompts is None:
            raise NotExactError

        def announce() -> None:
            for index in batch:
                emit(Waiting(index, CALIBRATING))

        samples = sample_batch(
            loaded.pipeline,
            recipes,
            _follow(loaded, batch, check_stop, emit),
            prompts=loaded.prompts,
            plans=self.plans,
            prepack_cache=self.prepack_cache,
            environment_key=f"{loaded.environment.digest} {recipes[0].dtype}",
            announce=announce,
            check_stop=check_stop,
        )
        tiles = zip(batch.items(), samples, strict=True)
        return [_finish(index, recipe, loaded, made) for (index, recipe), made in tiles]


def _follow(loaded: LoadedPipeline, batch: Mapping[int, Recipe], check_stop: Callable[[], None], emit: Emit) -> OnStep:
    recipes = tuple(batch.values())

    def on_step(step: int, latents: Any) -> None:
        check_stop()
        check_latents(latents)
        steps = max(step, getattr(loaded.pipeline, "num_timesteps", recipes[0].num_inference_steps))
        for index, preview in zip(batch, _show_previews(loaded, latents, recipes[0]), strict=True):
            emit(Progress(index, step, steps, preview))

    return on_step


def _show_previews(loaded: LoadedPipeline, latents: Any, recipe: Recipe) -> Sequence[Image | None]:
    if loaded.preview is None:
        return [None] * len(latents)
    clean = find_clean_latents(loaded.pipeline.scheduler, latents)
    clean = unpack_latents(loaded.pipeline, clean, recipe.height, recipe.width)
    return [loaded.preview.show(clean[index : index + 1]) for index in range(len(clean))]


def _finish(index: int, recipe: Recipe, loaded: LoadedPipeline, made: Sample) -> Finished:
    return Finished(
        index, made.image, loaded.environment, format_truncation_notice(loaded.pipeline, recipe), made.proof
    )


def _explain(error: Exception) -> str:
    text = str(error)
    if isinstance(error, MemoryError) or any(re.search(words, text) for words in FULL):
        return NO_MEMORY
    line = (text.strip().splitlines() or [type(error).__name__])[0][:160]
    return f"This picture could not be made: {line}"
