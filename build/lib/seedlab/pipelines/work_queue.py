"""The line of work: one thread for everything that torch does, first come, first served."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock


class WorkQueue:
    """Runs one piece of work at a time. Whoever has at most one in it takes turns with all others: a fair lock."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pipelines")
        self._futures: list[Future[None]] = []
        self._lock = Lock()

    def submit(self, work: Callable[[], None]) -> Future[None]:
        """Put work at the end of the queue."""
        with self._lock:
            self._futures = [each for each in self._futures if not each.done()]
            future = self._executor.submit(work)
            self._futures.append(future)
            return future

    def count_ahead(self, future: Future[None]) -> int:
        """Count what is in the line before this, and not done."""
        with self._lock:
            waiting = [each for each in self._futures if not each.done()]
        return waiting.index(future) if future in waiting else 0

    def close(self) -> None:
        """Begin nothing more."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class StoppedError(Exception):
    """Raised inside a pipeline's call to end it at once: its own `_interrupt` would still decode a picture."""
