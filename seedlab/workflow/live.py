"""Live words: drafts of what is being typed. They are shown, and not kept."""

from collections.abc import Callable, Generator, Hashable
from contextlib import closing
from threading import Event, Lock

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Report
from seedlab.workflow.drafts import choose_draft_steps

DraftFor = Callable[[Recipe, int | None, Event, str], Generator[Report, None, None]]
"""Makes a draft of a recipe while nobody waits for a picture: (recipe, draft steps or None, stop, visitor)."""

HAS_START = "This picture starts from another one, and such pictures have no drafts: press the button to make it."


class LiveDrafts:
    """Makes one draft at a time for each visitor: a new one ends the one before it within a step.

    Methods may be called from any thread.
    """

    def __init__(self, make: DraftFor) -> None:
        self._make = make
        self._running: dict[Hashable, Event] = {}
        self._lock = Lock()

    def follow(
        self, recipe: Recipe, draft_steps: int | None, stop: Event, visitor: str
    ) -> Generator[Report, None, None]:
        """Make a draft, yielding its reports. Ends early if another one is begun for this visitor.

        Args:
            draft_steps: see `choose_live_steps`.
            stop: ends the work when it is set; it is set when the work has ended.
            visitor: whose turns the work takes.
        """
        with self._lock:
            if (before := self._running.get(visitor)) is not None:
                before.set()
            self._running[visitor] = stop
        try:
            with closing(self._make(recipe, draft_steps, stop, visitor)) as reports:
                for report in reports:
                    if stop.is_set():
                        return
                    yield report
        finally:
            stop.set()
            with self._lock:
                if self._running.get(visitor) is stop:
                    del self._running[visitor]


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
