"""Makes a batch of pictures, in turns: in one pipeline call if that is exact, otherwise one by one."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished
from seedlab.pipelines.batches.failures import NO_MEMORY, explain
from seedlab.pipelines.batches.following import follow_tiles
from seedlab.pipelines.batches.joint_calls import JointCalls
from seedlab.pipelines.batches.shared_steps import SharedSteps
from seedlab.pipelines.batches.stages import FinishedPictures, make_stage, take_source
from seedlab.pipelines.batches.work import Made, Turn, Work
from seedlab.pipelines.devices.environment import note_libraries
from seedlab.pipelines.devices.memory import free_memory
from seedlab.pipelines.exact.batch_sizes import GUIDE_BATCH, BatchSizes
from seedlab.pipelines.exact.caches import BatchCaches
from seedlab.pipelines.exact.graphs import replay_calls
from seedlab.pipelines.exact.plans import NotExactError
from seedlab.pipelines.loaded.cache import LoadedPipeline, PipelineCache
from seedlab.pipelines.loaded.loras.lines import check_loras
from seedlab.pipelines.run_store import RunStore
from seedlab.pipelines.sampling.call import Sample, sample
from seedlab.pipelines.sampling.paused import PausedError, PausedRun
from seedlab.pipelines.sampling.prompts.tokens import format_truncation_notice
from seedlab.pipelines.sampling.stages import Source
from seedlab.pipelines.sampling.steps import OnStep, find_denoiser
from seedlab.pipelines.work_queue import StoppedError

LOGGER = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass
class BatchRunner:
    """Makes batches of pictures, one at a time.

    Attributes:
        cache: the loaded pipelines.
        caches: what is kept from one batch to the next.
        sizes: how many images pay in one call.
        runs: the paused runs of drafts.
    """

    cache: PipelineCache
    caches: BatchCaches
    sizes: BatchSizes
    runs: RunStore
    _shared_steps: SharedSteps = field(default_factory=SharedSteps)
    _pictures: FinishedPictures = field(default_factory=FinishedPictures)

    def __post_init__(self) -> None:
        self._joint_calls = JointCalls(self._load, self.caches, self.sizes)

    def run(self, work: Work, turn: Turn) -> Work | None:
        """Work on a batch for one turn. Every tile ends with Finished or Failed, unless the work is stopped.

        Returns:
            What is left to do in another turn; None if nothing is, or the work was stopped.
        """
        try:
            work = self._make_stages(self._look_up(work, turn), turn)
            if work.next_stage is not None:
                return work
            work = self._share_steps(work, turn) if work.recipes else work
            while work.recipes:
                work = self._make_next(work, turn)
                if work.recipes and turn.is_over():
                    return work
        except StoppedError:
            pass
        except PausedError:  # before all shared steps were taken
            return work
        return None

    def _look_up(self, work: Work, turn: Turn) -> Work:
        """Look for the drafts from which the pictures can go on."""
        found: dict[int, PausedRun] = {}
        if work.batch.resume and not work.is_looked_up and self.runs.has_any(work.recipes.values()):
            turn.check_stop()
            with suppress(Exception):  # making the pictures says why the model cannot be loaded
                loaded = self._load(next(iter(work.recipes.values())), work, turn)
                for index, recipe in work.recipes.items():
                    if run := self._find_run(loaded, recipe, work.draft_steps):
                        found[index] = run
        return work if work.is_looked_up else work.start_from(found)

    def _make_stages(self, work: Work, turn: Turn) -> Work:
        """Make the earlier stages that the pictures start from, until the turn is over.

        A failure is that of each picture: the work that is returned has none left then.
        """
        while (recipe := work.next_stage) is not None:
            try:
                made = self._retry(partial(self._try_stage, recipe, work, turn))
            except PausedError as error:
                return work.pause_stage(error.runs[0])
            if isinstance(made, str):
                for index in work.recipes:
                    turn.emit(Failed(index, made))
                return work.select()
            work = work.finish_stage(made)
        return work

    def _try_stage(self, recipe: Recipe, work: Work, turn: Turn) -> Source | str:
        """Return an earlier stage, or why it failed."""

        def make() -> Source:
            return make_stage(self._load(recipe, work, turn), recipe, work, turn, self.caches.graphs, self._pictures)

        return self._try(make, turn)

    def _make_next(self, work: Work, turn: Turn) -> Work:
        """Make the next pictures, and return what is left."""
        candidates = work.list_next()
        indices = candidates[: self._joint_calls.choose_size(work, len(candidates), turn)]
        try:
            if len(indices) == 1:
                return self._make_alone(indices[0], work, turn)
            if self._try_together(work.select(*indices), turn):
                return work.leave_out(*indices)
        except PausedError as error:
            return work.pause(dict(zip(indices, error.runs, strict=True)))
        return work.retry(len(indices))

    def _share_steps(self, work: Work, turn: Turn) -> Work:
        """Take the steps that pictures with late words share once for all of them. A failure is that of each picture.

        Raises:
            PausedError: the turn is over.
            StoppedError: the work was stopped.
        """
        recipes, first = work.recipes, next(iter(work.recipes.values()))
        is_new = not work.paused and work.batch.draft_steps is None and work.batch.resume
        if not first.late_step or len(recipes) == 1 or not is_new:
            return work
        turn.check_stop()
        try:
            loaded = self._load(first, work, turn)

            def follow(recipe: Recipe, indices: Sequence[int]) -> OnStep:
                return follow_tiles(loaded, recipe, indices, turn)

            digest, find = loaded.environment.digest, partial(self._find_run, loaded)
            with replay_calls(find_denoiser(loaded.pipeline), self.caches.graphs):
                return work.pause(self._shared_steps.start(loaded.pipeline, recipes, digest, follow, find))
        except (StoppedError, PausedError):
            raise
        except Exception:  # each picture is made from its first step, and fails with its own sentence
            LOGGER.info("These pictures share no steps.", exc_info=True)
            self._free_memory()
            return work

    def _find_run(self, loaded: LoadedPipeline, recipe: Recipe, below: int | None) -> PausedRun | None:
        return self.runs.find(recipe, note_libraries(loaded.environment, recipe), below)

    def _make_alone(self, index: int, work: Work, turn: Turn) -> Work:
        """Make one picture. A failure ends only this tile."""
        made = self._retry(partial(self._try_alone, index, work, turn))
        if isinstance(made, Made):
            self._deliver([made], work, turn)
        elif index in work.kept:
            return work.start_anew(index)  # what was on disk may be to blame
        else:
            turn.emit(Failed(index, made))
        return work.leave_out(index)

    def _retry(self, make: Callable[[], T | str]) -> T | str:
        """Return what is made, or why it failed; retries while memory is short and more can be freed."""
        made = make()
        while made == NO_MEMORY and self._free_space():
            made = make()
        return made

    def _deliver(self, made: Sequence[Made], work: Work, turn: Turn) -> None:
        """Report what was made. Drafts are kept, and the runs of pictures that are finished are not needed any more."""
        for each in made:
            turn.emit(each.report)
        if not work.batch.resume:
            return
        for each in made:
            recipe = work.recipes[each.report.index]
            if each.run is None:
                self.runs.forget(recipe, each.report.environment)
            else:
                self.runs.keep(recipe, each.report.environment, each.run)
        if work.draft_steps is not None:
            self.runs.make_room()

    def _free_space(self) -> bool:
        try:
            return self.cache.free_space()
        except Exception:  # the picture has failed already
            LOGGER.exception("No memory could be freed.")
            return False

    def _try_alone(self, index: int, work: Work, turn: Turn) -> Made | str:
        """Return one picture, or why it failed."""
        recipe = work.recipes[index]

        def make() -> Made:
            loaded = self._load(recipe, work, turn)
            with replay_calls(find_denoiser(loaded.pipeline), self.caches.graphs):
                made = sample(
                    loaded.pipeline,
                    recipe,
                    follow_tiles(loaded, recipe, [index], turn),
                    source=work.source,
                    start=work.find_starts(index),
                    draft_steps=work.draft_steps,
                )
            return self._finish(index, work, loaded, made)

        return self._try(make, turn)

    def _try(self, make: Callable[[], T], turn: Turn) -> T | str:
        """Return what is made, or why it failed, as a sentence."""
        turn.check_stop()
        try:
            return make()
        except (StoppedError, PausedError):
            raise
        except SeedLabError as error:
            return str(error)
        except Exception as error:  # the edge: whatever torch raises ends only this tile
            LOGGER.exception("A picture could not be made.")
            self._free_memory()
            return explain(error)

    def _try_together(self, work: Work, turn: Turn) -> bool:
        """Make the pictures in one call; returns whether that worked. Made alone, each fails with its own sentence."""
        recipes, joint = tuple(work.recipes.values()), self._joint_calls
        if joint.is_too_large(recipes):
            return False
        turn.check_stop()
        try:
            loaded, samples = joint.make(work, turn)
            made = [self._finish(index, work, loaded, each) for index, each in zip(work.recipes, samples, strict=True)]
        except (StoppedError, PausedError):
            raise
        except (NotExactError, SeedLabError):  # of these pictures: others of their kind may well share a call
            return False
        except Exception as error:
            self._forgo(error, work, turn)
            return False
        self._deliver(made, work, turn)
        return True

    def _forgo(self, error: Exception, work: Work, turn: Turn) -> None:
        """Give up making pictures in one call, after a failure of torch."""
        LOGGER.info("This batch is made one by one.", exc_info=error)
        self._free_memory()
        recipes = tuple(work.recipes.values())
        if len(recipes) > GUIDE_BATCH:
            self._joint_calls.make_smaller(work, turn)
            return
        is_too_large = explain(error) != NO_MEMORY or not self.cache.evict_others()
        if is_too_large and not work.kept:  # otherwise what was on disk may be to blame
            self._joint_calls.remember(recipes)

    def _free_memory(self) -> None:
        self.caches.free_memory()
        free_memory()

    def _finish(self, index: int, work: Work, loaded: LoadedPipeline, made: Sample) -> Made:
        recipe = work.recipes[index]
        environment = note_libraries(loaded.environment, recipe)
        if made.paused is None:
            self._pictures.keep(recipe, environment.digest, take_source(loaded.pipeline, recipe, made))
        notices = dict.fromkeys((*loaded.notices, *made.notices, format_truncation_notice(loaded.pipeline, recipe)))
        report = Finished(
            index,
            made.image,
            environment,
            " ".join(filter(None, notices)),
            made.checksums,
            draft_steps=made.paused.draft_steps if made.paused else None,
        )
        return Made(report, made.paused)

    def _load(self, recipe: Recipe, work: Work, turn: Turn) -> LoadedPipeline:
        check_loras(recipe.loras)  # a file may have been replaced while the batch waited
        loaded = self.cache.load(work.batch.model, recipe.dtype, turn.device, recipe.loras)
        turn.note_loaded()
        return loaded
