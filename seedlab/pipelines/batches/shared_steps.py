"""The steps that pictures with late words have in common: computed once, and kept for the next batch of their round."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from seedlab.core.lru_cache import LRUCache
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.sampling.call import sample
from seedlab.pipelines.sampling.paused import PausedError, PausedRun
from seedlab.pipelines.sampling.steps import OnStep, Step, count_steps

MAX_BYTES = 64 * 2**20

Follow = Callable[[Recipe, Sequence[int]], OnStep]
"""Returns what follows the steps of a recipe, which are those of all pictures with these indices."""

Find = Callable[[Recipe, int], PausedRun | None]
"""Returns the run of a draft with fewer denoising steps than a number; None if there is none."""


@dataclass(frozen=True)
class Key:
    """The steps of a picture without late words, up to the one after which they join."""

    recipe: Recipe
    late_step: int
    environment: str


@dataclass(frozen=True)
class Kept:
    """A run of these steps, which ends where the late words join, or before if it was paused."""

    run: PausedRun
    is_done: bool


class SharedSteps:
    """Paused runs of pictures without their late words; the least recently used ones are dropped.

    Args:
        max_bytes: the most memory that they take.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._runs: LRUCache[Key, Kept] = LRUCache(max_bytes, lambda kept: kept.run.bytes)

    def start(
        self,
        pipeline: Any,
        recipes: Mapping[int, Recipe],
        environment: str,
        follow: Follow,
        find: Find = lambda _recipe, _below: None,
    ) -> dict[int, PausedRun]:
        """Return the runs of a batch's pictures, paused where their late words join; {} if they share no steps.

        Args:
            pipeline: with the scheduler that it was saved with.
            recipes: of the batch, by index; their words join after the same step.
            environment: the digest of the environment that they are made in.
            find: finds drafts from which the steps can go on.

        Raises:
            PausedError: a follower asked for a pause. The next call goes on from there.
        """
        groups: dict[Key, list[int]] = {}
        for index, recipe in recipes.items():
            common = replace(recipe, late_prompt="", late_step=0)
            groups.setdefault(Key(common, recipe.late_step, environment), []).append(index)
        if len(groups) == len(recipes) or not all(key.late_step for key in groups):
            return {}
        runs = {key: self._run(pipeline, key, follow(key.recipe, indices), find) for key, indices in groups.items()}
        return {index: runs[key] for key, indices in groups.items() for index in indices}

    def _run(self, pipeline: Any, key: Key, follow: OnStep, find: Find) -> PausedRun:
        is_done = False

        def on_step(step: Step) -> bool:
            nonlocal is_done
            is_done = step.number == count_steps(pipeline.scheduler, key.late_step)
            return bool(follow(step)) or is_done

        kept = self._runs.get(key) or _find(find, key)
        if kept is not None and kept.is_done:
            self._runs.put(key, kept)
            return kept.run
        try:
            sample(pipeline, key.recipe, on_step, start=[kept.run] if kept else ())
        except PausedError as error:
            (run,) = error.runs
            self._runs.put(key, Kept(run, is_done))
            if not is_done:
                raise
            return run
        raise AssertionError("late words join before the last step")


def _find(find: Find, key: Key) -> Kept | None:
    run = find(key.recipe, key.late_step + 1)
    return None if run is None else Kept(run, run.draft_steps == key.late_step)
