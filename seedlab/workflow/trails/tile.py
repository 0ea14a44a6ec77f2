"""Tiles: a recipe, and what has become of it. Frozen."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from PIL.Image import Image

from seedlab.core.recipes.recipe import Recipe
from seedlab.rules.rule import Value
from seedlab.workflow.trails.mark import UNMARKED, Mark


class State(StrEnum):
    """What has become of a tile."""

    WAITING = "waiting"
    RUNNING = "running"
    DRAFT = "draft"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


UNFINISHED = frozenset({State.WAITING, State.RUNNING})


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A recipe and what became of it.

    Attributes:
        value: what the round's rule set for this tile.
        fraction: denoising steps done, 0...1; of those of a draft while that is made.
        preview: a small RGB picture of the latents while it runs.
        file: the finished PNG, or that of a draft.
        sentence: why it waits or failed, the time left, or what to know about the finished picture.
        draft_steps: the number of denoising steps after which the draft in `file` was paused; None without a draft.
        finishing: whether its whole picture was asked for, even if the round is one of drafts.
        mark: what the visitor thinks of it.
    """

    recipe: Recipe
    value: Value
    state: State = State.WAITING
    fraction: float = 0.0
    preview: Image | None = None
    file: Path | None = None
    sentence: str = ""
    draft_steps: int | None = None
    finishing: bool = False
    mark: Mark = UNMARKED

    @property
    def kept_fraction(self) -> float:
        """The part of the denoising steps, 0...1, that is kept when the work is stopped: that of its draft."""
        return 0.0 if self.draft_steps is None else self.draft_steps / self.recipe.num_inference_steps

    def is_draft_of_less(self, draft_steps: int | None) -> bool:
        """Whether it is a draft that was paused before so many steps; None stands for the whole picture."""
        if self.state is not State.DRAFT or self.draft_steps is None:
            return False
        return draft_steps is None or self.draft_steps < draft_steps


def show_picture(file: Path, sentence: str) -> dict[str, Any]:
    """Return what changes about a tile whose picture is finished."""
    done = {"state": State.DONE, "fraction": 1.0, "preview": None, "file": file, "sentence": sentence}
    return done | {"draft_steps": None, "finishing": False}


def show_draft(tile: Tile, file: Path, sentence: str, draft_steps: int) -> dict[str, Any]:
    """Return what changes about a tile whose draft is there."""
    fraction = draft_steps / tile.recipe.num_inference_steps
    found = {"preview": None, "file": file, "sentence": sentence, "draft_steps": draft_steps}
    return found | {"state": State.DRAFT, "fraction": fraction, "finishing": False}


def stop_tile(tile: Tile) -> dict[str, Any]:
    """Return what changes about an unfinished tile whose work is stopped: a draft stays one."""
    if tile.file is not None and tile.draft_steps is not None:
        return show_draft(tile, tile.file, "", tile.draft_steps)
    return {"state": State.STOPPED, "fraction": 0.0, "preview": None, "sentence": ""}
