"""The executor of a Space on ZeroGPU. The page's process has no GPU: it asks for one for each call."""

import logging
import multiprocessing
import time
from collections.abc import Generator, Iterable
from functools import cached_property
from queue import Empty
from threading import Event, current_thread, main_thread

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.machine.memory import Memory
from seedlab.core.models.model import ResolvedModel
from seedlab.core.priority import Priority
from seedlab.core.reports import Failed, Finished, Report, Waiting
from seedlab.pipelines.devices.environment import enable_determinism, observe
from seedlab.pipelines.devices.memory import measure_memory
from seedlab.pipelines.devices.selection import choose_device, has_fast_bfloat16
from seedlab.pipelines.exact.batch_sizes import GUIDE_BATCH, MAX_BATCH
from seedlab.pipelines.executor import Batch
from seedlab.pipelines.run_store import NO_RUNS, RunStore
from seedlab.pipelines.thread_executor import make_runner
from seedlab.pipelines.work_queue import POLL_SECONDS
from seedlab.pipelines.zerogpu.call import Call
from seedlab.pipelines.zerogpu.card import KnownCard
from seedlab.pipelines.zerogpu.durations import Durations, measure
from seedlab.pipelines.zerogpu.messages import Ended, News, Task
from seedlab.pipelines.zerogpu.refusals import KILLED, TOO_LONG, explain_refusal
from seedlab.pipelines.zerogpu.runner import CallRunner
from seedlab.pipelines.zerogpu.task import make, use_runner

LOGGER = logging.getLogger(__name__)

Latest = dict[int, Report]
"""The last report of each unfinished tile."""

NO_LIVE_DRAFTS = "Drafts that follow your typing would use up your GPU time here: press the button to make the picture."
WAITING = "Waiting for a GPU…"
"""What a tile says until a GPU is found for its call."""

NOTHING = News(())
STOP_SECONDS = 0.05
"""How often a request looks whether it was stopped."""

MAX_IDLE_CALLS = 2
"""After so many calls that did not bring the pictures forward, these fail: no more of a visitor's quota is used."""


