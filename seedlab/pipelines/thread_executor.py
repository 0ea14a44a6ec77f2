"""The executor of this process: one thread does all the work of torch."""

from collections.abc import Generator, Iterator
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import cached_property
from queue import Empty, SimpleQueue
from threading import Event

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.machine.memory import Memory
from seedlab.core.models.model import ResolvedModel
from seedlab.core.priority import Priority
from seedlab.core.reports import Failed, Finished, Report, Waiting
from seedlab.pipelines.batches.work import Turn, Work, WorkLeft
from seedlab.pipelines.batches.worker import BatchRunner
from seedlab.pipelines.devices.environment import enable_determinism, observe
from seedlab.pipelines.devices.libraries import are_imported
from seedlab.pipelines.devices.malloc import retain_freed_memory
from seedlab.pipelines.devices.memory import measure_memory
from seedlab.pipelines.devices.selection import choose_device, has_fast_bfloat16
from seedlab.pipelines.exact.batch_sizes import GUIDE_BATCH, MAX_BATCH, BatchSizes
from seedlab.pipelines.exact.caches import BatchCaches
from seedlab.pipelines.exact.plans import Plans, find_folder
from seedlab.pipelines.executor import Batch
from seedlab.pipelines.loaded.cache import PipelineCache
from seedlab.pipelines.loaded.files import ModelFiles
from seedlab.pipelines.run_store import NO_RUNS, RunStore
from seedlab.pipelines.turns import TurnClock
from seedlab.pipelines.work_queue import POLL_SECONDS, StoppedError, WorkQueue

Reports = SimpleQueue[Report | None]
"""What the working thread reports; None at the end of a turn."""

Latest = dict[int, Report]
"""The last report of each unfinished tile."""


def make_runner(
    plans: Plans | None = None,
    files: ModelFiles | None = None,
    runs: RunStore = NO_RUNS,
    memory_format: str | None = None,
) -> BatchRunner:
    """Return a batch runner without loaded pipelines. Nothing is imported.

    Args:
        plans, files, runs, memory_format: as for `ThreadExecutor`.
    """
    caches = BatchCaches(plans or Plans(find_folder()))
    cache = PipelineCache(release=caches.free_memory, files=files, memory_format=memory_format)
    return BatchRunner(cache, caches, BatchSizes(find_folder()), runs)


