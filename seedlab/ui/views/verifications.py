"""Running and finished verifications of one tab's pictures, as plain data for the page."""

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Progress, Report, Waiting
from seedlab.workflow.verification import VerificationResult, format_result

LOGGER = logging.getLogger(__name__)

Verify = Callable[[Recipe, Path, Event], Generator[Report | VerificationResult, None, None]]


@dataclass(frozen=True)
class VerificationStatus:
    """The state of one verification.

    Attributes:
        state: "running", "equal", "different" or "failed".
        message: one sentence for the user.
        details: (name, value) pairs: hashes and other measurements.
    """

    state: str
    message: str
    details: tuple[tuple[str, str], ...] = ()


WAITING = VerificationStatus("running", "Waiting in the queue…")
FILE_MISSING = VerificationStatus(
    "failed", "The picture's file is not in the store any more: click the picture to generate it again."
)
UNEXPECTED = VerificationStatus("failed", "Something went wrong. Nothing was lost: try again.")


class Verifications:
    """The verifications of one tab, by picture file. Methods may be called from any thread."""

    def __init__(self) -> None:
        self._statuses: dict[Path, VerificationStatus] = {}
        self._stops: dict[Path, Event] = {}
        self._lock = Lock()

    def find(self, file: Path | None) -> VerificationStatus | None:
        """Return the status of a picture's verification, or None."""
        status = None if file is None else self._statuses.get(file)
        # A missing picture may have been generated again since.
        return None if status is FILE_MISSING and file is not None and file.exists() else status

    def list_files(self) -> frozenset[Path]:
        """Return the files of all pictures that have a status."""
        return frozenset(self._statuses)

    @property
    def is_running(self) -> bool:
        """Whether any picture is being verified."""
        return bool(self._stops)

    def run(self, recipe: Recipe, file: Path, verify: Verify) -> Generator[VerificationStatus, None, None]:
        """Verify a picture, yielding each new status. Does nothing if its verification is already running."""
        stop = self._start(file)
        if stop is None:
            return
        try:
            yield WAITING
            for status in _follow(recipe, file, stop, verify):
                self._statuses[file] = status
                yield status
        finally:
            stop.set()
            self._end(file)

    def stop(self) -> None:
        """Stop all verifications."""
        with self._lock:
            for stop in self._stops.values():
                stop.set()

    def _start(self, file: Path) -> Event | None:
        with self._lock:
            if file in self._stops:
                return None
            self._statuses[file], self._stops[file] = WAITING, Event()
            return self._stops[file]

    def _end(self, file: Path) -> None:
        with self._lock:
            del self._stops[file]
            # Stopped or abandoned: there is no result.
            if self._statuses[file].state == "running":
                del self._statuses[file]


def _follow(recipe: Recipe, file: Path, stop: Event, verify: Verify) -> Iterator[VerificationStatus]:
    if not file.exists():
        yield FILE_MISSING
        return
    try:
        with closing(verify(recipe, file, stop)) as reports:
            yield from filter(None, map(_make_status, reports))
    except SeedLabError as error:
        yield VerificationStatus("failed", str(error))
    except Exception:  # the edge: Gradio reports nothing when a stream fails, and the page would wait forever
        LOGGER.exception("A verification failed.")
        yield UNEXPECTED


def _make_status(report: Report | VerificationResult) -> VerificationStatus | None:
    match report:
        case Waiting(sentence=sentence):
            return VerificationStatus("running", sentence) if sentence else WAITING
        case Progress(step=step, steps=steps):
            return VerificationStatus("running", f"Generating it again on its own: step {step} of {steps}")
        case Failed(sentence=sentence):
            return VerificationStatus("failed", sentence)
        case VerificationResult():
            state = "equal" if report.is_equal else "different"
            return VerificationStatus(state, format_result(report), tuple(_list_details(report)))
    return None


def _list_details(result: VerificationResult) -> Iterator[tuple[str, str]]:
    if result.is_equal:
        yield "SHA-256", result.sha256
    else:
        yield "SHA-256, original", result.original_sha256
        yield "SHA-256, generated again", result.sha256
    if result.latents is not None:
        yield "latents", "equal" if result.latents else "different"
    if result.total is not None:
        before = result.original_total
        changed = before is not None and before != result.total
        yield "np.abs(image).sum()", f"{result.total:.4f}" + (f", was {before:.4f}" if changed else "")
