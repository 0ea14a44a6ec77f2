"""Runs the work of tools, which blocks, for servers that must not."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from anyio import CancelScope, CapacityLimiter
from anyio.to_thread import run_sync

from seedlab.workflow.programs.progress import Progress, Work

T = TypeVar("T")

MAX_CALLS = 32
"""Calls that are worked on at the same time; others wait."""

Report = Callable[[Progress], Awaitable[object]]


async def run_work(work: Work[T], report: Report, limiter: CapacityLimiter) -> T:
    """Do the work in other threads; returns its result. If this is cancelled, the work ends within a step.

    Args:
        report: is called with each progress.
        limiter: of the threads; those of all calls share one.
    """

    def advance() -> tuple[Progress | None, T | None]:
        try:
            return next(work), None
        except StopIteration as end:
            return None, end.value

    last: Progress | None = None
    try:
        while True:
            progress, result = await run_sync(advance, limiter=limiter)
            if progress is None:
                return result  # type: ignore[return-value]
            if progress != last:  # what waits is reported again and again
                last = progress
                await report(progress)
    finally:
        with CancelScope(shield=True):
            await run_sync(work.close, limiter=limiter)
