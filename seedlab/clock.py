"""How long the work will still take, in words."""

import time
from collections.abc import Callable

LONG_WORK = 8.0
"""Seconds from which on the time left is said in words."""


class Clock:
    """Estimates the time left of a run of tiles from the time that its steps have taken."""

    def __init__(self, tiles: int, now: Callable[[], float] = time.monotonic) -> None:
        self._tiles, self._now = tiles, now
        self._finished = 0
        self._started: float | None = None
        self._first_fraction = 0.0

    def finish_tile(self) -> None:
        """Count a finished tile."""
        self._finished += 1

    def say_time_left(self, fraction: float) -> str:
        """Say how long this tile and those after it will take; "" when that is short, or not known yet.

        Args:
            fraction: steps of the running tile that are done, 0...1.
        """
        done = self._finished + fraction
        if self._started is None:
            # The first step comes with the start-up costs; the pace is taken from the second on.
            self._started, self._first_fraction = self._now(), done
            return ""
        pace = (self._now() - self._started) / max(done - self._first_fraction, 1e-6)
        seconds = pace * (self._tiles - done)
        return say_duration(seconds) + " left" if seconds >= LONG_WORK else ""


def say_duration(seconds: float) -> str:
    """Say a duration as people do: "about 10 s", "about 3 min"."""
    if seconds < 57.5:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    return f"about {max(1, round(seconds / 60))} min"
