"""The development of a session's trail: its tiles are made, one round after another."""

from collections.abc import Callable, Generator, Iterator, Set
from contextlib import closing
from threading import Event

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.work import measure_work
from seedlab.core.reports import Failed, Finished, Generate
from seedlab.workflow.sessions.eta import Clock, is_same_work
from seedlab.workflow.sessions.lookups import Lookups
from seedlab.workflow.sessions.receiving import Receiver
from seedlab.workflow.trails.shared import SharedTrail
from seedlab.workflow.trails.trail import State, Trail

NoteTime = Callable[[Recipe, Finished, float], None]
"""Takes note of how many seconds each picture of a round took, with one of the recipes and a report."""


class Development:
    """Makes the tiles that wait on the path, the newest round first. All methods are thread-safe."""

    def __init__(
        self, generate: Generate, note_time: NoteTime, shared: SharedTrail, lookups: Lookups, receiver: Receiver
    ) -> None:
        self._generate, self._note_time = generate, note_time
        self._shared, self._lookups, self._receiver = shared, lookups, receiver
        self._is_running = self._is_left = False
        self._working: int | None = None
        self._stop = Event()
        self._clock = Clock([])

    def format_time_left(self) -> str:
        """Return the time left for all waiting work, as "about 10 s left"; "" if it is short or not known yet."""
        with self._shared.lock:
            if self._working is None:
                return ""
            trail = self._shared.trail
            size = measure_work(trail.round(self._working).tiles[0].recipe)
            others = [round_ for round_ in trail.visible if round_.id != self._working]
            waiting = [tile.recipe for round_ in others for tile in round_.tiles if tile.state is State.WAITING]
            return self._clock.format_time_left(sum(map(measure_work, waiting)) / size)

    def stop(self) -> None:
        """Stop the work within one denoising step."""
        with self._shared.lock:
            self._stop.set()

    def stop_beside_path(self) -> None:
        """Stop the work on a round that is not on the path any more."""
        with self._shared.lock:
            if self._working is not None and self._working not in self._shared.trail.path:
                self._stop.set()

    def leave(self) -> None:
        """Stop the work within one denoising step, and begin none before the next `run`."""
        with self._shared.lock:
            self._stop.set()
            self._is_left = True

    def run(self) -> Generator[Trail, None, None]:
        """Make all tiles of the rounds on the path; yields the trail after every change.

        Returns at once if another `run` is going on: that one does the work. Closing the generator stops the work
        within one denoising step.
        """
        with self._shared.lock:
            self._is_left = False
            if self._is_running:
                return
            self._is_running = True
        try:
            while (work := self._next_work()) is not None:
                yield from self._lookups.look_up_all()
                yield from self._develop_round(*work)
        except BaseException:
            # Includes GeneratorExit: a closed tab. The normal end is in `_next_work`.
            with self._shared.lock:
                self._working, self._is_running = None, False
            raise

    def _next_work(self) -> tuple[int, Event] | None:
        """Return the newest round on the path with tiles to make; None if there is none, which ends the work."""
        with self._shared.lock:
            for round_ in () if self._is_left else reversed(self._shared.trail.visible):
                if any(self._lookups.is_wanted(tile) for tile in round_.tiles):
                    self._working, self._stop = round_.id, Event()
                    return round_.id, self._stop
            # Still under the lock: later requests find that nobody is developing, and start again.
            self._working, self._is_running = None, False
            return None

    def _develop_round(self, round_id: int, stop: Event) -> Iterator[Trail]:
        """Make the next tiles of a round, until others go first."""
        round_ = self._shared.trail.round(round_id)
        draft_steps, indices = round_.choose_next()
        tiles = [round_.tiles[index] for index in indices]
        clock = self._clock = Clock([tile.kept_fraction if draft_steps is None else 0.0 for tile in tiles])
        recipes = [tile.recipe for tile in tiles]
        unfinished = set(indices)
        last: Finished | None = None
        try:
            with closing(self._generate(recipes, stop, draft_steps=draft_steps)) as reports:
                for report in reports:
                    last = report if isinstance(report, Finished) else last
                    if isinstance(report, Finished | Failed):
                        unfinished.discard(indices[report.index])
                    clock.note_report(report)
                    self._receiver.receive(round_.id, indices[report.index], report)
                    yield self._shared.trail
                    if isinstance(report, Finished | Failed) and self._must_yield(round_.id, draft_steps):
                        break
                else:
                    self._stop_unfinished(round_.id, unfinished, stop)
        finally:
            stop.set()
            if last is not None and (seconds := clock.measure_tile()) and is_same_work(recipes):
                self._note_time(recipes[0], last, seconds)
            with self._shared.lock:
                self._shared.change_all(round_.id, (State.RUNNING,), State.WAITING)

    def _stop_unfinished(self, round_id: int, indices: Set[int], stop: Event) -> None:
        # The manager returned before these were done, as when the process ends: asking again would loop for ever.
        with self._shared.lock:
            if not stop.is_set():
                self._shared.stop(round_id, indices)

    def _must_yield(self, round_id: int, draft_steps: int | None) -> bool:
        """Whether a newer round on the path waits, or this one waits for other work: that goes first from now on.

        Args:
            draft_steps: of the work that is going on.
        """
        trail = self._shared.trail
        round_ = trail.round(round_id)
        if any(tile.state is State.RUNNING for tile in round_.tiles):
            return False  # in the same batch as the tile that has just ended, so it is done in a moment
        waiting = [each.id for each in trail.visible if any(t.state is State.WAITING for t in each.tiles)]
        if waiting and waiting[-1] != round_id:
            return True
        next_steps, indices = round_.choose_next()
        return bool(indices) and next_steps != draft_steps
