"""What the panel is about: the locked picture, which its button varies, or nothing, where it makes a round of seeds."""

from dataclasses import dataclass
from typing import Any

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.seeds import write_seeds
from seedlab.ui.views.view import find_focus
from seedlab.workflow.trails.trail import State, Trail

LONG_SEED = 8
"""Digits. The button has no room for more."""

Place = tuple[int, int]
"""(round id, tile index)."""


@dataclass(frozen=True)
class Subject:
    """What the panel is about.

    Attributes:
        key: changes with it.
        place: of the locked picture; None where none is locked.
        recipe: of the locked picture, or of the first picture on the screen; None for an empty trail.
    """

    key: str
    place: Place | None
    recipe: Recipe | None

    @property
    def name(self) -> str:
        """The locked picture's name: "seed 2"; "" where none is locked."""
        if self.place is None or self.recipe is None:
            return ""
        seed = str(self.recipe.seed)
        return f"seed {seed}" if len(seed) <= LONG_SEED else "the locked seed"

    def to_dict(self) -> dict[str, Any]:
        """Return what the page is sent."""
        return {"key": self.key, "locked": self.name}


def find_subject(trail: Trail, released: int | None = None) -> Subject:
    """Return what the panel is about.

    It is the picture from which the round on the screen was made. A round with a single picture is about that
    picture: the next edit continues from it.

    Args:
        released: the id of the round that was on the screen when the user unlocked its picture.
    """
    focus = find_focus(trail)
    if focus is None:
        return Subject("", None, None)
    place = None if focus == released else _find_place(trail, focus)
    if place is None:
        root = trail.visible[0]
        return Subject(f"root {root.id}", None, root.tiles[0].recipe)
    return Subject("{} {}".format(*place), place, trail.tile(*place).recipe)


def _find_place(trail: Trail, focus: int) -> Place | None:
    round_ = trail.round(focus)
    if round_.parent is None:
        return None
    is_single = len(round_.tiles) == 1 and round_.tiles[0].state is State.DONE
    return (focus, 0) if is_single else round_.parent


def write_root_seeds(trail: Trail) -> str:
    """Return the seeds of the first round on the screen, as they are typed."""
    return write_seeds([tile.recipe.seed for tile in trail.visible[0].tiles])
