"""How long the work will still take, in words."""

import time
from collections.abc import Callable

LONG_WORK = 8.0
"""Seconds from which on the time left is said in words."""


class Clock:
    """Estimates the time left of a run of tiles, some of them made at once, from the time that steps have taken."""

    def __init__(self, tiles: int, now: Callable[[], float] = time.monotonic) -> None:
        self._tiles, self._now = tiles, now
        self._fractions: dict[int, float] = {}
        self._started: float | None = None
        self._uncounted = 0.0

    def format_time_left(self, tile: int, fraction: float) -> str:
        """Say how long the tiles that are not done will take; "" when that is short, or not known yet.

        Args:
            tile: the number of a tile of the run, from 0.
            fraction: steps of it that are done, 0...1.
        """
        if tile not in self._fractions:
            # The first step comes with the start-up costs; the pace is taken from the second on.
            self._uncounted += fraction
        self._fractions[tile] = fraction
        self._started = self._now() if self._started is None else self._started
        done = sum(self._fractions.values())
        pace = (self._now() - self._started) / max(done - self._uncounted, 1e-6)
        seconds = pace * (self._tiles - done)
        return say_duration(seconds) + " left" if seconds >= LONG_WORK else ""


def say_duration(seconds: float) -> str:
    """Say a duration as people do: "about 10 s", "about 3 min"."""
    if seconds < 57.5:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    return f"about {max(1, round(seconds / 60))} min"
