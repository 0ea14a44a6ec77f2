"""Looks in the store for the pictures of a session's tiles, before any is made."""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait

from seedlab.core.errors import SeedLabError
from seedlab.core.picture import Picture
from seedlab.core.recipes.recipe import Recipe
from seedlab.workflow.trails.shared import SharedTrail
from seedlab.workflow.trails.tile import State, Tile
from seedlab.workflow.trails.trail import Trail

LOGGER = logging.getLogger(__name__)

LOOKUP_SECONDS = 0.3
"""How long looking in the store may take before the tile says so."""

Find = Callable[[Recipe, int | None], Picture | None]
"""Looks in the store for the picture of this recipe from the present environment.

If it is not there, for its draft that was paused after so many steps; None for no draft."""


class Lookups:
    """What was looked up for a session. All methods are thread-safe."""

    def __init__(self, find: Find, shared: SharedTrail) -> None:
        self._find, self._shared = find, shared
        self._done: set[str] = set()

    def is_known(self, tile: Tile) -> bool:
        """Whether a tile's state is final: tiles of a restored trail are STOPPED until the store was searched."""
        return tile.state is not State.STOPPED or tile.recipe.fingerprint in self._done

    def is_wanted(self, tile: Tile) -> bool:
        """Whether a tile waits, or its picture may be in the store."""
        return tile.state is State.WAITING or not self.is_known(tile)

    def end(self) -> None:
        """Look for no more of the tiles on the path: a click looks again."""
        with self._shared.lock:
            visible = self._shared.trail.visible
            self._done.update(tile.recipe.fingerprint for round_ in visible for tile in round_.tiles)

    def look_up_all(self) -> Iterator[Trail]:
        """Take the tiles on the path from the store; after a reload or a restart, these are all tiles.

        The first lookup takes seconds, because it imports the libraries, so it runs in a thread of its own.
        """
        lookups = ThreadPoolExecutor(1, thread_name_prefix="store")
        due = 0.0
        try:
            for round_ in self._shared.trail.visible:
                for index, tile in enumerate(round_.tiles):
                    if self.is_wanted(tile):
                        finding = lookups.submit(self._find, tile.recipe, round_.draft_steps)
                        yield from self._wait_for(round_.id, index, finding)
                        self._show_found(round_.id, index, finding)
                        # After a long visit hundreds are found: an update for each would take most of the time.
                        if time.monotonic() >= due:
                            yield self._shared.trail
                            due = time.monotonic() + LOOKUP_SECONDS
            yield self._shared.trail
        finally:
            # Not waited for: the page's event loop may be closing this generator.
            lookups.shutdown(wait=False, cancel_futures=True)

    def _wait_for(self, round_id: int, index: int, finding: "Future[Picture | None]") -> Iterator[Trail]:
        while not wait([finding], LOOKUP_SECONDS).done:
            self._shared.change_unless_done(round_id, index, sentence="Getting ready…")
            yield self._shared.trail

    def _show_found(self, round_id: int, index: int, finding: "Future[Picture | None]") -> None:
        recipe = self._shared.trail.tile(round_id, index).recipe
        error = finding.exception()
        if error is not None and not isinstance(error, SeedLabError):
            LOGGER.error("Looking in the store failed.", exc_info=error)
        # A SeedLabError means that the model was not found: there is nothing to show, and generating will say why.
        elif error is None and (picture := finding.result()) is not None:
            self._shared.show(recipe, picture)
        with self._shared.lock:
            self._done.add(recipe.fingerprint)
            # Clears “Getting ready…”.
            self._shared.change_all(round_id, (State.STOPPED,), State.STOPPED)
