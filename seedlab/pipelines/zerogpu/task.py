"""The function that ZeroGPU runs in a forked process with a GPU. Imported only there: it needs the package `spaces`."""

from collections.abc import Generator, Sequence

import spaces

from seedlab.pipelines.zerogpu.messages import Message
from seedlab.pipelines.zerogpu.runner import CallRunner

_RUNNERS: list[CallRunner] = []
"""Of this process, and by forking of those that run `make`. Its arguments are pickled, which a runner cannot be."""


def use_runner(runner: CallRunner) -> None:
    """Let `make` use this runner in processes that are forked from now on."""
    _RUNNERS[:] = [runner]


def choose_duration(_task: bytes, _finished: Sequence[int], seconds: int) -> int:
    """Return the duration of a call with these arguments, in seconds."""
    return seconds


@spaces.GPU(duration=choose_duration)  # type: ignore[untyped-decorator]
def make(task: bytes, finished: Sequence[int], seconds: int) -> Generator[Message, None, None]:
    """Make pictures; see `CallRunner.run`. Here, in the page's process, ZeroGPU is asked for a GPU first.

    Raises:
        gradio.Error: ZeroGPU refused, or the process was killed.
    """
    yield from _RUNNERS[0].run(task, finished, seconds)
