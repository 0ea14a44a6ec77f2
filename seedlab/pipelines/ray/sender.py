"""Sends bundles to the workers that lack them, once to each machine."""

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Protocol
from weakref import WeakValueDictionary

from seedlab.pipelines.hub.progress import format_bytes
from seedlab.pipelines.ray.bundles import Bundle, Chunk, read_chunks
from seedlab.pipelines.ray.messages import LostWorkerError
from seedlab.pipelines.work_queue import POLL_SECONDS


class Receiver(Protocol):
    """A worker, as far as files are sent to it. Every method may raise LostWorkerError."""

    def lacks(self, bundle: Bundle) -> bool:
        """Whether a bundle is not on its machine; one that is there stays for some minutes."""
        ...

    def receive(self, bundle: Bundle, chunk: Chunk) -> str:
        """Keep the next chunk of a bundle; returns "", or why it cannot be kept."""
        ...

    def discard(self) -> None:
        """Delete what has been received of a bundle that is not complete."""
        ...


class Sender:
    """Lets one worker of each machine receive a bundle, while the others wait for it. Any thread may use it."""

    def __init__(self) -> None:
        """Begin with nothing sent."""
        # A lock is kept while it is used.
        self._locks: WeakValueDictionary[tuple[str, str], Lock] = WeakValueDictionary()
        self._finding = Lock()

    def send(
        self,
        bundle: Bundle,
        worker: Receiver,
        host: str,
        is_ended: Callable[[], bool],
        report: Callable[[str], None],
    ) -> str:
        """Send a bundle if the worker lacks it; a part that was sent before is sent again.

        Args:
            host: the name of the worker's machine.
            is_ended: whether sending is to end; asked between two chunks.
            report: called with how far it is, as a sentence, a few times per second.

        Returns:
            "", or why the worker cannot keep it.

        Raises:
            LostWorkerError: the worker is gone.
            SeedLabError: the files cannot be read any more.
        """
        with self._finding:
            lock = self._locks.setdefault((host, bundle.digest), Lock())
        while not lock.acquire(timeout=POLL_SECONDS):
            if is_ended():
                return ""
        try:
            return _send(bundle, worker, is_ended, report) if worker.lacks(bundle) else ""
        finally:
            lock.release()


def _send(bundle: Bundle, worker: Receiver, is_ended: Callable[[], bool], report: Callable[[str], None]) -> str:
    sent, told, sentence = 0, 0.0, ""
    try:
        for chunk in read_chunks(bundle):
            if is_ended():
                break
            if time.monotonic() - told > POLL_SECONDS:
                told = time.monotonic()
                report(f"Sending {bundle.title} to a worker: {format_bytes(sent, bundle.size)}…")
            if sentence := worker.receive(bundle, chunk):
                break
            sent += len(chunk.data)
    finally:
        if sent < bundle.size:
            with suppress(LostWorkerError):
                worker.discard()
    return sentence
