"""One browser tab's session and all other work that it asks for, and the updates that show them."""

import secrets
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from threading import Event, Lock
from typing import Any

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Report
from seedlab.images.index.search import NOBODY
from seedlab.images.png import read_pixels
from seedlab.ui.measurements import Measurements
from seedlab.ui.views.browser_state import read_count
from seedlab.ui.views.differences import build_comparison
from seedlab.ui.views.filling import Filling
from seedlab.ui.views.subject import Subject, find_subject
from seedlab.ui.views.updates import Updates
from seedlab.ui.views.verifications import Verifications
from seedlab.ui.views.view import CanEnlarge, find_focus
from seedlab.workflow.gallery.gallery import Gallery
from seedlab.workflow.gallery.marks import GalleryMarks
from seedlab.workflow.live import DraftFor
from seedlab.workflow.measuring import choose_pictures, format_choice
from seedlab.workflow.page_services import VerifyFor
from seedlab.workflow.sessions.session import Session
from seedlab.workflow.trails.mark import Mark
from seedlab.workflow.trails.trail import State, Trail
from seedlab.workflow.verification import VerificationResult

LARGE_DOWNLOAD = 1.0
"""GB. A larger download is confirmed first."""

UPDATE_INTERVAL = 0.1
"""Minimum time between two updates of a stream, in seconds, unless a tile changes its state."""


