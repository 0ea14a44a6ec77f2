"""The work on a batch: which of its pictures are unfinished, from where they go on, and what happens in one turn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from seedlab.core.recipe import Recipe
from seedlab.core.reports import Report
from seedlab.pipelines.executor import Batch
from seedlab.pipelines.sampling.paused import PausedRun


@dataclass(frozen=True, kw_only=True)
class Work:
    """A batch, or what is left of one that has given way to others.

    Attributes:
        batch: the unfinished recipes.
        together: whether they may be made in one call.
        paused: the runs that have begun, by index.
        kept: the indices of those that were on disk.
        is_looked_up: whether runs were looked for on disk.
    """

    batch: Batch
    together: bool = True
    paused: Mapping[int, PausedRun] = field(default_factory=dict)
    kept: frozenset[int] = frozenset()
    is_looked_up: bool = False

    @property
    def recipes(self) -> Mapping[int, Recipe]:
        """The unfinished recipes, by the index that their reports have."""
        return self.batch.recipes

    @property
    def draft_steps(self) -> int | None:
        """After how many denoising steps to pause; None to finish, as where the recipes have no more."""
        steps = self.batch.draft_steps
        counts = {recipe.num_inference_steps for recipe in self.recipes.values()}  # one: they can share a call
        return steps if steps is not None and all(steps < count for count in counts) else None

    def list_next(self) -> tuple[int, ...]:
        """Return the indices of the recipes to make next: the first, and those that one call can make with it."""
        first, *others = self.recipes
        if not self.together:
            return (first,)
        return (first, *(index for index in others if self._find_step(index) == self._find_step(first)))

    def find_starts(self, *indices: int) -> tuple[PausedRun, ...]:
        """Return the paused runs of these recipes; empty if one of them has to begin at its first step."""
        runs = tuple(self.paused[index] for index in indices if index in self.paused)
        return runs if len(runs) == len(indices) else ()

    def pause(self, runs: Mapping[int, PausedRun]) -> Self:
        """Return the work with runs that were paused."""
        return replace(self, paused={**self.paused, **runs})

    def start_from(self, kept: Mapping[int, PausedRun]) -> Self:
        """Return the work with what was found on disk."""
        return replace(self, paused={**self.paused, **kept}, kept=frozenset(kept), is_looked_up=True)

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


Emit = Callable[[Report], None]


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
