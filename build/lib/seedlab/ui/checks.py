"""What Verify found out about a visitor's pictures, and what is being verified now. Plain data for the page."""

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock

from seedlab.core.errors import SeedLabError
from seedlab.core.recipe import Recipe
from seedlab.core.reports import Failed, Progress, Report, Waiting
from seedlab.workflow.verification import VerificationResult, format_result

LOGGER = logging.getLogger(__name__)

Verify = Callable[[Recipe, Path, Event], Generator[Report | VerificationResult, None, None]]


@dataclass(frozen=True)
class Check:
    """What is known of one picture.

    Attributes:
        state: "running", "equal", "different" or "failed".
        words: a sentence.
        details: (name, value) of what engineers ask for.
    """

    state: str
    words: str
    details: tuple[tuple[str, str], ...] = ()


WAITING = Check("running", "Waiting for its turn…")
GONE = Check("failed", "The picture's file is not in the store any more: click the picture to make it again.")
BROKEN = Check("failed", "Something went wrong here. Nothing was lost: try again.")


class Checks:
    """The checks of one visit, by picture. Methods may be called from any thread."""

    def __init__(self) -> None:
        self._checks: dict[Path, Check] = {}
        self._stops: dict[Path, Event] = {}
        self._lock = Lock()

    def find(self, file: Path | None) -> Check | None:
        """Return what is known of a picture."""
        check = None if file is None else self._checks.get(file)
        # A picture that was gone may have been made again since.
        return None if check is GONE and file is not None and file.exists() else check

    @property
    def are_running(self) -> bool:
        """Whether a picture is being verified."""
        return bool(self._stops)

    def run(self, recipe: Recipe, file: Path, verify: Verify) -> Generator[Check, None, None]:
        """Verify a picture; yields what is known after every change. One that is being verified is not begun again."""
        stop = self._begin(file)
        if stop is None:
            return
        try:
            yield WAITING
            for check in _follow(recipe, file, stop, verify):
                self._checks[file] = check
                yield check
        finally:
            stop.set()
            self._end(file)

    def stop(self) -> None:
        """End all checks."""
        with self._lock:
            for stop in self._stops.values():
                stop.set()

    def _begin(self, file: Path) -> Event | None:
        with self._lock:
            if file in self._stops:
                return None
            self._checks[file], self._stops[file] = WAITING, Event()
            return self._stops[file]

    def _end(self, file: Path) -> None:
        with self._lock:
            del self._stops[file]
            # Left or stopped in the middle: nothing is known.
            if self._checks[file].state == "running":
                del self._checks[file]


def _follow(recipe: Recipe, file: Path, stop: Event, verify: Verify) -> Iterator[Check]:
    if not file.exists():
        yield GONE
        return
    try:
        with closing(verify(recipe, file, stop)) as reports:
            yield from filter(None, map(_describe, reports))
    except SeedLabError as error:
        yield Check("failed", str(error))
    except Exception:  # the edge: of a stream that fails the page hears nothing, and would wait for ever
        LOGGER.exception("A check failed.")
        yield BROKEN


def _describe(report: Report | VerificationResult) -> Check | None:
    match report:
        case Waiting(sentence=sentence):
            return Check("running", sentence) if sentence else WAITING
        case Progress(step=step, steps=steps):
            return Check("running", f"Made again, alone: step {step} of {steps}")
        case Failed(sentence=sentence):
            return Check("failed", sentence)
        case VerificationResult():
            state = "equal" if report.is_equal else "different"
            return Check(state, format_result(report), tuple(_list_details(report)))
    return None


def _list_details(verdict: VerificationResult) -> Iterator[tuple[str, str]]:
    if verdict.is_equal:
        yield "SHA-256", verdict.sha256
    else:
        yield "SHA-256 of the picture", verdict.original_sha256
        yield "SHA-256 made again", verdict.sha256
    if verdict.latents is not None:
        yield "latents", "equal" if verdict.latents else "different"
    if verdict.total is not None:
        before = verdict.original_total
        changed = before is not None and before != verdict.total
        yield "np.abs(image).sum()", f"{verdict.total:.4f}" + (f", was {before:.4f}" if changed else "")