class ThreadExecutor:
    """Runs one batch at a time. Visitors take turns, and a batch gives way to a smaller one at the end of a step.

    A batch that gave way is kept as paused runs, a few hundred kB, and goes on from them in its next turn: its pictures
    have the same bytes, and meanwhile neither its thread nor its model's memory is occupied.
    """

    def __init__(
        self,
        device: str | None = None,
        plans: Plans | None = None,
        deterministic: bool = False,
        files: ModelFiles | None = None,
        runs: RunStore = NO_RUNS,
        memory_format: str | None = None,
    ) -> None:
        """Make an executor; nothing is imported or loaded yet.

        Args:
            device: "cpu", "cuda" or "mps"; None for the best one available.
            plans: what is known about exact batches; None for what earlier processes found out.
            deterministic: whether only deterministic algorithms may be used, from now on in this process.
            files: where the files of models are.
            runs: keeps drafts, so that they can be finished later.
            memory_format: of the weights, "contiguous_format" or "channels_last"; None for the device's default.
        """
        retain_freed_memory()  # before the threads that compute are started
        self._requested_device, self._deterministic, self._memory_format = device, deterministic, memory_format
        self._queue = WorkQueue()
        self._closed = Event()
        self._runner = make_runner(plans, files, runs, memory_format)
        self._cache = self._runner.cache

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

    @property
    def max_batch(self) -> int:
        """See `Executor`. Until torch is imported, nobody knows whether there is a GPU."""
        with suppress(SeedLabError):
            return MAX_BATCH if are_imported() and self.device == "cuda" else GUIDE_BATCH
        return GUIDE_BATCH

    def observe(self, weights: str, loras: str) -> Environment:
        """See `Executor`."""
        return observe(self.device, weights, loras, self._memory_format)

    def run(self, batch: Batch, stop: Event) -> Generator[Report, None, None]:
        """See `Executor`."""
        latest: Latest = {index: Waiting(index, "") for index in batch.recipes}
        work: Work | None = Work(batch=batch)
        while work is not None and not self._is_ended(stop):
            work = yield from self._take_turn(work, latest, stop)

    def preload(self, model: ResolvedModel) -> None:
        """See `Executor`."""

        def work() -> None:
            with suppress(SeedLabError):
                self._cache.load(model, model.dtype, self.device)

        self._queue.submit(work)

    def close(self) -> None:
        """See `Executor`."""
        self._closed.set()
        self._queue.close()

    def _take_turn(self, work: Work, latest: Latest, stop: Event) -> Generator[Report, None, Work | None]:
        """Work on a batch for one turn; returns what is left to do."""
        reports: Reports = SimpleQueue()
        clock, left = TurnClock(), WorkLeft(work)
        device = self.device

        def check_stop() -> None:
            if self._is_ended(stop):
                raise StoppedError

        def is_over() -> bool:
            may_stay = not clock.is_used_up and work.batch.priority is Priority.REQUEST
            return not clock.is_heard or (not may_stay and self._queue.choose_next(left.size))

        def run() -> Work | None:
            try:
                if work.batch.priority is Priority.IDLE and not self._is_loaded(work.batch):
                    return None
                clock.start()
                turn = Turn(
                    device=device,
                    emit=left.follow(reports.put),
                    check_stop=check_stop,
                    is_over=is_over,
                    note_loaded=clock.note_loaded,
                )
                return self._runner.run(work, turn) if clock.is_heard else work
            finally:
                reports.put(None)  # without it the caller would wait for ever

        future = self._queue.submit(run, work.batch.visitor, work.batch.priority, left.size)
        try:
            for report in self._pass_on(latest, reports, future, stop):
                yield report
                clock.hear()
        except GeneratorExit:
            stop.set()
            raise
        finally:
            future.cancel()
        return future.result() if future.done() and not future.cancelled() else None  # raises what ended the work

    def _pass_on(self, latest: Latest, reports: Reports, future: Future[Work | None], stop: Event) -> Iterator[Report]:
        """Yield what the working thread reports; where there is nothing new, one or all of the last reports again."""
        reason: str | None = None
        while True:
            try:
                news, is_last = _take(reports)
            except Empty:
                if self._is_ended(stop):
                    return
                before, reason = reason, self._explain_wait(future)
                # Many callers wait. Each report costs time in which nobody's pictures are made: one is a sign of life.
                news, is_last = _repeat(latest, reason)[: 1 if reason == before else None], False
            for report in news:
                latest[report.index] = report
                if isinstance(report, Finished | Failed):
                    del latest[report.index]  # these are not repeated
                yield report
            if is_last:
                wait([future])  # it is about to be done
                return

    def _is_loaded(self, batch: Batch) -> bool:
        recipe = next(iter(batch.recipes.values()))
        return self._cache.is_loaded(batch.model, recipe.dtype, recipe.loras)

    def _is_ended(self, stop: Event) -> bool:
        return stop.is_set() or self._closed.is_set()

    def _explain_wait(self, future: Future[Work | None]) -> str:
        """Return why a tile waits: the model that is being loaded, or its place in the queue."""
        ahead = self._queue.count_ahead(future)
        if self._cache.loading or ahead == 0:
            return self._cache.loading
        return "1 batch before this one" if ahead == 1 else f"{ahead} batches before this one"


def _repeat(latest: Latest, reason: str) -> list[Report]:
    """Return the last reports again; what waits, for that reason."""
    return [
        Waiting(report.index, reason or report.sentence) if isinstance(report, Waiting) else report
        for report in latest.values()
    ]


def _take(reports: Reports) -> tuple[list[Report], bool]:
    """Return the newest report of each tile, and whether it is the last one; raises Empty after a while."""
    newest: dict[int, Report] = {}
    report = reports.get(timeout=POLL_SECONDS)
    while report is not None:
        newest[report.index] = report
        if reports.empty():
            break
        report = reports.get_nowait()
    return list(newest.values()), report is None
