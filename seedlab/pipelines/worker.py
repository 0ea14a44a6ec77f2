"""Makes a batch of pictures: in one pipeline call if that is exact, otherwise one by one."""

import logging
import re
from collections.abc import Callable, Sequence
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
from seedlab.pipelines.executor import Batch
from seedlab.pipelines.loaded.cache import LoadedPipeline, PipelineCache
from seedlab.pipelines.loaded.loras.lines import check_loras
from seedlab.pipelines.sampling.call import Sample, check_latents, sample
from seedlab.pipelines.sampling.preview import find_clean_latents, unpack_latents
from seedlab.pipelines.sampling.steps import OnStep
from seedlab.pipelines.sampling.tokens import format_truncation_notice
from seedlab.pipelines.work_queue import StoppedError

LOGGER = logging.getLogger(__name__)
MAX_TOO_LARGE = 100
"""How many kinds of batches that did not fit into memory are remembered."""

NO_MEMORY = "Not enough memory for this picture: choose a smaller size, or a smaller model."
FULL = ("out of memory", "(?s)memory.*allocate|allocate.*memory", "STATUS_ALLOC_FAILED", "unable to find an engine")
"""Error messages of torch, cuBLAS and cuDNN for full memory; the last one is pytorch #108645."""

CALIBRATING = "Calibrating exact batches for this model (only once)…"

Emit = Callable[[Report], None]


@dataclass
class BatchRunner:
    """Makes batches of pictures, one at a time.

    Attributes:
        cache: the loaded pipelines.
        plans: what is known about exact batches.
        prepack_cache: the prepacked weights of the last batch's plan.
        closed: set when all work is to end.
    """

    cache: PipelineCache
    plans: Plans
    prepack_cache: PrepackCache
    closed: Event
    _too_large: set[tuple[Recipe, int]] = field(default_factory=set)

    def make(self, batch: Batch, device: str, stop: Event, emit: Emit) -> bool:
        """Make a batch on a device. Every tile ends with Finished or Failed, unless the work is stopped.

        Returns:
            Whether the batch was completed, and not stopped.
        """

        def check_stop() -> None:
            if stop.is_set() or self.closed.is_set():
                raise StoppedError

        work = _Work(batch, device, check_stop, emit)
        try:
            if not self._try_together(work):
                for index in batch.recipes:
                    self._make_alone(index, work)
        except StoppedError:
            return False
        return True

    def _make_alone(self, index: int, work: "_Work") -> None:
        """Make one picture; retries while memory is short and more can be freed. A failure ends only this tile."""
        report = self._try_alone(index, work)
        while report == Failed(index, NO_MEMORY) and self._free_space():
            report = self._try_alone(index, work)
        work.emit(report)

    def _free_space(self) -> bool:
        try:
            return self.cache.free_space()
        except Exception:  # the picture has failed already
            LOGGER.exception("No memory could be freed.")
            return False

    def _try_alone(self, index: int, work: "_Work") -> Finished | Failed:
        work.check_stop()
        recipe = work.batch.recipes[index]
        try:
            loaded = self._load(recipe, work)
            made = sample(loaded.pipeline, recipe, _follow(loaded, work, [index]))
            return _finish(index, recipe, loaded, made)
        except StoppedError:
            raise
        except SeedLabError as error:
            return Failed(index, str(error))
        except Exception as error:  # the edge: whatever torch raises ends only this tile
            LOGGER.exception("A picture could not be made.")
            self._free_memory()
            return Failed(index, _explain(error))

    def _try_together(self, work: "_Work") -> bool:
        """Make the pictures in one call; returns whether that worked. Made alone, each fails with its own sentence."""
        recipes = tuple(work.batch.recipes.values())
        kind = (strip(recipes[0]), len(recipes))
        if len(recipes) == 1 or kind in self._too_large:
            return False
        work.check_stop()
        try:
            made = self._make_together(work)
        except StoppedError:
            raise
        except (NotExactError, SeedLabError):
            return False
        except Exception as error:
            LOGGER.info("This batch is made one by one.", exc_info=True)
            self._free_memory()
            if _explain(error) != NO_MEMORY or not self.cache.evict_others():
                self._remember(kind)
            return False
        for report in made:
            work.emit(report)
        return True

    def _free_memory(self) -> None:
        self.prepack_cache.clear()
        free_memory()

    def _remember(self, kind: tuple[Recipe, int]) -> None:
        # Bounded, because visitors choose the kinds; and memory that was full may be free later.
        if len(self._too_large) >= MAX_TOO_LARGE:
            self._too_large.clear()
        self._too_large.add(kind)

    def _make_together(self, work: "_Work") -> list[Finished]:
        recipes = tuple(work.batch.recipes.values())
        loaded = self._load(recipes[0], work)
        if loaded.prompts is None:
            raise NotExactError

        def announce() -> None:
            for index in work.batch.recipes:
                work.emit(Waiting(index, CALIBRATING))

        samples = sample_batch(
            loaded.pipeline,
            recipes,
            _follow(loaded, work, list(work.batch.recipes)),
            prompts=loaded.prompts,
            plans=self.plans,
            prepack_cache=self.prepack_cache,
            environment_key=f"{loaded.environment.digest} {recipes[0].dtype}",
            announce=announce,
            check_stop=work.check_stop,
        )
        tiles = zip(work.batch.recipes.items(), samples, strict=True)
        return [_finish(index, recipe, loaded, made) for (index, recipe), made in tiles]

    def _load(self, recipe: Recipe, work: "_Work") -> LoadedPipeline:
        check_loras(recipe.loras)  # a file may have been replaced while the batch waited
        return self.cache.load(work.batch.model, recipe.dtype, work.device, recipe.loras)


@dataclass(frozen=True)
class _Work:
    batch: Batch
    device: str
    check_stop: Callable[[], None]
    emit: Emit


def _follow(loaded: LoadedPipeline, work: _Work, indices: Sequence[int]) -> OnStep:
    recipe = work.batch.recipes[indices[0]]

    def on_step(step: int, latents: Any) -> None:
        work.check_stop()
        check_latents(latents)
        steps = max(step, getattr(loaded.pipeline, "num_timesteps", recipe.num_inference_steps))
        for index, preview in zip(indices, _show_previews(loaded, latents, recipe), strict=True):
            work.emit(Progress(index, step, steps, preview))

    return on_step


def _show_previews(loaded: LoadedPipeline, latents: Any, recipe: Recipe) -> Sequence[Image | None]:
    if loaded.preview is None:
        return [None] * len(latents)
    clean = find_clean_latents(loaded.pipeline.scheduler, latents)
    clean = unpack_latents(loaded.pipeline, clean, recipe.height, recipe.width)
    return [loaded.preview.show(clean[index : index + 1]) for index in range(len(clean))]


def _finish(index: int, recipe: Recipe, loaded: LoadedPipeline, made: Sample) -> Finished:
    notices = (*loaded.notices, format_truncation_notice(loaded.pipeline, recipe))
    return Finished(index, made.image, loaded.environment, " ".join(filter(None, notices)), made.checksums)


def _explain(error: Exception) -> str:
    text = str(error)
    if isinstance(error, MemoryError) or any(re.search(words, text) for words in FULL):
        return NO_MEMORY
    line = (text.strip().splitlines() or [type(error).__name__])[0][:160]
    return f"This picture could not be made: {line}"
