"""The steps of a pipeline's call, reported as they are done."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from itertools import count
from typing import Any

from seedlab.pipelines.models.capabilities import Capabilities

OnStep = Callable[[int, Any], None]
"""Called after every step with the number of steps done and the latents; may raise to end the call at once."""


@contextmanager
def follow_steps(pipeline: Any, on_step: OnStep) -> Iterator[dict[str, Any]]:
    """Let the pipeline's next call report its steps: yields the arguments that this call needs for that.

    A pipeline without a callback (PixArt, DDIM, DDPM) is followed by way of its scheduler, which it calls every step.
    """
    if Capabilities.read(pipeline).callback_on_step_end:
        yield {"callback_on_step_end": _make_callback(on_step)}
        return
    from seedlab.pipelines.patching import replace_attribute

    with replace_attribute(pipeline.scheduler, "step", _tell_steps(pipeline.scheduler.step, on_step)):
        yield {}


def _make_callback(on_step: OnStep) -> Callable[..., dict[str, Any]]:
    def call_back(_pipeline: Any, step: int, _timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        on_step(step + 1, tensors["latents"])
        return tensors

    return call_back


def _tell_steps(take_step: Callable[..., Any], on_step: OnStep) -> Callable[..., Any]:
    numbers = count(1)

    @wraps(take_step)  # pipelines read the signature, to find out what a scheduler takes
    def step(*args: Any, **kwargs: Any) -> Any:
        result = take_step(*args, **kwargs)
        on_step(next(numbers), result[0])  # the new latents: first of a tuple, and first of an output's fields
        return result

    return step
