"""Detects noise that does not depend on the seed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from seedlab.core.errors import SeedLabError


@contextmanager
def refuse_unseeded_noise() -> Iterator[Callable[[], None]]:
    """Yield a function that raises if torch's global generators were used; it is also called at the end.

    Some pipelines do not pass their generator to the scheduler (SD3, Flux and similar ones). A scheduler that adds
    noise at every step then uses the global generator, and the image could not be reproduced.

    Raises:
        SeedLabError: at the end, for the same reason as the function.
    """
    before = _read_states()

    def check() -> None:
        if _read_states() != before:
            raise SeedLabError(
                "This model's scheduler adds noise that the seed does not decide, so this picture could not be "
                "reproduced: choose another scheduler, or another model."
            )

    yield check
    check()


def _read_states() -> list[bytes]:
    """Return the states of torch's global generators: the CPU's, and the GPU's if it is in use."""
    import torch

    states: list[Any] = [torch.get_rng_state()]
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        states.append(torch.cuda.get_rng_state())
    if torch.backends.mps.is_available():
        states.append(torch.mps.get_rng_state())
    return [state.numpy().tobytes() for state in states]
