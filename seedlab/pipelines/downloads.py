"""The queue of downloads. It is separate from that of the work: only the visitors who want a model wait for it."""

from collections.abc import Callable, Generator
from concurrent.futures import wait
from threading import Event

from seedlab.core.models.model import Model
from seedlab.pipelines.hub.progress import format_bytes
from seedlab.pipelines.loaded.files import ModelFiles
from seedlab.pipelines.work_queue import POLL_SECONDS, StoppedError, WorkQueue


class Downloads:
    """Downloads models, one at a time."""

    def __init__(self, files: ModelFiles, closed: Event) -> None:
        """Make an empty queue.

        Args:
            files: where the files of models are.
            closed: set when all work is to end.
        """
        self._files, self._closed = files, closed
        self._queue = WorkQueue("downloads")
        self._sentence = ""

    def ensure(self, model: Model, stop: Event) -> Generator[str, None, None]:
        """Download a model if it is not here; yields what is being waited for, a few times per second.

        Setting `stop`, or closing the generator, ends the download; the next one resumes it.

        Args:
            model: its revision is a commit if it is on the Hub.

        Raises:
            SeedLabError: it cannot be downloaded.
        """
        if self._files.is_here(model):
            return
        abandoned = Event()
        future = self._queue.submit(lambda: self._download(model, abandoned.is_set))
        try:
            while not (stop.is_set() or self._closed.is_set()):
                if wait([future], POLL_SECONDS).done and not self._closed.is_set():
                    return future.result()
                yield self._sentence
        finally:
            abandoned.set()
            future.cancel()

    def close(self) -> None:
        """End the downloads, and begin no more."""
        self._queue.close()

    def _download(self, model: Model, is_abandoned: Callable[[], bool]) -> None:
        def report(done: int, total: int) -> None:
            if is_abandoned() or self._closed.is_set():
                raise StoppedError
            self._sentence = f"Downloading {model.name}: {format_bytes(done, total)}…"

        self._sentence = f"Asking the Hub for {model.name}…"
        try:
            self._files.download(model, report)
        finally:
            self._sentence = ""
