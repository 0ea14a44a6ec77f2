"""How far the work of a call is."""

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

from seedlab.workflow.sessions.session import Session
from seedlab.workflow.trails.trail import Round

SIGN_SECONDS = 2.0
"""How often a caller is told that nothing has changed, which is when they can leave. Each time costs milliseconds of
the web server, in which nobody's pictures are made; work that goes on says so at every step anyway."""

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """How far a call is.

    Attributes:
        done: pictures, with the parts of those that are being made.
        total: pictures.
        sentence: what it is doing.
    """

    done: float
    total: int
    sentence: str


Work = Generator[Progress, None, T]
"""Work that says how far it is, and returns a result. Closing it ends the work within a denoising step."""


def develop(session: Session) -> Work[Round]:
    """Do the work of a session; returns the newest round."""
    last, due = None, 0.0
    with closing(session.develop()) as trails:
        for trail in trails:
            progress = _measure(trail.newest)
            # Many callers who wait would otherwise take the time of the one who is served.
            if progress != last or time.monotonic() >= due:
                yield progress
                last, due = progress, time.monotonic() + SIGN_SECONDS
    return session.trail.newest


def _measure(round_: Round) -> Progress:
    made = sum(tile.file is not None for tile in round_.tiles)
    done = sum(tile.fraction for tile in round_.tiles)
    return Progress(round(done, 3), len(round_.tiles), f"{made} of {len(round_.tiles)} pictures")