class PageSession:
    """The server's state of one tab. Methods may be called from any thread.

    Args:
        session: the workflow session.
        names: the labels of the models, by model id.
        address: returns where the browser finds a picture.
        visitor: whose turns the work takes.
        note: what to know about the trail that it started with; "" for nothing.
        can_enlarge: see `seedlab.ui.views.view`.
        gallery: of the visitor, which gets the marks; None for none.

    Attributes:
        offered: a picture that was opened and that a round of seeds may start from; None for none.
        owner: whose pictures are seen, and whose own pictures others start from.
        download: the file that was packed last for the browser to download; None for none.
    """

    def __init__(
        self,
        session: Session,
        names: Mapping[str, str],
        address: Callable[[Path], str],
        visitor: str = "",
        note: str = "",
        can_enlarge: CanEnlarge = lambda _: False,
        gallery: Gallery | None = None,
    ) -> None:
        self.session, self.verifications, self.visitor, self.note = session, Verifications(), visitor, note
        self.download: Path | None = None
        self.offered: Path | None = None
        self.owner = NOBODY if gallery is None else gallery.owner
        self._marks = GalleryMarks(gallery)
        self.measurements = Measurements(visitor)
        self._live, self._live_number = Event(), 0
        # Whether an earlier round, or another model, is shown since the panel was filled in.
        self.filling = Filling()
        self.is_revisiting = self.is_other_model = False
        self._released: int | None = None
        self._confirmed: set[str] = set()
        self._names = names
        # By the names in `QUESTIONS`. Each answer has a name of its own: the page shows only new ones.
        self._answers: dict[str, dict[str, Any]] = {}
        verifications = self.verifications.find, self.verifications.list_files
        self._updates = Updates(names, address, *verifications, session.is_known, can_enlarge)
        self._lock = Lock()

    def update(self, since: int | None = None) -> dict[str, Any]:
        """Return an update of the page; see `Updates.build`. A higher version never shows an older trail."""
        with self._lock:
            busy = self.verifications.is_running
            update = self._updates.build(self.session.trail, self._answers, busy=busy, since=since)
            update |= {"panel": self.subject.to_dict()}
            if update["status"] and (left := self.session.format_time_left()):
                update["status"] += f", {left}"
            return update | ({"note": self.note} if since == 0 else {})

    @property
    def subject(self) -> Subject:
        """What the panel is about."""
        return find_subject(self.session.trail, self._released)

    def release(self) -> None:
        """Unlock the picture that the panel varies, until one is locked again."""
        self._released = find_focus(self.session.trail)

    def relock(self) -> None:
        """Let the panel vary the locked picture again, if one was unlocked."""
        self._released = None

    def revisit(self, round_id: int) -> None:
        """Show an earlier round, and let the panel agree with it.

        Raises:
            SeedLabError: there is no such round.
        """
        self.session.revisit(round_id)
        self.is_revisiting, self._released = True, None

    def confirm_download(self, model: Model, *, is_here: bool) -> None:
        """Let a large download begin only when it is asked for a second time.

        Raises:
            RecipeError: it is asked for the first time.
        """
        size = model.card.download if model.card else 0.0
        if is_here or size <= LARGE_DOWNLOAD or model.model_id in self._confirmed:
            return
        self._confirmed.add(model.model_id)
        raise RecipeError(
            "model_id", f"{model.name} has to be downloaded first, {size:g} GB: press the button again to begin."
        )

    def refresh(self, run: object, version: object) -> dict[str, Any]:
        """Return an update of a page that may have missed some: it has this version of this run."""
        knows = run == self._updates.run and isinstance(version, int) and version >= 0
        return self.update(version if knows else 0)  # type: ignore[arg-type]

    def acknowledge(self, text: object) -> None:
        """Note which update the page has: an untrusted text, such as "ab12 7" for version 7 of this run."""
        run, _, version = text.partition(" ") if isinstance(text, str) else ("", "", "")
        with self._lock:
            self._updates.acknowledge(run, read_count(version))

    def resume(self, working: Mapping[int, Sequence[int]]) -> None:
        """Request what was unfinished when the page was reloaded.

        Args:
            working: the indices of the drafts that were being finished, by the ids of the unfinished rounds.
        """
        for round_id, indices in working.items():
            if round_id in self.session.trail.path:
                count = len(self.session.trail.round(round_id).tiles)
                self.session.resume(round_id)
                self.session.finish(round_id, [index for index in indices if index < count])

    def mark(self, round_id: int, marks: Mapping[int, Mark]) -> None:
        """Mark pictures of a round, by their indices, in the trail and in the gallery.

        Raises:
            SeedLabError: there is no such tile.
        """
        self._marks.add(self.session.mark(round_id, marks), round_id, marks)

    def stop(self) -> None:
        """Stop all work."""
        self.session.stop()
        self._stop_others()

    def leave(self) -> None:
        """Pause all work: unfinished tiles resume when the page is back."""
        self.session.leave()
        self._stop_others()

    def _stop_others(self) -> None:
        self.verifications.stop()
        self.measurements.stop()
        self._live.set()

    def show_script(self, text: str, title: str) -> None:
        """Include a script in the updates."""
        self._answer("script", text=text, title=title)

    def _answer(self, question: str, **data: Any) -> None:
        self._answers |= {question: {**data, "name": secrets.token_hex(8)}}

    def compare(self, places: Sequence[tuple[int, int]]) -> None:
        """Find what differs between pictures, and include it in the updates.

        Args:
            places: their rounds' ids and their indices.

        Raises:
            SeedLabError: a picture does not exist.
        """
        recipes = [self.session.trail.tile(*place).recipe for place in places]
        self._answer(
            "comparison", places=[list(place) for place in places], fields=build_comparison(recipes, self._names)
        )

    def choose_different(self, round_id: int, count: int) -> None:
        """Choose the drafts of a round that differ most, and include the choice in the updates.

        Raises:
            SeedLabError: there are not enough drafts, or a file cannot be read.
        """
        tiles = self.session.trail.round(round_id).tiles
        drafts = {index: tile.file for index, tile in enumerate(tiles) if tile.state is State.DRAFT and tile.file}
        if len(drafts) <= count:
            raise SeedLabError(f"There are no more than {count} drafts to choose from: make more seeds.")
        choice = choose_pictures(map(read_pixels, drafts.values()), count)
        indices = [list(drafts)[index] for index in choice.indices]
        words = format_choice(choice, len(drafts))
        self._answer("choice", round=round_id, indices=indices, words=words)

    def verify(self, round_id: int, index: int, verify: VerifyFor) -> Generator[dict[str, Any], None, None]:
        """Verify a finished picture or a draft, yielding updates.

        Raises:
            SeedLabError: the tile does not exist or is not finished.
        """
        tile = self.session.trail.tile(round_id, index)
        if tile.file is None:
            raise SeedLabError("That picture is not finished: there is nothing to verify yet.")

        def run(recipe: Recipe, file: Path, stop: Event) -> Generator[Report | VerificationResult, None, None]:
            return verify(recipe, file, stop, self.visitor, self.owner, tile.draft_steps)

        with closing(self.verifications.run(tile.recipe, tile.file, run)) as statuses:
            for _ in statuses:
                yield self.update()
        yield self.update()

    def follow_typing(
        self, number: int, recipe: Recipe, draft_steps: int | None, make: DraftFor
    ) -> Generator[Report, None, None]:
        """Make the draft of what was typed, yielding its reports. A later one ends it.

        Args:
            number: of the question; they grow.
        """
        with self._lock:
            if number <= self._live_number:
                return
            self._live.set()
            self._live_number, self._live = number, (stop := Event())
        try:
            with closing(make(recipe, draft_steps, stop, self.visitor)) as reports:
                for report in reports:
                    if stop.is_set():
                        return
                    yield report
        finally:
            stop.set()

    def hush(self, number: int | None = None) -> None:
        """End the draft of what was typed, or only one that was asked for up to this number."""
        with self._lock:
            if number is None or self._live_number <= number:
                self._live.set()

    def develop(self) -> Iterator[dict[str, Any]]:
        """Generate requested pictures. Yields an update when a tile changes its state, else per `UPDATE_INTERVAL`."""
        with closing(self.session.develop()) as trails:
            shown: tuple[tuple[State, ...], ...] = ()
            due = 0.0
            for trail in trails:
                states, now = _read_states(trail), time.monotonic()
                if states != shown or now >= due:
                    shown, due = states, now + UPDATE_INTERVAL
                    yield self.update()
        self._marks.write(self.session.trail)
        yield self.update()


def _read_states(trail: Trail) -> tuple[tuple[State, ...], ...]:
    return tuple(round_.states for round_ in trail.visible)
