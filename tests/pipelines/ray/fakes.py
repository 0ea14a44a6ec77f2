"""Workers without processes: what they do, and when they are lost, is up to the test."""

import itertools
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from threading import Event

from PIL import Image

from seedlab.core.machine.memory import Memory
from seedlab.core.models.model import ResolvedModel
from seedlab.core.reports import Failed, Finished, Progress
from seedlab.pipelines.executor import Batch
from seedlab.pipelines.ray.executor import ClusterExecutor
from seedlab.pipelines.ray.messages import Canary, Examination, LostWorkerError
from tests.examples import ENVIRONMENT, MODEL, RECIPE

EXAMINATION = Examination(
    host="first",
    version="1",
    device="cpu",
    has_fast_bfloat16=False,
    memory=Memory(device=2**36, host=2**36),
    max_batch=4,
    environment=ENVIRONMENT,
    canary="a" * 64,
)
IMAGE = Image.new("RGB", (8, 8))
LIMIT = 20.0
"""How long a test waits, in seconds."""


def finish(task, index):
    """Report a tile of a task as made."""
    return Finished(index, IMAGE, replace(ENVIRONMENT, weights=task.weights[index]), "")


def finish_all(task):
    """Report all tiles of a task as made."""
    return tuple(finish(task, index) for index in task.recipes)


@dataclass(eq=False)
class FakeWorker:
    """Sends its canary and finishes a tile after each step, unless its test makes it do something else."""

    name: str
    examination: Examination = EXAMINATION
    act: Callable[["FakeWorker", object], object] | None = None
    seconds: float = 0.0
    returns: bool = True
    digest: str = "c" * 64
    tasks: list[tuple[int, ...]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    released: Event = field(default_factory=Event)
    examined: int = 0

    def examine(self):
        self.examined += 1
        return self.examination

    def make(self, task):
        self.tasks.append(tuple(task.recipes))
        yield Canary(task.canary_name, self.digest)
        if self.act is not None:
            yield from self.act(self, task)
            return
        for index in task.recipes:
            time.sleep(self.seconds)
            if task.name in self.stopped:
                return
            yield (Progress(index, 1, 1, None),)
            yield (finish(task, index),)

    def stop(self, task):
        self.stopped.append(task)

    def preload(self, address):
        self.preloaded = address

    def release(self):
        self.released.set()

    def may_return(self):
        return self.returns


class FakeCluster:
    """Has the workers that its test adds."""

    def __init__(self, *workers, error=None):
        self.workers, self.error, self.closed = list(workers), error, False

    def connect(self):
        if self.error:
            raise self.error

    def find_new(self):
        new, self.workers = self.workers, []
        return new

    def close(self):
        self.closed = True


def start(*workers, **options):
    """Start an executor, and wait until its workers are admitted."""
    executor = ClusterExecutor(FakeCluster(*workers), **options)
    executor._start()
    wait_until(lambda: len(executor._admission.admitted) == len(workers))
    return closing(executor)


def make_batch(count=4, visitor=None, **changes):
    recipes = {index: replace(RECIPE, seed=index, **changes) for index in range(count)}
    return Batch(model=ResolvedModel.of(MODEL, "float32"), recipes=recipes, visitor=visitor)


def run(executor, batch, stop=None):
    """Run a batch to its end; returns the last report of each tile."""
    last = {}
    for report in executor.run(batch, stop or Event()):
        if isinstance(report, Finished | Failed):
            assert not isinstance(last.get(report.index), Finished | Failed)
        last[report.index] = report
    return last


def wait_until(holds):
    end = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.002)


def lose(after=0):
    """Let a worker be lost after so many tiles of its first task."""
    calls = itertools.count()

    def act(worker, task):
        is_first = next(calls) == 0
        for place, index in enumerate(task.recipes):
            if is_first and place == after:
                raise LostWorkerError
            yield (finish(task, index),)

    return act


def in_thread(function, *arguments):
    """Call a function in another thread; returns what waits for its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function(*arguments)), daemon=True)
    thread.start()

    def join():
        thread.join(LIMIT)
        return results[0]

    return join
