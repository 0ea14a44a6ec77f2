"""The paused runs of drafts, from which their pictures are finished later, in a bounded folder without an index."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.storage.files import delete_abandoned, delete_least_used, mark_used
from seedlab.pipelines.sampling.paused import PausedRun
from seedlab.pipelines.sampling.paused_files import load, save

LOGGER = logging.getLogger(__name__)
SUFFIX = ".safetensors"


@dataclass(frozen=True)
class RunStore:
    """Keeps the paused run of each draft, by its recipe and environment. Several processes may share the folder.

    A run that is missing, damaged or of another picture is as good as none: the picture is made from its first step,
    with the same bytes.

    Attributes:
        folder: is created with the first run; None to keep none.
        limit_bytes: the total size above which the least recently used runs are deleted.
    """

    folder: Path | None
    limit_bytes: int

    def has_any(self, recipes: Iterable[Recipe]) -> bool:
        """Whether there is a run of one of these recipes, in whatever environment."""
        if self.folder is None:
            return False
        with suppress(OSError):
            kept = {file.name.partition("-")[0] for file in self.folder.iterdir()}
            return any(recipe.fingerprint in kept for recipe in recipes)
        return False

    def find(self, recipe: Recipe, environment: Environment, below: int | None) -> PausedRun | None:
        """Return the run of a recipe in an environment; None if there is none.

        Args:
            recipe: of the picture.
            environment: in which it is made now.
            below: the number of denoising steps that the run must be short of; None for any.
        """
        if self.folder is None:
            return None
        file = _name(self.folder, recipe, environment)
        try:
            run = load(file, _own(recipe, environment))
        except SeedLabError:
            return None
        mark_used(file)
        steps = run.draft_steps
        is_usable = steps is not None and steps < (recipe.num_inference_steps if below is None else below)
        return run if is_usable else None

    def keep(self, recipe: Recipe, environment: Environment, run: PausedRun) -> None:
        """Write a run, in place of an earlier one of this recipe. If it cannot be written, it is not kept."""
        if self.folder is None or run.bytes > self.limit_bytes:
            return
        file = _name(self.folder, recipe, environment)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            save(run, file, _own(recipe, environment))
        except (OSError, TypeError) as error:
            LOGGER.info("A paused run could not be kept: %s", error)

    def forget(self, recipe: Recipe, environment: Environment) -> None:
        """Delete the run of a recipe whose picture is finished."""
        if self.folder is not None:
            with suppress(OSError):
                _name(self.folder, recipe, environment).unlink(missing_ok=True)

    def make_room(self) -> None:
        """Delete the least recently used runs while all together are larger than the limit."""
        if self.folder is not None:
            delete_least_used(self.folder, lambda name: name.endswith(SUFFIX), self.limit_bytes)

    def sweep(self) -> None:
        """Delete the temporary files that killed processes left."""
        if self.folder is not None:
            delete_abandoned(self.folder)


NO_RUNS = RunStore(None, 0)


def _name(folder: Path, recipe: Recipe, environment: Environment) -> Path:
    return folder / f"{recipe.fingerprint}-{environment.digest[:16]}{SUFFIX}"


def _own(recipe: Recipe, environment: Environment) -> str:
    return f"{recipe.fingerprint} {environment.digest}"
