"""How long the work of one visitor may go on while others wait, or while nobody receives its reports."""

import time

TURN_SECONDS = 2.0
"""How long a turn lasts at least."""

UNHEARD_SECONDS = 5.0
"""For how long work goes on while nobody receives its reports."""


class TurnClock:
    """Measures one turn. Its methods may be called from the working thread and the receiver's."""

    def __init__(self) -> None:
        self._heard = time.monotonic()
        self._started = self._loaded = 0.0

    def hear(self) -> None:
        """Record that the receiver of the reports is there."""
        self._heard = time.monotonic()

    @property
    def is_heard(self) -> bool:
        """Whether the receiver was there in the last seconds."""
        return time.monotonic() - self._heard < UNHEARD_SECONDS

    def start(self) -> None:
        """Record that the work begins, which may have to load a model first."""
        self._started = time.monotonic()
        self._loaded = 0.0

    def note_loaded(self) -> None:
        """Record that the model is in memory."""
        self._loaded = self._loaded or time.monotonic()

    @property
    def is_used_up(self) -> bool:
        """Whether the turn is used up; asked for after every step.

        It lasts as long as the model took to load, at least: otherwise two models that do not fit into memory together
        would be loaded again and again, for little work.
        """
        return time.monotonic() - self._loaded >= max(TURN_SECONDS, self._loaded - self._started)
