"""A visitor's session: explore seeds, lock a tile, vary it, and so on. Page and command line share it."""

from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Finished, Generate
from seedlab.rules.change import Lineage
from seedlab.rules.rule import Rule
from seedlab.workflow.sessions.development import Development, NoteTime
from seedlab.workflow.sessions.lookups import Find, Lookups
from seedlab.workflow.sessions.receiving import Keep, Receiver
from seedlab.workflow.trails.joining import add_trail
from seedlab.workflow.trails.mark import Mark
from seedlab.workflow.trails.shared import SharedTrail
from seedlab.workflow.trails.trail import Round, State, Tile, Trail

Check = Callable[[Round], None]
"""Raises SeedLabError where the pictures of a round cannot be made."""

TakeReady = Callable[[Sequence[Recipe]], Mapping[int, Finished]]
"""Returns the pictures that were made ahead, by their places among the recipes, at once."""


class Session:
    """One visitor's trail and the work on it.

    Only rounds on the path are developed, the newest first; in a round of drafts, what is to be finished comes before
    further drafts. A tile that left the screen waits again, and no picture is made twice. All methods are thread-safe.
    One `develop` at a time does the work, including what other threads request in the meantime.
    """

    def __init__(
        self,
        generate: Generate,
        find: Find,
        keep: Keep,
        trail: Trail | None = None,
        note_time: NoteTime = lambda _recipe, _report, _seconds: None,
        take_ready: TakeReady | None = None,
        is_short: Callable[[Recipe], bool] = lambda _: False,
    ) -> None:
        self._take_ready, self._is_short = take_ready, is_short
        self._shared = SharedTrail(Trail() if trail is None else trail)
        self._lookups, self._receiver = Lookups(find, self._shared), Receiver(keep, self._shared)
        self._development = Development(generate, note_time, self._shared, self._lookups, self._receiver)

    @property
    def trail(self) -> Trail:
        """The current trail."""
        return self._shared.trail

    def format_time_left(self) -> str:
        """Return the time left for all waiting work, as "about 10 s left"; "" if it is short or not known yet."""
        return self._development.format_time_left()

    def is_known(self, tile: Tile) -> bool:
        """Whether a tile's state is final: tiles of a restored trail are STOPPED until the store was searched."""
        return self._lookups.is_known(tile)

    def explore(self, recipe: Recipe, rule: Rule, draft_steps: int | None = None) -> Trail:
        """Request a first round. One that was stopped is resumed.

        Args:
            draft_steps: pause each picture after so many of its denoising steps; None to finish it, and the drafts
                that are there already.

        Raises:
            SeedLabError: the trail is full, or the rule does not fit the recipe.
        """
        with self._shared.lock:
            trail = self._show(lambda trail: trail.explore(recipe, rule, draft_steps))
            for index, tile in enumerate(trail.newest.tiles):
                if tile.is_draft_of_less(draft_steps):
                    self._shared.request(trail.newest.id, index)
            return self._resume(trail.newest.id, State.STOPPED, State.FAILED)

    def finish(self, round_id: int, indices: Sequence[int] | None = None) -> Trail:
        """Request the whole pictures of drafts, and of tiles whose drafts are not there yet.

        Args:
            indices: of the tiles; None for all of the round.

        Raises:
            SeedLabError: there is no such tile.
        """
        with self._shared.lock:
            tiles = self.trail.round(round_id).tiles
            chosen = range(len(tiles)) if indices is None else indices
            unfinished = [i for i in chosen if self.trail.tile(round_id, i).state is not State.DONE]
            for index in unfinished:
                self._shared.change(round_id, index, finishing=True)
                if tiles[index].state is not State.RUNNING:
                    self._shared.request(round_id, index)
            return self.trail

    def lock(self, round_id: int, index: int, rule: Rule, check: Check = lambda _: None) -> Trail:
        """Lock a finished tile and request its variations.

        A draft is finished instead; lock it again then. A tile whose picture the store has deleted is generated again
        instead. One that is not there yet is left alone.

        Args:
            check: called with the round of variations before any work starts. What it raises is raised here, and
                nothing changes.

        Raises:
            SeedLabError: there is no such tile, or the rule does not fit it.
        """
        fitted = self._fit(round_id, index, rule)  # which may take seconds
        with self._shared.lock:
            tile = self.trail.tile(round_id, index)
            if tile.state is State.DRAFT:
                return self.finish(round_id, (index,))
            if tile.state is not State.DONE:
                return self.trail
            if tile.file is not None and not tile.file.exists():
                self._shared.change(round_id, index, state=State.FAILED, file=None, finishing=True)
                return self._resume(round_id, State.STOPPED, State.FAILED)
            locked = self.trail.lock(round_id, index, fitted)
            check(locked.newest)
            newest = self._show(lambda _: locked).newest.id
            self._resume(newest, State.STOPPED, State.FAILED)
            self._show_ready(newest)
            return self.trail

    def plan(self, round_id: int, index: int, rule: Rule) -> Round:
        """Return the round of variations that `lock` would show.

        Raises:
            SeedLabError: as `lock`.
        """
        return self.trail.lock(round_id, index, self._fit(round_id, index, rule)).newest

    def mark(self, round_id: int, marks: Mapping[int, Mark]) -> Trail:
        """Mark tiles of a round, by their indices.

        Raises:
            SeedLabError: there is no such tile.
        """
        with self._shared.lock:
            for index in marks:
                self.trail.tile(round_id, index)
            for index, mark in marks.items():
                self._shared.change(round_id, index, mark=mark)
            return self.trail

    def resume(self, round_id: int) -> Trail:
        """Request the tiles of a round that were stopped or failed.

        Raises:
            SeedLabError: there is no such round.
        """
        with self._shared.lock:
            self.trail.round(round_id)
            return self._resume(round_id, State.STOPPED, State.FAILED)

    def restore(
        self, recipe: Recipe, lineage: Lineage, file: Path, sentence: str = "", draft_steps: int | None = None
    ) -> Trail:
        """Show a picture from a file at the end of its lineage.

        Args:
            draft_steps: as in `Tile`, if the picture is a draft.

        Raises:
            SeedLabError: the trail is full, or the lineage does not lead to the recipe.
        """
        return self._show(lambda trail: trail.restore(recipe, lineage, file, sentence, draft_steps))

    def add(self, trail: Trail) -> Trail:
        """Add the rounds of another trail, such as one from a file, and show what that shows.

        Raises:
            SeedLabError: there would be too many pictures on the path.
        """
        return self._show(lambda own: add_trail(own, trail))

    def revisit(self, round_id: int) -> Trail:
        """Show a round that was made before.

        Raises:
            SeedLabError: there is no such round.
        """
        return self._show(lambda trail: trail.revisit(round_id))

    def stop(self) -> Trail:
        """Stop the work within one denoising step. Unfinished tiles can be resumed by a click; drafts stay drafts."""
        with self._shared.lock:
            self._development.stop()
            self._lookups.end()
            for round_ in self.trail.rounds:
                self._shared.stop(round_.id, range(len(round_.tiles)))
            return self.trail

    def leave(self) -> None:
        """Pause the work within one denoising step. Unfinished tiles wait for the next `develop`."""
        self._development.leave()

    def look_up(self) -> Trail:
        """Show the pictures of the tiles on the path that the store has, and make none."""
        for _ in self._lookups.look_up_all():
            pass
        return self.trail

    def develop(self) -> Generator[Trail, None, None]:
        """Make all tiles of the rounds on the path; yields the trail after every change.

        Returns at once if another `develop` of this session is running: that one does the work. Closing the generator
        stops the work within one denoising step.
        """
        return self._development.run()

    def _fit(self, round_id: int, index: int, rule: Rule) -> Rule:
        return rule.fit_memory(self.trail.tile(round_id, index).recipe, self._is_short)

    def _show(self, change: Callable[[Trail], Trail]) -> Trail:
        with self._shared.lock:
            self._shared.trail = change(self.trail)
            self._development.stop_beside_path()
            return self.trail

    def _resume(self, round_id: int, *states: State) -> Trail:
        self._shared.change_all(round_id, states, State.WAITING)
        return self.trail

    def _show_ready(self, round_id: int) -> None:
        """Show all pictures of a round that were made ahead: the answer to the click has them."""
        if self._take_ready is None:
            return
        tiles = self.trail.round(round_id).tiles
        waiting = [index for index, tile in enumerate(tiles) if tile.state is State.WAITING]
        for place, report in self._take_ready([tiles[index].recipe for index in waiting]).items():
            self._receiver.receive(round_id, waiting[place], report)
