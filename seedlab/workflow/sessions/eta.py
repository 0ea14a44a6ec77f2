"""Estimates of the time left, in words."""

import time
from collections.abc import Callable, Sequence

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Finished, Progress, Report

LONG_WORK = 8.0
"""Shorter estimates, in seconds, are not shown."""

LEAST = 1e-6
"""Of a tile's steps; less are errors of rounding."""


class Clock:
    """Estimates the time left for several tiles, which may run at the same time, from the time of past steps.

    Args:
        begun: for each tile, the fraction of its steps, 0...1, that was done before.
        now: returns the time in seconds.
    """

    def __init__(self, begun: Sequence[float], now: Callable[[], float] = time.monotonic) -> None:
        self._begun, self._now = begun, now
        self._fractions: dict[int, float] = {}
        self._started: float | None = None
        self._uncounted = self._pace = self._left = 0.0

    def note(self, tile: int, fraction: float) -> None:
        """Take in the progress of a tile.

        Args:
            tile: the index of the tile that made progress, from 0.
            fraction: of its steps, 0...1.
        """
        if tile not in self._fractions:
            # The first step includes start-up costs, so the pace is measured from the second one.
            self._uncounted += fraction
        self._fractions[tile] = fraction
        self._started = self._now() if self._started is None else self._started
        done = sum(self._fractions.values())
        counted = done - self._uncounted
        self._pace = (self._now() - self._started) / counted if counted > LEAST else 0.0  # not known yet
        waiting = sum(1 - begun for index, begun in enumerate(self._begun) if index not in self._fractions)
        self._left = waiting + len(self._fractions) - done

    def note_report(self, report: Report) -> None:
        """Take in the progress that a report tells of, if it does."""
        match report:
            case Finished():
                self.note(report.index, 1.0)
            case Progress(step=step, steps=steps):
                self.note(report.index, step / steps)

    def measure_tile(self) -> float | None:
        """Return how many seconds a tile takes, once at least one is done; None before."""
        return self._pace if 1.0 in self._fractions.values() and self._pace else None

    def format_time_left(self, more: float = 0.0) -> str:
        """Return the time left for all tiles, as "about 10 s left"; "" if it is short or not known yet.

        Args:
            more: how many further tiles wait, in units of these.
        """
        seconds = self._pace * (self._left + more)
        return format_duration(seconds) + " left" if seconds >= LONG_WORK else ""


def is_same_work(recipes: Sequence[Recipe]) -> bool:
    """Whether pictures take the same time, as far as their recipes decide it."""
    kinds = {
        (each.model_id, each.width, each.height, each.num_inference_steps, each.guidance_scale, each.start, each.loras)
        for each in recipes
    }
    return len(kinds) == 1


def format_duration(seconds: float) -> str:
    """Format a duration: "about 10 s", "about 3 min"."""
    if seconds < 57.5:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    return f"about {max(1, round(seconds / 60))} min"
