"""The running page as the server sees it. No gradio: `seedlab.ui.gradio_app` implements it."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

FORGED: ContextVar[list[str]] = ContextVar("FORGED")
"""What was wrong with the values of the present event. The server sets an empty list before gradio sees the event."""


@dataclass(frozen=True)
class Function:
    """A function that events call.

    Attributes:
        inputs: the number of its inputs.
        queued: whether its answers are streamed.
    """

    inputs: int
    queued: bool


@dataclass(frozen=True)
class OpenStream:
    """A queued event that waits or runs.

    Attributes:
        session: the tab that sent it.
        address: where from.
        started: when, on the monotonic clock, in seconds.
        unread: messages that the tab has not fetched yet.
    """

    session: str
    address: str
    started: float
    unread: int


class RunningPage(Protocol):
    """A page that is served. Its methods are called from its event loop.

    Attributes:
        places: how many streams there can be at a time.
    """

    places: int

    def list_functions(self) -> Mapping[int, Function]:
        """Return the functions of the page, by number."""
        ...

    def has_session(self, session: str) -> bool:
        """Whether a tab has sent an event, and its state is still kept."""
        ...

    def list_streams(self) -> list[OpenStream]:
        """Return all queued events that are not finished."""
        ...

    async def end_streams(self, session: str) -> None:
        """End the queued events of a tab: waiting ones at once, and running ones at their next message."""
        ...
