"""Networks whose weights take no memory: they are on torch's meta device."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from threading import RLock, get_ident
from typing import TypeVar

from seedlab.pipelines.patching import replace_attribute

T = TypeVar("T")

REGISTERING = RLock()
"""Held while a library makes empty networks, to read weights into them. For that, accelerate's `init_empty_weights`
replaces a method of torch.nn.Module for all threads, and then restores what it found there. Two threads at a time would
restore each other's, and every later network would be made without memory."""


def make_empty(make: Callable[[], T]) -> T:
    """Call a function that makes a network. The weights of the network take no memory."""
    import torch
    from accelerate import init_empty_weights

    try:
        with torch.device("meta"):  # of this thread only
            return make()
    except (NotImplementedError, RuntimeError):  # it computes with values while it is made
        with REGISTERING, init_empty_weights():
            return make()


@contextmanager
def leave_modules_alone() -> Iterator[None]:
    """Keep diffusers' reading of single files from replacing methods of torch.nn.Module, in this thread."""
    from accelerate import init_empty_weights
    from diffusers.loaders import single_file_model, single_file_utils

    thread = get_ident()

    def choose() -> object:
        return nullcontext() if get_ident() == thread else init_empty_weights()

    with ExitStack() as stack:
        for module in (single_file_model, single_file_utils):
            stack.enter_context(replace_attribute(module, "init_empty_weights", choose))
        yield
