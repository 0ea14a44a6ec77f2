"""A queue of work for one thread: first come, first served."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

POLL_SECONDS = 0.2
"""How often a caller that waits for a thread gets a report, and the chance to leave."""


class WorkQueue:
    """Runs one piece of work at a time. Callers with at most one piece in it take turns: a fair lock."""

    def __init__(self, name: str = "pipelines") -> None:
        """Make an empty queue.

        Args:
            name: of its thread.
        """
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
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
        """Count the unfinished work before this piece."""
        with self._lock:
            waiting = [each for each in self._futures if not each.done()]
        return waiting.index(future) if future in waiting else 0

    def close(self) -> None:
        """Begin nothing more."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class StoppedError(Exception):
    """Raised inside a pipeline's call to end it at once: diffusers' own `_interrupt` would still decode a picture."""
