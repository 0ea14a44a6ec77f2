"""The line of downloads, beside that of work: nobody waits for a download but who asked for the model."""

from collections.abc import Callable, Generator
from concurrent.futures import wait
from threading import Event

from seedlab.core.model import Model
from seedlab.pipelines.hub.progress import format_bytes
from seedlab.pipelines.loaded.cache import PipelineCache
from seedlab.pipelines.work_queue import StoppedError, WorkQueue

PATIENCE = 0.2
"""Seconds between two looks at how far a download is."""


class Downloads:
    """Brings models here, one at a time."""

    def __init__(self, library: PipelineCache, closed: Event) -> None:
        """Make a line without downloads.

        Args:
            closed: set when all work is to end.
        """
        self._cache, self._closed = library, closed
        self._queue = WorkQueue()
        self._sentence = ""

    def bring(self, model: Model, stop: Event) -> Generator[str, None, None]:
        """Yield what is waited for, a few times a second, until a model is here or `stop` is set.

        Setting `stop`, or closing the generator, ends the download; what came is kept, and the next one goes on there.

        Raises:
            SeedLabError: it cannot be downloaded.
        """
        if self._cache.is_here(model):
            return
        left = Event()
        future = self._queue.submit(lambda: self._bring(model, left.is_set))
        try:
            while not (stop.is_set() or self._closed.is_set()):
                if wait([future], PATIENCE).done and not self._closed.is_set():
                    return future.result()
                yield self._sentence
        finally:
            left.set()
            future.cancel()

    def begin(self, model: Model, then: Callable[[], object]) -> None:
        """Bring a model while nobody waits for it; a failure is told to whoever asks for a picture.

        Args:
            then: is called, in the line of downloads, when the model is here.
        """

        def work() -> None:
            self._bring(model, lambda: False)
            then()

        self._queue.submit(work)

    def close(self) -> None:
        """End the downloads, and begin no more."""
        self._queue.close()

    def _bring(self, model: Model, is_left: Callable[[], bool]) -> None:
        def tell(done: int, total: int) -> None:
            if is_left() or self._closed.is_set():
                raise StoppedError
            self._sentence = f"Downloading {model.name}: {format_bytes(done, total)}…"

        self._sentence = f"Asking the Hub for {model.name}…"
        try:
            self._cache.bring(model, tell)
        finally:
            self._sentence = ""
