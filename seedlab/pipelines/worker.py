"""Makes a batch of pictures, in turns: in one pipeline call if that is exact, otherwise one by one."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

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
from seedlab.pipelines.sampling.paused import PausedError, PausedRun
from seedlab.pipelines.sampling.preview import unpack_latents
from seedlab.pipelines.sampling.steps import OnStep, Step
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


@dataclass(frozen=True, kw_only=True)
class Work:
    """A batch, or what is left of one that has given way to others.

    Attributes:
        batch: the unfinished recipes.
        together: whether they may be made in one call.
        paused: the runs that have begun, by index.
    """

    batch: Batch
    together: bool = True
    paused: Mapping[int, PausedRun] = field(default_factory=dict)

    @property
    def recipes(self) -> Mapping[int, Recipe]:
        """The unfinished recipes, by the index that their reports have."""
        return self.batch.recipes

    def find_starts(self, *indices: int) -> tuple[PausedRun, ...]:
        """Return the paused runs of these recipes; empty if one of them has to begin at its first step."""
        runs = tuple(self.paused[index] for index in indices if index in self.paused)
        return runs if len(runs) == len(indices) else ()

    def leave_out(self, index: int) -> Self:
        """Return the work without one of its recipes."""
        recipes = {other: recipe for other, recipe in self.recipes.items() if other != index}
        return replace(self, batch=replace(self.batch, recipes=recipes))


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What happens during one turn of some work.

    Attributes:
        device: that the pictures are made on.
        emit: gets the reports.
        check_stop: is called at every step, and raises StoppedError to end the work.
        is_over: is called at every step; returns whether the work has to give way.
        note_loaded: is called when the model is in memory.
    """

    device: str
    emit: Emit
    check_stop: Callable[[], None]
    is_over: Callable[[], bool]
    note_loaded: Callable[[], None]


