"""The executor whose pictures are made by workers in other processes."""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from queue import Empty
from threading import Event, Lock, Thread
from typing import Protocol

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.machine.memory import Memory
from seedlab.core.models.model import ResolvedModel
from seedlab.core.priority import Priority
from seedlab.core.reports import Failed, Finished, Report, Waiting
from seedlab.pipelines.executor import Batch
from seedlab.pipelines.ray.admission import Admission
from seedlab.pipelines.ray.dispatcher import Dispatcher, Job
from seedlab.pipelines.ray.messages import Examination
from seedlab.pipelines.ray.pool import Worker, WorkerPool, find_reason
from seedlab.pipelines.work_queue import POLL_SECONDS

STOP_SECONDS = 0.05
"""How often a request looks whether it was stopped."""

LOOK_SECONDS = 2.0
"""How often the cluster is asked for new machines."""

CLOSE_SECONDS = 10.0
"""How long closing waits for the cluster."""

FIRST_WORKER_SECONDS = 300.0
"""How long the first worker may take to start."""

STARTING = "Starting the workers…"
WAITING = "Waiting for a worker…"
UNFIT = "This server's workers cannot make this picture: try another model."
NO_WORKER = "No worker has started yet: see that the cluster has a machine with a free CPU or GPU, and try again."


class Cluster(Protocol):
    """Where the workers are."""

    def connect(self) -> None:
        """Start or join it.

        Raises:
            SeedLabError: it cannot be reached.
        """
        ...

    def find_new(self) -> Sequence[Worker]:
        """Return the workers that were not returned before, of machines that have joined since."""
        ...

    def close(self) -> None:
        """Leave it."""
        ...


class ClusterExecutor:
    """Divides batches between workers. What a lost worker was making is made again by another one.

    All pictures have the bytes that the first worker gives them: others are used only if their environment is equal,
    and a small picture has the same bytes.
    """

    max_batch = None
    """The dispatcher divides the work."""

    def __init__(self, cluster: Cluster, *, names_workers: bool = True) -> None:
        """Make an executor; the cluster is joined by the first work.

        Args:
            names_workers: whether visitors learn which workers are not used, and why.
        """
        self._cluster, self._names_workers = cluster, names_workers
        self._dispatcher, self._admission = Dispatcher(), Admission()
        self._pool = WorkerPool(self._dispatcher, self._admission)
        self._closed = Event()
        self._lock = Lock()
        self._watcher: Thread | None = None
        self._failure: SeedLabError | None = None

    @property
    def device(self) -> str:
        """See `Executor`."""
        return self._find_reference().device

    @property
    def has_fast_bfloat16(self) -> bool:
        """See `Executor`."""
        return self._find_reference().has_fast_bfloat16

    def measure_memory(self) -> Memory:
        """See `Executor`."""
        return self._find_reference().memory

    def observe(self, weights: str, loras: str) -> Environment:
        """See `Executor`."""
        return replace(self._find_reference().environment, weights=weights, loras=loras)

    def run(self, batch: Batch, stop: Event) -> Generator[Report, None, None]:
        """See `Executor`. Idle batches are left unmade: workers are for those who wait."""
        if batch.priority is Priority.IDLE:
            return
        self._start()
        job = Job(batch)
        latest: dict[int, Report] = {index: Waiting(index, "") for index in batch.recipes}
        self._dispatcher.submit(job)
        self._pool.stop(self._dispatcher.list_less_urgent(batch.priority))
        try:
            while latest and not self._is_ended(stop):
                for report in self._list_news(job, latest, stop):
                    latest[report.index] = report
                    if isinstance(report, Finished | Failed):
                        del latest[report.index]
                    yield report
                    job.hear()
        finally:
            self._pool.stop(self._dispatcher.withdraw(job))

    def preload(self, model: ResolvedModel) -> None:
        """See `Executor`."""
        self._start()
        self._pool.preload(model.address)

    def close(self) -> None:
        """See `Executor`."""
        self._closed.set()
        self._dispatcher.close()
        self._pool.close()
        if self._watcher is not None:
            self._watcher.join(CLOSE_SECONDS)

    def _start(self) -> None:
        """Join the cluster in the background, if that has not begun."""
        with self._lock:
            if self._closed.is_set() or (self._watcher is not None and self._watcher.is_alive()):
                return
            self._failure = None
            # Ray ends its own processes with the thread that started them.
            self._watcher = Thread(target=self._watch, name="workers", daemon=True)
            self._watcher.start()

    def _watch(self) -> None:
        try:
            self._cluster.connect()
            while not self._closed.is_set():
                for worker in self._cluster.find_new():
                    self._pool.add(worker)
                self._closed.wait(LOOK_SECONDS)
        except SeedLabError as error:
            self._failure = error
        finally:
            self._cluster.close()

    def _find_reference(self) -> Examination:
        self._start()
        end = time.monotonic() + FIRST_WORKER_SECONDS
        while time.monotonic() < end and not self._closed.is_set():
            if (reference := self._admission.wait(POLL_SECONDS)) is not None:
                return reference
            self._check()
        raise SeedLabError(NO_WORKER)

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _list_news(self, job: Job, latest: dict[int, Report], stop: Event) -> list[Report]:
        """Return the newest report of each tile; where there is nothing new, the last reports again."""
        end = time.monotonic() + POLL_SECONDS
        while time.monotonic() < end and not self._is_ended(stop):
            try:
                return [self._add_notices(report) for report in _take(job)]
            except Empty:
                self._check()
                if reason := find_reason(job, self._admission.admitted):
                    return [Failed(index, reason if self._names_workers else UNFIT) for index in latest]
        return self._repeat(job, latest)

    def _add_notices(self, report: Report) -> Report:
        """Say with a picture which workers have not been admitted since the last one."""
        if not isinstance(report, Finished) or not self._names_workers:
            return report
        return replace(report, notice=" ".join(filter(None, (report.notice, *self._pool.take_sentences()))))

    def _repeat(self, job: Job, latest: dict[int, Report]) -> list[Report]:
        waiting = {index for group in tuple(job.waiting) for index in group}
        sentence = self._explain_wait(job) if waiting else ""
        return [Waiting(index, sentence) if index in waiting else report for index, report in latest.items()]

    def _explain_wait(self, job: Job) -> str:
        if not self._admission.admitted:
            return STARTING if self._admission.reference is None else WAITING
        ahead = self._dispatcher.count_ahead(job)
        if ahead == 0:
            return WAITING
        return "1 batch before this one" if ahead == 1 else f"{ahead} batches before this one"

    def _is_ended(self, stop: Event) -> bool:
        return stop.is_set() or self._closed.is_set()


def _take(job: Job) -> Iterator[Report]:
    """Return the newest report of each tile; raises Empty after a while."""
    report = job.reports.get(timeout=STOP_SECONDS)
    newest = {report.index: report}
    while not job.reports.empty():
        report = job.reports.get_nowait()
        newest[report.index] = report
    return iter(newest.values())
