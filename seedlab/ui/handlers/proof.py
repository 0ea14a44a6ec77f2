"""Event handlers of what proves a picture: its verification, and its script. See `seedlab.ui.handlers.page`."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from seedlab.core.errors import SeedLabError
from seedlab.ui.handlers.outputs import Outputs, lose
from seedlab.ui.handlers.reading import PageHandlers
from seedlab.ui.page_session import PageSession
from seedlab.ui.views.browser_state import read_indices, read_numbers
from seedlab.ui.views.captions import name_picture
from seedlab.ui.views.updates import LOST


class ProofHandlers(PageHandlers):
    """The event handlers of Verify and of exported scripts."""

    def verify(self, event: gr.EventData, page: PageSession | None) -> Iterator[Any]:
        """Generate a picture again on its own and compare the bytes. Yields: update."""
        if page is None:
            yield LOST
            return
        try:
            round_id, index = read_numbers(event, "round", "index")
            with closing(page.verify(round_id, index, self._services.verify)) as updates:
                yield from updates
        except SeedLabError:
            # The tile does not exist, so there is no place for an error: only refresh the page.
            yield page.update()

    def write_script(self, event: gr.EventData, page: PageSession | None) -> Outputs:
        """Export a tile, its round, or those that `indices` names, as a script. Outputs: update, error."""
        if page is None:
            return lose(1)
        message = ""
        try:
            (round_id,) = read_numbers(event, "round")
            self._write_script(page, round_id, event._data.get("index"), read_indices(event))
        except SeedLabError as error:
            message = str(error)
        return page.update(), message

    def _write_script(
        self, page: PageSession, round_id: int, index: object, indices: tuple[int, ...] | None = None
    ) -> None:
        round_ = page.session.trail.round(round_id)
        if index is None:
            tiles = round_.tiles if indices is None else [page.session.trail.tile(round_id, each) for each in indices]
            some = "" if indices is None else f", {len(tiles)} of {len(round_.tiles)} pictures"
            page.show_script(self._services.write_script([tile.recipe for tile in tiles]), round_.title + some)
            return
        if not isinstance(index, int):
            raise SeedLabError("This picture no longer exists: generate it again.")
        tile = page.session.trail.tile(round_id, index)
        caption = round_.caption(index)
        steps = tile.recipe.num_inference_steps
        whole = "" if tile.draft_steps is None else f", the whole picture of {steps} steps"
        page.show_script(self._services.write_script([tile.recipe]), f"{name_picture(tile, caption)}{whole}")
