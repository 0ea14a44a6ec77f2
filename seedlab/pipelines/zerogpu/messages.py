"""What passes between the page's process and the forked ones. All of it can be pickled."""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from seedlab.core.machine.environment import Environment
from seedlab.core.reports import Report
from seedlab.pipelines.batches.work import Work
from seedlab.pipelines.exact.batch import split_batches
from seedlab.pipelines.executor import Batch


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is left of a batch.

    Attributes:
        works: its pictures, divided into those that one pipeline call can make.
        environment: that the paused runs in it come from; None if there are none.
    """

    works: tuple[Work, ...]
    environment: Environment | None = None

    @classmethod
    def divide(cls, batch: Batch, limit: int) -> Self:
        """Return the task of making a batch.

        Args:
            limit: the most pictures of one pipeline call.
        """
        indices = list(batch.recipes)
        groups = [[indices[place] for place in group] for group in split_batches(list(batch.recipes.values()), limit)]
        batches = (replace(batch, recipes={index: batch.recipes[index] for index in group}) for group in groups)
        return cls(works=tuple(Work(batch=each) for each in batches))

    def resume(self, finished: Sequence[int], environment: Environment) -> tuple[Work, ...]:
        """Return the works that are left, in an environment.

        Args:
            finished: the indices of the pictures that the page has.
            environment: of this process. Another GPU computes other bits, so that it cannot continue runs: then the
                pictures begin at their first step.
        """
        works = self.works
        if self.environment not in (None, environment):
            works = tuple(Work(batch=work.batch) for work in works)
        left = (work.leave_out(*finished) for work in works)
        return tuple(work for work in left if work.recipes)

    def pack(self) -> bytes:
        """Return the task as bytes.

        Not left to multiprocessing: it would send tensors in shared memory, which goes with the process that made it.
        """
        return pickle.dumps(self)


def unpack(task: bytes) -> Task:
    """Return a task that this program packed."""
    unpacked: Task = pickle.loads(task)
    return unpacked


@dataclass(frozen=True)
class News:
    """The newest report of each tile; none as a sign of life.

    `loading` is what is being loaded, as a sentence; "" for nothing.
    """

    reports: tuple[Report, ...]
    loading: str = ""


@dataclass(frozen=True)
class Ended:
    """The end of a call.

    Attributes:
        task: what is left, packed; None if nothing is.
        expected: about how many seconds that takes, as `durations.measure` returns it.
        seconds: how long the call took.
    """

    task: bytes | None
    expected: float
    seconds: float


Message = News | Ended
