"""One visitor's session as the page sees it: views with growing version numbers."""

import itertools
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from threading import Lock
from typing import Any

from seedlab.core.errors import SeedLabError
from seedlab.ui.checks import Checks, Verify
from seedlab.ui.columns import Shelf
from seedlab.ui.view import view
from seedlab.workflow.session import Session
from seedlab.workflow.trail import State, Trail

BEAT = 0.05
"""Seconds between two views of a stream in which no tile changed its state."""


class Visit:
    """A visitor's session and the count of the views that were made of it. Methods may be called from any thread."""

    def __init__(self, session: Session, names: Mapping[str, str], shelf: Shelf) -> None:
        self.session, self.checks = session, Checks()
        self._script: dict[str, Any] | None = None
        self._names, self._shelf = names, shelf
        self._lock = Lock()
        # Begins at the clock, so that the views of a restarted server are newer than those on a page that stayed open.
        self._versions = itertools.count(time.time_ns() // 1_000)

    def see(self) -> dict[str, Any]:
        """Return the trail's view as it stands; a greater version is never of an older trail."""
        with self._lock:
            trail, version = self.session.trail, next(self._versions)
            known = self.session.is_known
            seen = view(trail, version, self._names, find_check=self.checks.find, is_known=known)
        working = seen["working"] or self.checks.are_running
        return self._shelf.serve(seen | {"script": self._script, "working": working})

    def save(self) -> str:
        """Return what the browser keeps."""
        return self.session.trail.to_json()

    def stop(self) -> None:
        """End all work."""
        self.session.stop()
        self.checks.stop()

    def leave(self) -> None:
        """End all work; what is unfinished goes on when the page is back."""
        self.session.leave()
        self.checks.stop()

    def show_script(self, text: str, title: str) -> None:
        """Show a script, from the next view on."""
        self._script = {"text": text, "title": title, "number": next(self._versions)}

    def verify(self, round_id: int, index: int, verify: Verify) -> Generator[dict[str, Any], None, None]:
        """Verify a finished picture; yields views.

        Raises:
            SeedLabError: there is no such picture.
        """
        tile = self.session.trail.tile(round_id, index)
        if tile.file is None:
            raise SeedLabError("That picture is not finished: there is nothing to verify yet.")
        with closing(self.checks.run(tile.recipe, tile.file, verify)) as checks:
            for _ in checks:
                yield self.see()
        yield self.see()

    def develop(self) -> Iterator[dict[str, Any]]:
        """Work on what is asked for; yield a view at every change of a state, and between them at the beat."""
        with closing(self.session.develop()) as trails:
            shown: tuple[State, ...] = ()
            due = 0.0
            for trail in trails:
                states, now = _read_states(trail), time.monotonic()
                if states != shown or now >= due:
                    shown, due = states, now + BEAT
                    yield self.see()
        yield self.see()


def _read_states(trail: Trail) -> tuple[State, ...]:
    return tuple(tile.state for round_ in trail.visible for tile in round_.tiles)
