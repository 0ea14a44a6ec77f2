"""Puts the work of a manager's queue in order, where a test would otherwise have to be quick or to sleep."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

from seedlab.pipelines.manager import PipelineManager


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until a condition is true; fails after some seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def watch_steps(manager: PipelineManager) -> list[int]:
    """Return a list that gets the number of rows of each computation of the denoiser's first layer from now on."""
    (loaded,) = manager._executor._cache._loaded.values()
    rows: list[int] = []
    loaded.pipeline.unet.conv_in.register_forward_pre_hook(lambda _, args: rows.append(len(args[0])))
    return rows


def wait_until_still(steps: list[Any], seconds: float = 0.3) -> int:
    """Wait until a list has not grown for some seconds; returns its length."""
    count, since = len(steps), time.monotonic()
    while time.monotonic() < since + seconds:
        time.sleep(0.005)
        if len(steps) != count:
            count, since = len(steps), time.monotonic()
    return count


def count_waiting(manager: PipelineManager) -> int:
    """Count the pieces of work that wait for their turn."""
    queue = manager._executor._queue
    with queue._lock:
        return sum(len(pieces) for circle in queue._waiting.values() for pieces in circle.values())


def wait_for_queue(manager: PipelineManager, count: int) -> None:
    """Wait until so many pieces of work wait for their turn."""
    wait_until(lambda: count_waiting(manager) >= count)


@contextmanager
def hold(manager: PipelineManager) -> Iterator[None]:
    """Let the queue begin nothing before the end of the block."""
    begun, over = Event(), Event()
    manager._executor._queue.submit(lambda: (begun.set(), over.wait()))
    assert begun.wait(30)
    try:
        yield
    finally:
        over.set()


@contextmanager
def hold_late_steps(manager: PipelineManager, until: Callable[[], bool] | None = None) -> Iterator[None]:
    """Let long work wait in its last steps until a condition is true, or until the end of the block.

    Args:
        manager: has loaded one model. Work of few steps has none with these timesteps.
        until: None for: other work waits for its turn.
    """
    (loaded,) = manager._executor._cache._loaded.values()
    is_due, over = until or (lambda: count_waiting(manager) > 0), Event()

    def wait(_module: Any, args: Any) -> None:
        if 100 < args[1] < 300:
            wait_until(lambda: over.is_set() or is_due())

    loaded.pipeline.unet.register_forward_pre_hook(wait)
    try:
        yield
    finally:
        over.set()
