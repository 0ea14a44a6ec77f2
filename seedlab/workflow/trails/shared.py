"""The trail of a session, and the changes of its tiles, which several threads make."""

from collections.abc import Iterable, Sequence
from threading import RLock
from typing import Any

from seedlab.core.picture import Picture
from seedlab.core.recipes.recipe import Recipe
from seedlab.workflow.trails.tile import UNFINISHED, State, show_draft, show_picture, stop_tile
from seedlab.workflow.trails.trail import Round, Trail


class SharedTrail:
    """A trail that is replaced by a changed one, under a lock. All methods are thread-safe.

    Attributes:
        lock: to be held for several changes that belong together.
    """

    def __init__(self, trail: Trail) -> None:
        self.trail, self.lock = trail, RLock()

    def change(self, round_id: int, index: int, **changes: Any) -> None:
        """Change a tile."""
        with self.lock:
            self.trail = self.trail.with_tile(round_id, index, **changes)

    def change_unless_done(self, round_id: int, index: int, **changes: Any) -> None:
        """Change a tile whose picture is not finished."""
        # A picture opened from a file may be there by now. It stays, and Verify compares with its pixels.
        with self.lock:
            if self.trail.tile(round_id, index).state is not State.DONE:
                self.change(round_id, index, **changes)

    def change_unfinished(self, round_id: int, index: int, **changes: Any) -> None:
        """Change a tile that waits or runs."""
        # A report that arrives after Stop must not restart the tile.
        with self.lock:
            if self.trail.tile(round_id, index).state in UNFINISHED:
                self.change(round_id, index, **changes)

    def change_all(self, round_id: int, states: Sequence[State], to: State) -> None:
        """Give another state to all tiles of a round that have one of these states, without progress."""
        with self.lock:
            for index, tile in enumerate(self.trail.round(round_id).tiles):
                if tile.state in states:
                    self._restart(round_id, index, to)

    def request(self, round_id: int, index: int) -> None:
        """Let a tile wait."""
        self._restart(round_id, index, State.WAITING)

    def stop(self, round_id: int, indices: Iterable[int]) -> None:
        """Stop those of a round's tiles that wait or run."""
        with self.lock:
            for index in indices:
                self.change_unfinished(round_id, index, **stop_tile(self.trail.tile(round_id, index)))

    def show(self, recipe: Recipe, picture: Picture) -> None:
        """Show a picture or a draft in all rounds that have its recipe: it is neither looked up nor made again."""
        with self.lock:
            for round_ in self.trail.rounds:
                for index, tile in enumerate(round_.tiles):
                    if is_same(tile.recipe, recipe):
                        self.change_unless_done(round_.id, index, **_show_in(round_, index, picture))

    def _restart(self, round_id: int, index: int, state: State) -> None:
        fraction = self.trail.tile(round_id, index).kept_fraction
        self.change(round_id, index, state=state, fraction=fraction, preview=None, sentence="")


def is_same(one: Recipe, other: Recipe) -> bool:
    """Whether two recipes are equal. Most of a trail's differ in these two fields, which are quickly compared."""
    return one.seed == other.seed and one.prompt == other.prompt and one == other


def _show_in(round_: Round, index: int, picture: Picture) -> dict[str, Any]:
    """Return what changes about a tile whose picture or draft is there."""
    if picture.draft_steps is None:
        return show_picture(picture.file, picture.notice)
    tile = round_.tiles[index]
    shown = show_draft(tile, picture.file, picture.notice, picture.draft_steps)
    wants_more = tile.finishing or round_.draft_steps is None or picture.draft_steps < round_.draft_steps
    if tile.state in UNFINISHED and wants_more:
        return shown | {"state": State.WAITING, "sentence": "", "finishing": tile.finishing}
    # In a round of whole pictures, a click asks for one.
    return {} if round_.draft_steps is None else shown