class ZeroGpuExecutor:
    """Makes each round in as few calls as possible. ZeroGPU decides whose call comes next, and on which GPU.

    Weights are placed by `preload` in the main thread, before the page is launched, and a forked process has them from
    there. What it loads or caches itself is lost with it, which costs time only. Drafts are on disk. A call that does
    not finish in its time hands its paused runs to the next one.
    """

    max_batch = None
    """A call makes all pictures of a round that have the same model."""

    def __init__(
        self,
        device: str | None = None,
        *,
        deterministic: bool = False,
        runs: RunStore = NO_RUNS,
        memory_format: str | None = None,
    ) -> None:
        """Make the executor of this process, before the page is launched; nothing is loaded yet.

        Args:
            device, deterministic, runs, memory_format: as for `ThreadExecutor`.
        """
        self._requested_device, self._deterministic, self._memory_format = device, deterministic, memory_format
        self._runner = make_runner(runs=runs, memory_format=memory_format)
        self._card, self._durations = KnownCard(), Durations()
        self._closed = Event()
        use_runner(CallRunner(self._runner, lambda: self.device, memory_format))

    @cached_property
    def device(self) -> str:
        """See `Executor`."""
        if self._deterministic:
            enable_determinism()
        return choose_device(self._requested_device)

    @property
    def has_fast_bfloat16(self) -> bool:
        """See `Executor`."""
        return has_fast_bfloat16(self.device)

    def measure_memory(self) -> Memory:
        """See `Executor`."""
        return measure_memory(self.device)

    def observe(self, weights: str, loras: str) -> Environment:
        """See `Executor`. The GPU is that of the last picture; pictures themselves say which one made them."""
        return self._card.complete(observe(self.device, weights, loras, self._memory_format))

    def preload(self, model: ResolvedModel) -> None:
        """Load a model now, in the main thread, for all processes that are forked later; elsewhere do nothing.

        Only in the main thread does ZeroGPU take weights for the GPU, and only until the page is launched.
        """
        if current_thread() is not main_thread():
            return
        try:
            self._runner.cache.load(model, model.dtype, self.device, has_gpu=False)
        except SeedLabError as error:
            LOGGER.warning("%s", error)
        except Exception:  # each call loads it for itself then, or says why it cannot
            LOGGER.exception("%s could not be loaded in advance.", model.name)

    def run(self, batch: Batch, stop: Event) -> Generator[Report, None, None]:
        """See `Executor`. Only what somebody asked for uses their quota: other batches are left unmade."""
        if batch.priority is Priority.LIVE:
            yield from (Failed(index, NO_LIVE_DRAFTS) for index in batch.recipes)
        if batch.priority is not Priority.REQUEST:
            return
        latest: Latest = {index: Waiting(index, WAITING) for index in batch.recipes}
        limit = MAX_BATCH if self.device == "cuda" else GUIDE_BATCH
        first = Task.divide(batch, limit)
        task, expected, idle = first.pack(), measure(first.works), 0
        end: Ended | None = None
        while latest and not self._is_ended(stop) and idle < MAX_IDLE_CALLS:
            finished = tuple(batch.recipes.keys() - latest.keys())
            seconds = self._durations.estimate(batch.model.address, expected)
            end, has_moved = yield from self._follow(Call(make(task, finished, seconds)), latest, stop)
            idle = 0 if has_moved else idle + 1
            if end is None:  # nobody has listened for a while
                continue
            self._durations.note(batch.model.address, expected - end.expected, end.seconds)
            if end.task is None:
                break
            task, expected = end.task, end.expected
        if latest and not self._is_ended(stop):
            raise SeedLabError(TOO_LONG if end else KILLED)

    def close(self) -> None:
        """See `Executor`."""
        self._closed.set()
        for process in multiprocessing.active_children():  # they would outlive a process that ends at once
            process.terminate()

    def _follow(self, call: Call, latest: Latest, stop: Event) -> Generator[Report, None, tuple[Ended | None, bool]]:
        """Pass on what a call reports; returns its end, and whether a step was done that the next one need not do."""
        has_moved, loading, unfinished = False, WAITING, len(latest)
        due = time.monotonic() + POLL_SECONDS
        try:
            while not self._is_ended(stop):
                message = _take(call)
                if message is None:  # of what it began, nothing is left
                    return None, len(latest) < unfinished
                if isinstance(message, Ended):
                    return message, has_moved
                reports: Iterable[Report] = message.reports
                loading = loading if message is NOTHING else message.loading
                if not message.reports and time.monotonic() >= due:
                    reports = _repeat(latest, loading)
                for report in reports:
                    has_moved |= not isinstance(report, Waiting)
                    self._note(report, latest)
                    yield report
                    due = time.monotonic() + POLL_SECONDS
            return None, has_moved
        finally:
            call.leave()

    def _note(self, report: Report, latest: Latest) -> None:
        latest[report.index] = report
        if isinstance(report, Finished | Failed):
            del latest[report.index]
        if isinstance(report, Finished):
            self._card.note(report.environment)

    def _is_ended(self, stop: Event) -> bool:
        return stop.is_set() or self._closed.is_set()


def _take(call: Call) -> News | Ended | None:
    """Return the next message of a call; `NOTHING` after a moment, None if it was left.

    Raises:
        SeedLabError: ZeroGPU refused the call or has ended it.
    """
    try:
        return call.take(STOP_SECONDS)
    except Empty:
        return NOTHING
    except Exception as error:
        LOGGER.info("A call has failed.", exc_info=True)
        raise SeedLabError(explain_refusal(error)) from error


def _repeat(latest: Latest, loading: str) -> list[Report]:
    """Return the last report of each unfinished tile again; those that wait say what for."""
    return [
        Waiting(index, loading or report.sentence) if isinstance(report, Waiting) else report
        for index, report in latest.items()
    ]
