"""The side of the forked process: it makes pictures with the pipelines that the page's process loaded before.

Threads and locks do not come along when a process is forked, so no executor does: the batch runner is called in a new
thread.
"""

import os
import time
from collections.abc import Callable, Generator, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread

from seedlab.core.machine.environment import Environment
from seedlab.core.reports import Report
from seedlab.pipelines.batches.work import Turn, Work
from seedlab.pipelines.batches.worker import BatchRunner
from seedlab.pipelines.devices.environment import observe
from seedlab.pipelines.work_queue import StoppedError
from seedlab.pipelines.zerogpu.durations import RESERVE_SECONDS, measure
from seedlab.pipelines.zerogpu.messages import Ended, Message, News, Task, unpack

BEAT_SECONDS = 0.05
"""How often a message is sent, with the newest reports or none. ZeroGPU looks for a stop after each one."""


class CallRunner:
    """Runs calls, one at a time."""

    def __init__(self, runner: BatchRunner, find_device: Callable[[], str], memory_format: str | None) -> None:
        """Make it in the page's process.

        Args:
            runner: with the loaded pipelines.
            find_device: returns the device that pictures are made on.
            memory_format: of the weights; None for the device's default.
        """
        self._runner, self._find_device, self._memory_format = runner, find_device, memory_format
        self._process = os.getpid()

    def run(self, task: bytes, finished: Sequence[int], seconds: float) -> Generator[Message, None, None]:
        """Make pictures, and pause before the time is over. Closing the generator ends the work within a step.

        Args:
            task: as `Task.pack` returns it.
            finished: the indices of the pictures that the page has.
            seconds: how long it may take.
        """
        call = _Call(self._runner, self._find_device(), time.monotonic(), seconds)
        environment = self._observe()
        works = unpack(task).resume(finished, environment)
        thread = Thread(target=call.work, args=[works, environment], name="pictures", daemon=True)
        thread.start()
        try:
            yield from call.follow()
        finally:
            call.stop.set()
            thread.join()  # the next call must not find it working

    def _observe(self) -> Environment:
        """Observe the environment. The page's process has no GPU, and what it knows of one is made up."""
        device = self._find_device()
        if os.getpid() != self._process:
            self._runner.cache.renew(device)
            self._process = os.getpid()
        return observe(device, "", memory_format=self._memory_format)


class _Call:
    def __init__(self, runner: BatchRunner, device: str, started: float, seconds: float) -> None:
        self._runner, self._device = runner, device
        self._started, self._end = started, started + seconds - RESERVE_SECONDS
        self._queue: SimpleQueue[Report | Ended | Exception] = SimpleQueue()
        self.stop = Event()

    def work(self, works: Sequence[Work], environment: Environment) -> None:
        """Make the pictures, in a thread of its own."""
        try:
            left = self._make(works)
            task = Task(works=left, environment=environment).pack() if left else None
            self._queue.put(Ended(task, measure(left), time.monotonic() - self._started))
        except Exception as error:
            self._queue.put(error)

    def follow(self) -> Generator[Message, None, None]:
        """Yield what is reported until the work ends; raises what ended it."""
        while True:
            reports, end = self._take()
            yield News(tuple(reports.values()), self._runner.cache.loading)
            if isinstance(end, Exception):
                raise end
            if end is not None:
                yield end
                return

    def _make(self, works: Sequence[Work]) -> tuple[Work, ...]:
        turn = Turn(
            device=self._device,
            emit=self._queue.put,
            check_stop=self._check_stop,
            is_over=self._is_over,
            note_loaded=lambda: None,
        )
        for place, work in enumerate(works):
            left, later = self._runner.run(work, turn), tuple(works[place + 1 :])
            if left is not None:
                return (left, *later)
            if later and self._is_over():
                return later
        return ()

    def _check_stop(self) -> None:
        if self.stop.is_set():
            raise StoppedError

    def _is_over(self) -> bool:
        return time.monotonic() >= self._end

    def _take(self) -> tuple[dict[int, Report], Ended | Exception | None]:
        """Return the newest report of each tile after a moment, and what ended the work, if it did."""
        newest: dict[int, Report] = {}
        due = time.monotonic() + BEAT_SECONDS
        while (left := due - time.monotonic()) > 0:
            try:
                item = self._queue.get(timeout=left)
            except Empty:
                break
            if isinstance(item, Ended | Exception):
                return newest, item
            newest[item.index] = item
        return newest, None
