"""Runs the work of tools, which blocks, for servers that must not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from anyio import CancelScope, CapacityLimiter
from anyio.to_thread import run_sync
from starlette.types import Receive

from seedlab.core.errors import SeedLabError
from seedlab.server.clients import wait_for_end
from seedlab.server.install import cancel
from seedlab.workflow.programs.progress import Progress, Work

T = TypeVar("T")

MAX_CALLS = 32
"""Calls that are worked on at the same time; others wait."""

GONE = "The client has closed its connection: these pictures are not made."

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


async def run_while_heard(work: Work[T], receive: Receive, limiter: CapacityLimiter) -> T:
    """Do the work of a plain answer, which has no progress, as long as somebody waits for it.

    Args:
        receive: the channel of the request, whose body has been read.

    Raises:
        SeedLabError: as the work does, or the client has gone.
    """
    # A task that is cancelled would leave the thread that works; a scope waits for it.
    scope = CancelScope()

    async def watch() -> None:
        await wait_for_end(receive)
        scope.cancel()

    async def report(_: Progress) -> None:
        """Nobody reads it."""

    watching = asyncio.create_task(watch())
    try:
        with scope:
            return await run_work(work, report, limiter)
    finally:
        await cancel(watching)
    raise SeedLabError(GONE)
