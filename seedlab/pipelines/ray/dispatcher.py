"""Decides which worker makes which tiles. Visitors take turns, and a round is divided between the idle workers."""

import itertools
import time
from collections import OrderedDict, deque
from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass, field
from math import ceil
from queue import SimpleQueue
from threading import Condition, Event

from seedlab.core.priority import Priority
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Report
from seedlab.pipelines.exact.batch import split_batches
from seedlab.pipelines.executor import Batch
from seedlab.pipelines.turns import UNHEARD_SECONDS

MAX_LOSSES = 3
"""How many workers may be lost while they make a tile, before the tile is to blame."""

TOO_MANY_LOSSES = (
    f"{MAX_LOSSES} workers ended while they made this picture: it may need more memory than they have. "
    "Try a smaller size."
)


@dataclass(eq=False)
class Job:
    """One request: a batch, and what of it waits for a worker.

    Attributes:
        batch: what is to be made.
        reports: what the workers report.
        unfit: the workers that cannot make it, with the reason.
        waiting: the indices that no worker has, grouped by what one pipeline call can make.
    """

    batch: Batch
    reports: "SimpleQueue[Report]" = field(default_factory=SimpleQueue)
    unfit: dict[str, str] = field(default_factory=dict)
    waiting: deque[list[int]] = field(default_factory=deque)
    is_over: bool = False
    _heard: float = field(default_factory=time.monotonic)
    _losses: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Let all of it wait."""
        indices, recipes = list(self.batch.recipes), list(self.batch.recipes.values())
        for group in split_batches(recipes, max(1, len(recipes))):
            self.waiting.append([indices[place] for place in group])

    @property
    def is_heard(self) -> bool:
        """Whether its reports are received."""
        return time.monotonic() - self._heard < UNHEARD_SECONDS

    def hear(self) -> None:
        """Record that its reports are received."""
        self._heard = time.monotonic()

    def count_waiting(self) -> int:
        """Count the tiles that no worker has."""
        return sum(map(len, self.waiting))

    def cut(self, limit: int) -> dict[int, Recipe]:
        """Take tiles out of those that wait, as many as one call makes."""
        group = self.waiting[0]
        taken, rest = group[:limit], group[limit:]
        self.waiting[0] = rest
        if not rest:
            self.waiting.popleft()
        return {index: self.batch.recipes[index] for index in taken}

    def note_loss(self, index: int) -> bool:
        """Record that a worker was lost while it made a tile; returns whether the tile may be tried again."""
        self._losses[index] = self._losses.get(index, 0) + 1
        return self._losses[index] < MAX_LOSSES


@dataclass(frozen=True, eq=False)
class Piece:
    """Tiles of a job that one worker makes."""

    name: str
    worker: str
    job: Job
    recipes: dict[int, Recipe]


class Dispatcher:
    """Hands out the tiles of all jobs. Its methods may be called from any thread."""

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self._condition = Condition()
        self._jobs: OrderedDict[Hashable, deque[Job]] = OrderedDict()
        self._running: set[Piece] = set()
        self._names = itertools.count()
        self._idle = 0
        self._closed = Event()

    def submit(self, job: Job) -> None:
        """Let a job's tiles be made."""
        with self._condition:
            self._jobs.setdefault(job.batch.visitor, deque()).append(job)
            self._condition.notify_all()

    def withdraw(self, job: Job) -> tuple[Piece, ...]:
        """End a job; returns the pieces of it that are being made."""
        with self._condition:
            job.is_over = True
            job.waiting.clear()
            jobs = self._jobs.get(job.batch.visitor, deque())
            if job in jobs:
                jobs.remove(job)
            if not jobs:
                self._jobs.pop(job.batch.visitor, None)
            return tuple(piece for piece in self._running if piece.job is job)

    def take(self, worker: str, limit: int, timeout: float) -> Piece | None:
        """Take the next tiles for a worker that is idle.

        Args:
            worker: its name.
            limit: the most tiles that it makes in one call.
            timeout: how long to wait for work, in seconds.

        Returns:
            None if there is nothing to do for this worker.
        """
        with self._condition:
            self._idle += 1
            try:
                job = self._condition.wait_for(lambda: self._closed.is_set() or self._find_job(worker), timeout)
                return self._cut(job, worker, limit) if isinstance(job, Job) else None
            finally:
                self._idle -= 1

    def give_back(self, piece: Piece, unfinished: Collection[int], *, lost: bool = False) -> None:
        """End a worker's work on a piece; what is unfinished is made next, by whichever worker is idle.

        Args:
            unfinished: the indices of its tiles that are not made.
            lost: whether the worker is gone, perhaps because of one of these tiles.
        """
        with self._condition:
            self._running.discard(piece)
            job = piece.job
            if job.batch.visitor in self._jobs:  # whoever came meanwhile is next
                self._jobs.move_to_end(job.batch.visitor)
            if job.is_over:
                return
            again = [index for index in unfinished if not lost or job.note_loss(index)]
            for index in unfinished:
                if index not in again:
                    job.reports.put(Failed(index, TOO_MANY_LOSSES))
            if again:
                job.waiting.appendleft(again)
            self._condition.notify_all()

    def list_running(self) -> tuple[Piece, ...]:
        """Return what is being made."""
        with self._condition:
            return tuple(self._running)

    def list_less_urgent(self, priority: Priority) -> tuple[Piece, ...]:
        """Return what is being made and has to give way to work of this priority."""
        return tuple(piece for piece in self.list_running() if piece.job.batch.priority > priority)

    def count_ahead(self, job: Job) -> int:
        """Count the jobs of other visitors that come before this one."""
        with self._condition:
            order = [each for each in self._list_next() if each.waiting]
        return order.index(job) if job in order else 0

    def close(self) -> None:
        """Hand out nothing more."""
        self._closed.set()
        with self._condition:
            self._condition.notify_all()

    def _find_job(self, worker: str) -> Job | None:
        able = (job for job in self._list_next() if job.waiting and worker not in job.unfit and job.is_heard)
        return next(able, None)

    def _list_next(self) -> Iterator[Job]:
        """Yield the jobs in the order of their turns: each visitor's first ones, then the second ones, ...

        Those of another priority come later.
        """
        turns = itertools.zip_longest(*self._jobs.values())
        jobs = [job for each in turns for job in each if job is not None]
        yield from sorted(jobs, key=lambda job: job.batch.priority)

    def _cut(self, job: Job, worker: str, limit: int) -> Piece:
        share = ceil(job.count_waiting() / max(1, self._idle))
        piece = Piece(str(next(self._names)), worker, job, job.cut(max(1, min(limit, share))))
        self._running.add(piece)
        self._jobs.move_to_end(job.batch.visitor)
        return piece
