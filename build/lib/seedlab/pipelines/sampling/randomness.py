"""The guard of the promise: no noise in a picture that its seed does not decide."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from seedlab.core.errors import SeedLabError


@contextmanager
def refuse_unseeded_noise() -> Iterator[Callable[[], None]]:
    """Yield a function that raises once noise was drawn from torch's own randomness; it is also called at the end.

    Some pipelines do not hand their generator on to the scheduler (SD3, Flux and their kind). A scheduler that adds
    noise at every step then takes it from torch's own randomness, and no picture could be made twice.

    Raises:
        SeedLabError: at the end, as the function does.
    """
    before = _read_states()

    def check() -> None:
        if _read_states() != before:
            raise SeedLabError(
                "This model's scheduler adds noise that the seed does not decide, so that this picture could not be "
                "made again: choose another scheduler, or another model."
            )

    yield check
    check()


def _read_states() -> list[bytes]:
    """Read the states of the random sources that are used where no generator is given: CPU, and GPU if it is used."""
    import torch

    states: list[Any] = [torch.get_rng_state()]
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        states.append(torch.cuda.get_rng_state())
    if torch.backends.mps.is_available():
        states.append(torch.mps.get_rng_state())
    return [state.numpy().tobytes() for state in states]
