"""The executor of this process: one thread does all the work of torch."""

from collections.abc import Generator, Iterator
from concurrent.futures import Future
from contextlib import suppress
from functools import cached_property
from queue import Empty, SimpleQueue
from threading import Event

from seedlab.core.errors import SeedLabError
from seedlab.core.model import ResolvedModel
from seedlab.core.reports import Failed, Finished, Report, Waiting
from seedlab.pipelines.devices.environment import enable_determinism
from seedlab.pipelines.devices.malloc import retain_freed_memory
from seedlab.pipelines.devices.selection import choose_device
from seedlab.pipelines.exact.plans import Plans, find_folder
from seedlab.pipelines.exact.prepack_cache import PrepackCache
from seedlab.pipelines.executor import Batch
from seedlab.pipelines.loaded.cache import PipelineCache
from seedlab.pipelines.loaded.files import ModelFiles
from seedlab.pipelines.work_queue import POLL_SECONDS, WorkQueue
from seedlab.pipelines.worker import BatchRunner

Reports = SimpleQueue[Report | None]
"""What the working thread reports; None at the end."""


class ThreadExecutor:
    """Runs one batch at a time, in the order of the calls.

    The queue before the working thread is a fair lock: each call of `run` has one batch in it.
    """

    def __init__(
        self,
        device: str | None = None,
        plans: Plans | None = None,
        deterministic: bool = False,
        files: ModelFiles | None = None,
    ) -> None:
        """Make an executor; nothing is imported or loaded yet.

        Args:
            device: "cpu", "cuda" or "mps"; None for the best one available.
            plans: what is known about exact batches; None for what earlier processes found out.
            deterministic: whether only deterministic algorithms may be used, from now on in this process.
            files: where the files of models are.
        """
        retain_freed_memory()  # before the threads that compute are started
        self._requested_device, self._deterministic = device, deterministic
        self._queue = WorkQueue()
        self._closed = Event()
        prepack_cache = PrepackCache()
        self._cache = PipelineCache(release=prepack_cache.clear, files=files)
        self._runner = BatchRunner(self._cache, plans or Plans(find_folder()), prepack_cache, self._closed)

    @cached_property
    def device(self) -> str:
        """See `Executor`."""
        if self._deterministic:
            enable_determinism()
        return choose_device(self._requested_device)

    def run(self, batch: Batch, stop: Event) -> Generator[Report, None, None]:
        """See `Executor`."""
        reports: Reports = SimpleQueue()
        device = self.device

        def work() -> None:
            try:
                self._runner.make(batch, device, stop, reports.put)
            finally:
                reports.put(None)  # without it the caller would wait for ever

        future = self._queue.submit(work)
        try:
            yield from self._pass_on(batch, reports, future, stop)
        except GeneratorExit:
            stop.set()
            raise
        finally:
            future.cancel()

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

    def _pass_on(self, batch: Batch, reports: Reports, future: Future[None], stop: Event) -> Iterator[Report]:
        """Yield what the working thread reports; where there is nothing new, the last reports again."""
        latest: dict[int, Report] = {index: Waiting(index, "") for index in batch.recipes}
        while True:
            try:
                news, is_last = _take(reports)
            except Empty:
                if stop.is_set() or self._closed.is_set():
                    return
                news, is_last = [self._repeat(report, future) for report in latest.values()], False
            for report in news:
                latest[report.index] = report
                if isinstance(report, Finished | Failed):
                    del latest[report.index]  # these are not repeated
                yield report
            if is_last:
                return future.result()  # raises what ended the work

    def _repeat(self, report: Report, future: Future[None]) -> Report:
        if isinstance(report, Waiting):
            return Waiting(report.index, self._explain_wait(future) or report.sentence)
        return report

    def _explain_wait(self, future: Future[None]) -> str:
        """Return why a tile waits: the model that is being loaded, or its place in the queue."""
        ahead = self._queue.count_ahead(future)
        if self._cache.loading or ahead == 0:
            return self._cache.loading
        return "1 batch before this one" if ahead == 1 else f"{ahead} batches before this one"


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
