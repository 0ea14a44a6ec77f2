"""Live words: drafts of what is being typed. They are shown, and not kept."""

from collections.abc import Callable, Generator
from threading import Event

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Report
from seedlab.workflow.drafts import choose_draft_steps

DraftFor = Callable[[Recipe, int | None, Event, str], Generator[Report, None, None]]
"""Makes a draft of a recipe while nobody waits for a picture: (recipe, draft steps or None, stop, visitor)."""

HAS_START = "This picture starts from another one, and such pictures have no drafts: press the button to make it."


def choose_live_steps(model: Model, recipe: Recipe) -> int | None:
    """Return after how many denoising steps the draft of a recipe is shown; None for a picture of a single step.

    Raises:
        SeedLabError: the picture starts from another one.
    """
    if recipe.start is not None:
        raise SeedLabError(HAS_START)
    try:
        return choose_draft_steps(model, recipe)
    except RecipeError:
        return None
