"""Reports the steps of a pipeline's call as they finish."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from itertools import count
from typing import Any

from seedlab.pipelines.models.capabilities import Capabilities
from seedlab.pipelines.patching import replace_attribute

OnStep = Callable[[int, Any], None]
"""Called after every step with the number of finished steps and the latents; may raise to end the call."""


@contextmanager
def follow_steps(pipeline: Any, on_step: OnStep) -> Iterator[dict[str, Any]]:
    """Report the steps of the call inside the context; yields the arguments that the call needs for that.

    For a pipeline without a callback (PixArt, DDIM, DDPM), the scheduler's `step` is wrapped instead.
    """
    if Capabilities.read(pipeline).callback_on_step_end:
        yield {"callback_on_step_end": _make_callback(on_step)}
        return
    with replace_attribute(pipeline.scheduler, "step", _wrap_step(pipeline.scheduler.step, on_step)):
        yield {}


def _make_callback(on_step: OnStep) -> Callable[..., dict[str, Any]]:
    def call_back(_pipeline: Any, step: int, _timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        on_step(step + 1, tensors["latents"])
        return tensors

    return call_back


def _wrap_step(take_step: Callable[..., Any], on_step: OnStep) -> Callable[..., Any]:
    numbers = count(1)

    @wraps(take_step)  # pipelines inspect the signature to find out which arguments the scheduler takes
    def step(*args: Any, **kwargs: Any) -> Any:
        result = take_step(*args, **kwargs)
        on_step(next(numbers), result[0])  # the new latents are the first item of a tuple or an output object
        return result

    return step
