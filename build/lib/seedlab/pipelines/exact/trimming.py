"""Work that diffusers does at every call of a network and that no picture needs: left out, with the same bits.

Residual blocks and attentions divide what they made by a factor that is one, number by number, each attention asks for
the signature of a function that never changes, and dropout is called, which drops nothing. Together that is three
hundredths of a batch's time.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn

from seedlab.pipelines.patching import replace_attribute

DIVISORS = ("output_scale_factor", "rescale_output_factor")
"""What blocks of diffusers call the factors that they divide by."""


@contextmanager
def trim(network: nn.Module) -> Iterator[None]:
    """Leave out what its pictures do not need, as long as this lasts."""
    with ExitStack() as stack:
        for module in network.modules():
            for name in DIVISORS:
                if vars(module).get(name) == 1.0:
                    stack.enter_context(replace_attribute(module, name, _One()))
            if type(module) is nn.Dropout and not module.training:
                stack.enter_context(replace_attribute(module, "forward", _pass))
            processor = getattr(module, "processor", None)
            if callable(processor):
                stack.enter_context(replace_attribute(processor, "__call__", _keep_signature(processor.__call__)))
        yield


class _One:
    """A one by which tensors are divided at once."""

    def __rtruediv__(self, tensor: Tensor) -> Tensor:
        return tensor


def _pass(value: Tensor) -> Tensor:
    return value


def _keep_signature(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does as the other, and has its signature at hand."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    call.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    return call
