"""One browser tab's session, verifications and script, and the views that show them."""

import itertools
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from threading import Lock
from typing import Any

from seedlab.core.errors import SeedLabError
from seedlab.ui.columns import ServedFiles
from seedlab.ui.verifications import Verifications, Verify
from seedlab.ui.view import build_view
from seedlab.workflow.session import Session
from seedlab.workflow.trail import State, Trail
from seedlab.workflow.trail_json import write_trail

VIEW_INTERVAL = 0.05
"""Minimum time between two views of a stream, in seconds, unless a tile changes its state."""


class PageSession:
    """The server's state of one tab. Methods may be called from any thread.

    Args:
        session: the workflow session.
        names: the labels of the models, by model id.
        served: puts pictures where the browser can fetch them.
    """

    def __init__(self, session: Session, names: Mapping[str, str], served: ServedFiles) -> None:
        self.session, self.verifications = session, Verifications()
        self._script: dict[str, Any] | None = None
        self._names, self._served = names, served
        self._lock = Lock()
        # Starts at the clock: an open page must accept the views of a restarted server as newer.
        self._versions = itertools.count(time.time_ns() // 1_000)

    def build_view(self) -> dict[str, Any]:
        """Return a view of the current trail. Versions grow, and a higher version never shows an older trail."""
        with self._lock:
            trail, version = self.session.trail, next(self._versions)
            known = self.session.is_known
            view = build_view(trail, version, self._names, find_verification=self.verifications.find, is_known=known)
        working = view["working"] or self.verifications.is_running
        return self._served.serve(view | {"script": self._script, "working": working})

    def save(self) -> str:
        """Return the trail as JSON for the browser's storage."""
        return write_trail(self.session.trail)

    def stop(self) -> None:
        """Stop all work."""
        self.session.stop()
        self.verifications.stop()

    def leave(self) -> None:
        """Pause all work: unfinished tiles resume when the page is back."""
        self.session.leave()
        self.verifications.stop()

    def show_script(self, text: str, title: str) -> None:
        """Include a script in all further views."""
        self._script = {"text": text, "title": title, "number": next(self._versions)}

    def verify(self, round_id: int, index: int, verify: Verify) -> Generator[dict[str, Any], None, None]:
        """Verify a finished picture, yielding views.

        Raises:
            SeedLabError: the tile does not exist or is not finished.
        """
        tile = self.session.trail.tile(round_id, index)
        if tile.file is None:
            raise SeedLabError("That picture is not finished: there is nothing to verify yet.")
        with closing(self.verifications.run(tile.recipe, tile.file, verify)) as statuses:
            for _ in statuses:
                yield self.build_view()
        yield self.build_view()

    def develop(self) -> Iterator[dict[str, Any]]:
        """Generate requested pictures. Yields a view when a tile changes its state, else once per `VIEW_INTERVAL`."""
        with closing(self.session.develop()) as trails:
            shown: tuple[State, ...] = ()
            due = 0.0
            for trail in trails:
                states, now = _read_states(trail), time.monotonic()
                if states != shown or now >= due:
                    shown, due = states, now + VIEW_INTERVAL
                    yield self.build_view()
        yield self.build_view()


def _read_states(trail: Trail) -> tuple[State, ...]:
    return tuple(tile.state for round_ in trail.visible for tile in round_.tiles)