@dataclass
class BatchRunner:
    """Makes batches of pictures, one at a time.

    Attributes:
        cache: the loaded pipelines.
        plans: what is known about exact batches.
        prepack_cache: the prepacked weights of the last batch's plan.
    """

    cache: PipelineCache
    plans: Plans
    prepack_cache: PrepackCache
    _too_large: set[tuple[Recipe, int]] = field(default_factory=set)

    def run(self, work: Work, turn: Turn) -> Work | None:
        """Work on a batch for one turn. Every tile ends with Finished or Failed, unless the work is stopped.

        Returns:
            What is left to do in another turn; None if nothing is, or the work was stopped.
        """
        try:
            if work.together and len(work.recipes) > 1:
                if self._try_together(work, turn):
                    return None
                work = replace(work, together=False)
            return self._make_one_by_one(work, turn)
        except StoppedError:
            return None
        except PausedError as error:
            return replace(work, paused=dict(zip(work.recipes, error.runs, strict=True)))

    def _make_one_by_one(self, work: Work, turn: Turn) -> Work | None:
        while True:
            index = next(iter(work.recipes))
            try:
                self._make_alone(index, work, turn)
            except PausedError as error:
                return replace(work, paused={**work.paused, index: error.runs[0]})
            work = work.leave_out(index)
            if not work.recipes:
                return None
            if turn.is_over():
                return work

    def _make_alone(self, index: int, work: Work, turn: Turn) -> None:
        """Make one picture; retries while memory is short and more can be freed. A failure ends only this tile."""
        report = self._try_alone(index, work, turn)
        while report == Failed(index, NO_MEMORY) and self._free_space():
            report = self._try_alone(index, work, turn)
        turn.emit(report)

    def _free_space(self) -> bool:
        try:
            return self.cache.free_space()
        except Exception:  # the picture has failed already
            LOGGER.exception("No memory could be freed.")
            return False

    def _try_alone(self, index: int, work: Work, turn: Turn) -> Finished | Failed:
        turn.check_stop()
        recipe = work.recipes[index]
        try:
            loaded = self._load(recipe, work, turn)
            start = work.find_starts(index)
            made = sample(loaded.pipeline, recipe, _follow(loaded, recipe, [index], turn), start=start)
            return _finish(index, recipe, loaded, made)
        except (StoppedError, PausedError):
            raise
        except SeedLabError as error:
            return Failed(index, str(error))
        except Exception as error:  # the edge: whatever torch raises ends only this tile
            LOGGER.exception("A picture could not be made.")
            self._free_memory()
            return Failed(index, _explain(error))

    def _try_together(self, work: Work, turn: Turn) -> bool:
        """Make the pictures in one call; returns whether that worked. Made alone, each fails with its own sentence."""
        recipes = tuple(work.recipes.values())
        kind = (strip(recipes[0]), len(recipes))
        if kind in self._too_large:
            return False
        turn.check_stop()
        try:
            made = self._make_together(work, turn)
        except (StoppedError, PausedError):
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
            turn.emit(report)
        return True

    def _free_memory(self) -> None:
        self.prepack_cache.clear()
        free_memory()

    def _remember(self, kind: tuple[Recipe, int]) -> None:
        # Bounded, because visitors choose the kinds; and memory that was full may be free later.
        if len(self._too_large) >= MAX_TOO_LARGE:
            self._too_large.clear()
        self._too_large.add(kind)

    def _make_together(self, work: Work, turn: Turn) -> list[Finished]:
        recipes = tuple(work.recipes.values())
        loaded = self._load(recipes[0], work, turn)
        if loaded.prompts is None:
            raise NotExactError

        def announce() -> None:
            for index in work.recipes:
                turn.emit(Waiting(index, CALIBRATING))

        samples = sample_batch(
            loaded.pipeline,
            recipes,
            _follow(loaded, recipes[0], list(work.recipes), turn),
            prompts=loaded.prompts,
            plans=self.plans,
            prepack_cache=self.prepack_cache,
            environment_key=f"{loaded.environment.digest} {recipes[0].dtype}",
            announce=announce,
            check_stop=turn.check_stop,
            start=work.find_starts(*work.recipes),
        )
        tiles = zip(work.recipes.items(), samples, strict=True)
        return [_finish(index, recipe, loaded, made) for (index, recipe), made in tiles]

    def _load(self, recipe: Recipe, work: Work, turn: Turn) -> LoadedPipeline:
        check_loras(recipe.loras)  # a file may have been replaced while the batch waited
        loaded = self.cache.load(work.batch.model, recipe.dtype, turn.device, recipe.loras)
        turn.note_loaded()
        return loaded


def _follow(loaded: LoadedPipeline, recipe: Recipe, indices: Sequence[int], turn: Turn) -> OnStep:
    def on_step(step: Step) -> bool:
        turn.check_stop()
        check_latents(step.latents)
        # Heun and similar schedulers have more steps than the recipe asks for.
        steps = max(step.number, len(loaded.pipeline.scheduler.timesteps))
        for index, preview in zip(indices, _show_previews(loaded, step.clean, recipe), strict=True):
            turn.emit(Progress(index, step.number, steps, preview))
        return step.number < steps and turn.is_over()

    return on_step


def _show_previews(loaded: LoadedPipeline, clean: Any, recipe: Recipe) -> Sequence[Image | None]:
    if loaded.preview is None:
        return [None] * len(clean)
    clean = unpack_latents(loaded.pipeline, clean, recipe.height, recipe.width)
    return [loaded.preview.show(clean[index : index + 1]) for index in range(len(clean))]


def _finish(index: int, recipe: Recipe, loaded: LoadedPipeline, made: Sample) -> Finished:
    notices = dict.fromkeys((*loaded.notices, *made.notices, format_truncation_notice(loaded.pipeline, recipe)))
    return Finished(index, made.image, loaded.environment, " ".join(filter(None, notices)), made.checksums)


def _explain(error: Exception) -> str:
    text = str(error)
    if isinstance(error, MemoryError) or any(re.search(words, text) for words in FULL):
        return NO_MEMORY
    line = (text.strip().splitlines() or [type(error).__name__])[0][:160]
    return f"This picture could not be made: {line}"
