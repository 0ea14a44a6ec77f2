"""The work on a batch: which of its pictures are unfinished, from where they go on, and what happens in one turn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.work import measure_work
from seedlab.core.reports import Failed, Finished, Progress, Report
from seedlab.pipelines.exact.batch_sizes import GUIDE_BATCH, MAX_BATCH
from seedlab.pipelines.executor import Batch
from seedlab.pipelines.sampling.paused import PausedRun
from seedlab.pipelines.sampling.stages import Source


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """How far the earlier stages are, which all pictures of a batch share.

    Attributes:
        done: how many are finished.
        source: the last finished one, from which the next starts.
        paused: the run of the next one, if it has begun.
    """

    done: int = 0
    source: Source | None = None
    paused: PausedRun | None = None


@dataclass(frozen=True, kw_only=True)
class Work:
    """A batch, or what is left of one that has given way to others.

    Attributes:
        batch: the unfinished recipes.
        at_most: how many of them one call may make.
        paused: the runs that have begun, by index.
        kept: the indices of those that were on disk.
        is_looked_up: whether runs were looked for on disk.
        earlier: how far the stages are that come before the batch's own.
    """

    batch: Batch
    at_most: int = MAX_BATCH
    paused: Mapping[int, PausedRun] = field(default_factory=dict)
    kept: frozenset[int] = frozenset()
    is_looked_up: bool = False
    earlier: Earlier = Earlier()

    @property
    def recipes(self) -> Mapping[int, Recipe]:
        """The unfinished recipes, by the index that their reports have."""
        return self.batch.recipes

    @property
    def next_stage(self) -> Recipe | None:
        """The recipe of the earlier stage that is made next; None if the batch's own pictures are."""
        stages = next(iter(self.recipes.values())).stages[:-1] if self.recipes else ()
        return stages[self.earlier.done] if self.earlier.done < len(stages) else None

    @property
    def source(self) -> Source | None:
        """What the next stage starts from, or where none is left the batch's own pictures; None for noise."""
        if self.earlier.source is not None:
            return self.earlier.source
        picture = self.batch.inputs.get(next(iter(self.recipes), -1))
        return None if picture is None else Source(picture)

    @property
    def draft_steps(self) -> int | None:
        """After how many denoising steps to pause; None to finish, as where the recipes have no more.

        Pictures that start from another have no drafts: they look like it from the first step on.
        """
        steps = self.batch.draft_steps
        if any(recipe.start is not None for recipe in self.recipes.values()):
            return None
        counts = {recipe.num_inference_steps for recipe in self.recipes.values()}  # one: they can share a call
        return steps if steps is not None and all(steps < count for count in counts) else None

    def list_next(self) -> tuple[int, ...]:
        """Return the indices of the recipes to make next: the first, and those that one call can make with it."""
        step = self._find_step(next(iter(self.recipes)))
        return tuple(index for index in self.recipes if self._find_step(index) == step)[: self.at_most]

    def count_left(self, index: int) -> int:
        """Count the steps of a picture that are left."""
        steps = self.recipes[index].num_inference_steps if self.draft_steps is None else self.draft_steps
        return max(steps - self._find_step(index), 0)

    def find_starts(self, *indices: int) -> tuple[PausedRun, ...]:
        """Return the paused runs of these recipes; empty if one of them has to begin at its first step."""
        runs = tuple(self.paused[index] for index in indices if index in self.paused)
        return runs if len(runs) == len(indices) else ()

    def pause(self, runs: Mapping[int, PausedRun]) -> Self:
        """Return the work with runs that were paused."""
        return replace(self, paused={**self.paused, **runs})

    def finish_stage(self, source: Source) -> Self:
        """Return the work with its next earlier stage finished."""
        return replace(self, earlier=Earlier(done=self.earlier.done + 1, source=source))

    def pause_stage(self, run: PausedRun) -> Self:
        """Return the work with the paused run of its next earlier stage."""
        return replace(self, earlier=replace(self.earlier, paused=run))

    def start_from(self, kept: Mapping[int, PausedRun]) -> Self:
        """Return the work with what was found on disk."""
        return replace(self, paused={**self.paused, **kept}, kept=frozenset(kept), is_looked_up=True)

    def retry(self, images: int) -> Self:
        """Return the work after a call that made so many images failed: a smaller one may do, or single pictures."""
        return replace(self, at_most=images // 2 if images > GUIDE_BATCH else 1)

    def start_anew(self, index: int) -> Self:
        """Return the work with one of its recipes at its first step."""
        paused = {other: run for other, run in self.paused.items() if other != index}
        return replace(self, paused=paused, kept=self.kept - {index})

    def select(self, *indices: int) -> Self:
        """Return the work on some of its recipes."""
        return replace(self, batch=replace(self.batch, recipes={index: self.recipes[index] for index in indices}))

    def leave_out(self, *indices: int) -> Self:
        """Return the work without some of its recipes."""
        return self.select(*(index for index in self.recipes if index not in indices))

    def _find_step(self, index: int) -> int:
        return self.paused[index].step if index in self.paused else 0


@dataclass(frozen=True)
class Made:
    """A picture or a draft, and the run from which the draft can be finished."""

    report: Finished
    run: PausedRun | None


Emit = Callable[[Report], None]


class WorkLeft:
    """Follows how much is left of a batch, in pixels that are denoised. Its methods are called from one thread."""

    def __init__(self, work: Work) -> None:
        self._whole = {index: measure_work(recipe, work.draft_steps) for index, recipe in work.recipes.items()}
        self._left = {index: measure_work(recipe, work.count_left(index)) for index, recipe in work.recipes.items()}

    def note(self, report: Report) -> None:
        """Take in a report of the work."""
        match report:
            case Progress(index=index, step=step, steps=steps):
                self._left[index] = self._whole[index] * (1 - step / steps)
            case Finished() | Failed():
                self._left[report.index] = 0.0

    def follow(self, emit: Emit) -> Emit:
        """Return a function that takes in each report, and passes it on."""

        def note(report: Report) -> None:
            self.note(report)
            emit(report)

        return note

    @property
    def size(self) -> float:
        """How much is left now."""
        return sum(self._left.values())


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
