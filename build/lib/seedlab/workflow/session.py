"""The job itself: explore seeds, lock one, refine it by suffixes, and go on. The same for a browser and a terminal."""

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from threading import Event, RLock
from typing import Any, Protocol

from PIL.Image import Image

from seedlab.core.checksums import Checksums
from seedlab.core.environment import Environment
from seedlab.core.errors import SeedLabError
from seedlab.core.picture import Picture
from seedlab.core.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Generate, Progress, Report, Waiting
from seedlab.workflow.eta import Clock
from seedlab.workflow.trail import UNFINISHED, State, Tile, Trail

LOGGER = logging.getLogger(__name__)


PATIENCE = 0.3
"""Seconds that a look into the store may take before the visitor is told."""


class Keep(Protocol):
    """Writes a finished tile to the store; raises SeedLabError where it cannot."""

    def __call__(
        self,
        image: Image,
        recipe: Recipe,
        environment: Environment,
        *,
        suffixes: Sequence[str],
        notice: str,
        proof: Checksums | None,
    ) -> Picture:
        """Write the picture and say where it is."""
        ...


Find = Callable[[Recipe], Picture | None]
"""Looks in the store for what this recipe gives in the present environment."""


class Session:
    """One visitor's trail and the work on it.

    The work follows the eye: only rounds on the path are developed, the newest first, a tile that left the screen is
    put back, and nothing that was made is made again. Every method may be called from any thread; one `develop` at a
    time does the work, and takes up what others asked for meanwhile.
    """

    def __init__(self, generate: Generate, find: Find, keep: Keep, trail: Trail | None = None) -> None:
        self._generate, self._find, self._keep = generate, find, keep
        self._trail = Trail() if trail is None else trail
        self._lock = RLock()
        self._developing = self._left = False
        self._working: int | None = None
        self._stop = Event()
        self._sought: set[str] = set()

    @property
    def trail(self) -> Trail:
        """The trail as it stands."""
        return self._trail

    def is_known(self, tile: Tile) -> bool:
        """Whether it is known what became of a tile: a trail from earlier is stopped until the store was asked."""
        return tile.state is not State.STOPPED or tile.recipe.fingerprint in self._sought

    def explore(self, recipe: Recipe, seeds: Sequence[int]) -> Trail:
        """Ask for a first round; one that was stopped is resumed.

        Raises:
            SeedLabError: the trail is full.
        """
        with self._lock:
            trail = self._show(lambda trail: trail.explore(recipe, seeds))
            return self._resume(trail.newest.id, State.STOPPED, State.FAILED)

    def lock(self, round_id: int, index: int, suffixes: Sequence[str]) -> Trail:
        """Lock a finished tile and ask for its suffix variations; a tile that failed or was stopped is tried again.

        Raises:
            SeedLabError: there is no such tile, or the suffixes do not fit.
        """
        with self._lock:
            tile = self._trail.tile(round_id, index)
            if tile.state is State.DONE and tile.file is not None and not tile.file.exists():
                # A store of limited size has let it go.
                self._change(round_id, index, state=State.FAILED, file=None)
            tile = self._trail.tile(round_id, index)
            if tile.state is State.DONE:
                trail = self._show(lambda trail: trail.lock(round_id, index, suffixes))
                return self._resume(trail.newest.id, State.STOPPED, State.FAILED)
            if tile.state in (State.FAILED, State.STOPPED) and self.is_known(tile):
                return self._resume(round_id, State.STOPPED, State.FAILED)
            return self._trail

    def restore(self, recipe: Recipe, suffixes: Sequence[str], file: Path, sentence: str = "") -> Trail:
        """Show a picture that comes from a file, at the end of the way that led to it.

        Raises:
            SeedLabError: the trail is full, or the suffixes do not fit.
        """
        return self._show(lambda trail: trail.restore(recipe, suffixes, file, sentence))

    def revisit(self, round_id: int) -> Trail:
        """Show a round that was made before.

        Raises:
            SeedLabError: there is none of that id.
        """
        return self._show(lambda trail: trail.revisit(round_id))

    def stop(self) -> Trail:
        """End the work within one denoising step; what is unfinished can be resumed by a click."""
        with self._lock:
            self._stop.set()
            # What is still looked for is given up too: a click looks again.
            self._sought.update(tile.recipe.fingerprint for round_ in self._trail.visible for tile in round_.tiles)
            for round_ in self._trail.rounds:
                self._change_all(round_.id, UNFINISHED, State.STOPPED)
            return self._trail

    def leave(self) -> None:
        """End the work within one denoising step; what is unfinished waits for the next `develop`."""
        with self._lock:
            self._stop.set()
            self._left = True

    def develop(self) -> Generator[Trail, None, None]:
        """Work on the rounds on the path until all of their tiles are made; yields the trail after every change.

        Returns at once when another `develop` of this session is at work: that one takes up what was asked for.
        Closing it ends the work within one denoising step.
        """
        with self._lock:
            self._left = False
            if self._developing:
                return
            self._developing = True
        try:
            while (work := self._next_work()) is not None:
                yield from self._recall()
                yield from self._develop_round(*work)
        except BaseException:
            # GeneratorExit too: a closed tab. The orderly end is in `_next_work`.
            with self._lock:
                self._working, self._developing = None, False
            raise

    def _show(self, change: Callable[[Trail], Trail]) -> Trail:
        with self._lock:
            self._trail = change(self._trail)
            if self._working is not None and self._working not in self._trail.path:
                self._stop.set()
            return self._trail

    def _resume(self, round_id: int, *states: State) -> Trail:
        self._change_all(round_id, states, State.WAITING)
        return self._trail

    def _change_all(self, round_id: int, states: Sequence[State], to: State) -> None:
        for index, tile in enumerate(self._trail.round(round_id).tiles):
            if tile.state in states:
                self._change(round_id, index, state=to, fraction=0.0, preview=None, sentence="")

    def _change(self, round_id: int, index: int, **changes: Any) -> None:
        with self._lock:
            self._trail = self._trail.with_tile(round_id, index, **changes)

    def _next_work(self) -> tuple[int, Event] | None:
        """Choose the newest round on the path that wants work; None, and nobody developing, when there is none."""
        with self._lock:
            for round_ in () if self._left else reversed(self._trail.visible):
                if any(self._is_wanted(tile) for tile in round_.tiles):
                    self._working, self._stop = round_.id, Event()
                    return round_.id, self._stop
            # Still under the lock: whoever asks for more from here on finds nobody developing, and begins.
            self._working, self._developing = None, False
            return None

    def _recall(self) -> Iterator[Trail]:
        """Take from the store what the rounds on the path need; after a reload or a restart, that is everything.

        The first look of all takes seconds, in which the libraries are imported, so the looking is done beside.
        """
        beside = ThreadPoolExecutor(1, thread_name_prefix="store")
        try:
            for round_ in self._trail.visible:
                for index, tile in enumerate(round_.tiles):
                    if self._is_wanted(tile):
                        yield from self._look_up(round_.id, index, beside.submit(self._find, tile.recipe))
                        with self._lock:
                            self._sought.add(tile.recipe.fingerprint)
                            self._change_all(round_.id, (State.STOPPED,), State.STOPPED)  # no longer getting ready
        finally:
            # Not waited for: whoever closes this, closes it from the page's event loop.
            beside.shutdown(wait=False, cancel_futures=True)

    def _is_wanted(self, tile: Tile) -> bool:
        is_new = tile.recipe.fingerprint not in self._sought
        return tile.state is State.WAITING or (tile.state is State.STOPPED and is_new)

    def _look_up(self, round_id: int, index: int, finding: "Future[Picture | None]") -> Iterator[Trail]:
        while not wait([finding], PATIENCE).done:
            self._change_unless_done(round_id, index, sentence="Getting ready…")
            yield self._trail
        if isinstance(error := finding.exception(), SeedLabError):
            return  # a model that cannot be found now has nothing to show; generating says why
        if error is not None:
            LOGGER.error("The store could not be looked into.", exc_info=error)
        elif (picture := finding.result()) is not None:
            self._finish(self._trail.tile(round_id, index).recipe, picture)
            yield self._trail

    def _finish(self, recipe: Recipe, picture: Picture) -> None:
        done = {"state": State.DONE, "fraction": 1.0, "preview": None, "file": picture.file, "sentence": picture.notice}
        # Wherever it is asked for: what is known of a recipe is neither looked for nor made again.
        for round_ in self._trail.rounds:
            for index, tile in enumerate(round_.tiles):
                if tile.recipe == recipe:
                    self._change_unless_done(round_.id, index, **done)

    def _change_unless_done(self, round_id: int, index: int, **changes: Any) -> None:
        # A picture of a file may have been put there meanwhile: it stays, and Verify compares with its pixels.
        with self._lock:
            if self._trail.tile(round_id, index).state is not State.DONE:
                self._change(round_id, index, **changes)

    def _develop_round(self, round_id: int, stop: Event) -> Iterator[Trail]:
        round_ = self._trail.round(round_id)
        indices = [index for index, tile in enumerate(round_.tiles) if tile.state is State.WAITING]
        recipes = [round_.tiles[index].recipe for index in indices]
        clock = Clock(len(recipes))
        try:
            with closing(self._generate(recipes, stop)) as reports:
                for report in reports:
                    self._apply(round_.id, indices[report.index], report, clock)
                    yield self._trail
                    if isinstance(report, Finished | Failed) and self._is_left(round_.id):
                        break
                else:
                    self._give_up(round_.id, stop)
        finally:
            stop.set()
            with self._lock:
                self._change_all(round_.id, (State.RUNNING,), State.WAITING)

    def _give_up(self, round_id: int, stop: Event) -> None:
        # The pipelines ended before the tiles did, as they do when the process ends: asking again would go on for ever.
        with self._lock:
            if not stop.is_set():
                self._change_all(round_id, UNFINISHED, State.STOPPED)

    def _is_left(self, round_id: int) -> bool:
        """Whether a newer round on the path waits: it goes first, from the next batch on."""
        if any(tile.state is State.RUNNING for tile in self._trail.round(round_id).tiles):
            return False  # made in the same call as the one that has just ended: it is there in a moment
        waiting = [each.id for each in self._trail.visible if any(t.state is State.WAITING for t in each.tiles)]
        return bool(waiting) and waiting[-1] != round_id

    def _apply(self, round_id: int, index: int, report: Report, clock: Clock) -> None:
        match report:
            case Finished():
                self._keep_picture(round_id, index, report)
            case Failed(sentence=sentence):
                self._change_unless_done(round_id, index, state=State.FAILED, preview=None, sentence=sentence)
            case Waiting(sentence=sentence):
                self._change_unfinished(round_id, index, sentence=sentence)
            case Progress(step=step, steps=steps, preview=preview):
                fraction = step / steps
                shown = {"state": State.RUNNING, "fraction": fraction, "preview": preview}
                sentence = clock.format_time_left(report.index, fraction)
                self._change_unfinished(round_id, index, **shown, sentence=sentence)

    def _change_unfinished(self, round_id: int, index: int, **changes: Any) -> None:
        # A report that was under way when Stop was pressed does not bring the tile back to life.
        with self._lock:
            if self._trail.tile(round_id, index).state in UNFINISHED:
                self._change(round_id, index, **changes)

    def _keep_picture(self, round_id: int, index: int, report: Finished) -> None:
        recipe = self._trail.tile(round_id, index).recipe
        suffixes = self._trail.suffixes_to(round_id, index)
        try:
            picture = self._keep(
                report.image, recipe, report.environment, suffixes=suffixes, notice=report.notice, proof=report.proof
            )
        except SeedLabError as error:
            self._change_unless_done(round_id, index, state=State.FAILED, preview=None, sentence=str(error))
        else:
            self._finish(recipe, picture)
