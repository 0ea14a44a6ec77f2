"""The event handler of pictures that are made ahead. See `seedlab.ui.handlers.page`."""

from contextlib import suppress

import gradio as gr

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.rules.kinds.seeds import Seeds, list_next
from seedlab.ui.handlers.reading import PageHandlers
from seedlab.ui.page_session import PageSession
from seedlab.ui.views.browser_state import read_numbers
from seedlab.workflow.trails.trail import State, Trail

NEXT_SEEDS = 4
"""How many seeds after those of the first round are made ahead, if there are no more than four variations."""


class LikelyHandlers(PageHandlers):
    """The event handler of the tile that the user rests on."""

    def suggest(
        self, event: gr.EventData, page: PageSession | None, rule: str | None, *texts: str | float | None
    ) -> None:
        """Make ahead what a click on a tile would ask for, and then the next seeds. Outputs: none.

        What cannot be made is left to the click, which says why.
        """
        if page is None or self._services.suggest is None:
            return
        with suppress(SeedLabError):
            round_id, index = read_numbers(event, "round", "index")
            tile = page.session.trail.tile(round_id, index)
            if tile.state is State.DONE:
                varied, _ = self._reader.read_rule(tile, rule, texts)
                planned = page.session.plan(round_id, index, varied)
                self._reader.check_round(planned)
                recipes = [each.recipe for each in planned.tiles if each.state is State.WAITING]
                self._services.suggest(page.visitor, [*recipes, *_list_next_seeds(page.session.trail)])


def _list_next_seeds(trail: Trail) -> list[Recipe]:
    """Return the recipes of the seeds after those of the first round; none where it has drafts."""
    first = trail.visible[0]
    if first.draft_steps is not None or not isinstance(first.rule, Seeds):
        return []
    return list_next([tile.recipe for tile in first.tiles], NEXT_SEEDS)
