"""A run that was paused after a step, with everything that the following steps depend on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

State = Any
"""A value in a scheduler: None, a bool, a number, a text or a tensor, or a list or tuple of these."""

SHIFTED_OUT = ("DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler", "DEISMultistepScheduler")
"""Schedulers whose next step drops the oldest of `model_outputs` before it reads any."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PausedRun:
    """One image's run, paused after a step. The tensors are on the CPU and keep their memory format.

    Attributes:
        step: finished steps: calls of the scheduler's `step`, of which Heun and DPM2 need two for one step.
        latents: after this step, (1, ...), as the pipeline holds them; Flux and similar models pack them.
        generator: the state of the image's generator, (bytes,), uint8.
        scheduler: the attributes of the scheduler that the run has changed. Of tensors with one row for each image,
            such as earlier model outputs, only this image's row.
        draft_steps: of a draft, how many of its recipe's denoising steps are finished; None for a run that gave way.
    """

    step: int
    latents: "Tensor"
    generator: "Tensor"
    scheduler: Mapping[str, State]
    draft_steps: int | None = None

    @property
    def bytes(self) -> int:
        """The size of all tensors."""
        return sum(tensor.nbytes for tensor in (self.latents, self.generator, *list_tensors(self.scheduler)))


class PausedError(Exception):
    """Raised by a call that was paused; it can be resumed later from `runs`, of which there is one for each image."""

    def __init__(self, runs: tuple[PausedRun, ...]) -> None:
        super().__init__()
        self.runs = runs


def copy_state(scheduler: Any) -> dict[str, State]:
    """Return a copy of a scheduler's attributes that later steps do not change."""
    return {name: _map(lambda tensor: tensor.clone(), value) for name, value in vars(scheduler).items()}


def pause(
    step: int,
    latents: "Tensor",
    generators: Sequence[Any],
    scheduler: Any,
    before: Mapping[str, State],
    draft_steps: int | None = None,
) -> tuple[PausedRun, ...]:
    """Return the paused runs of a batch, one for each image.

    Args:
        step: the number of finished steps.
        latents: (images, ...), after this step.
        generators: one for each image.
        scheduler: after this step.
        before: `copy_state` of the scheduler before the first step.
        draft_steps: as in `PausedRun`.
    """
    changed = {name: each for name, each in vars(scheduler).items() if not _is_equal(before.get(name), each)}
    if type(scheduler).__name__ in SHIFTED_OUT and "model_outputs" in changed:
        changed["model_outputs"] = [None, *changed["model_outputs"][1:]]

    def take_row(tensor: "Tensor", row: int) -> "Tensor":
        return _copy_to_cpu(tensor[row : row + 1] if tensor.shape == latents.shape else tensor)

    return tuple(
        PausedRun(
            step=step,
            latents=take_row(latents, row),
            generator=generator.get_state(),
            scheduler=_map(lambda tensor, row=row: take_row(tensor, row), changed),
            draft_steps=draft_steps,
        )
        for row, generator in enumerate(generators)
    )


def join(runs: Sequence[PausedRun], device: Any) -> tuple["Tensor", dict[str, State]]:
    """Return the latents of a batch, (images, ...), and the scheduler's changed attributes.

    Args:
        runs: of the batch's images, which may have been paused in other batches.
        device: that the images are denoised on.

    Raises:
        ValueError: they were not paused after the same step of the same scheduler.
    """
    import torch

    first = runs[0]
    if any(run.step != first.step or run.scheduler.keys() != first.scheduler.keys() for run in runs):
        raise ValueError("runs that were paused at different steps")

    def merge(*values: State) -> State:
        if isinstance(values[0], list | tuple):
            return type(values[0])(merge(*each) for each in zip(*values, strict=True))
        if isinstance(values[0], torch.Tensor) and values[0].shape == first.latents.shape:
            return torch.cat(values).to(device)
        if not all(_is_equal(values[0], other) for other in values[1:]):
            raise ValueError("runs of different schedulers")
        return values[0]

    scheduler = {name: merge(*(run.scheduler[name] for run in runs)) for name in first.scheduler}
    return torch.cat([run.latents for run in runs]).to(device), scheduler


def restore_state(scheduler: Any, state: Mapping[str, State]) -> None:
    """Give a new scheduler the attributes that a run has changed.

    Raises:
        ValueError: these are not attributes that steps change.
    """
    if any(name == "_internal_dict" or callable(getattr(scheduler, name, None)) for name in state):
        raise ValueError("a run of another scheduler")
    vars(scheduler).update(state)


def list_tensors(value: State) -> "list[Tensor]":
    """Return all tensors in a value or a mapping of values."""
    import torch

    if isinstance(value, torch.Tensor):
        return [value]
    nested = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return [tensor for each in nested for tensor in list_tensors(each)]


def _map(change: Any, value: State) -> State:
    """Apply a function to all tensors in a value."""
    import torch

    if isinstance(value, torch.Tensor):
        return change(value)
    if type(value) is dict:  # not a scheduler's configuration, which never changes
        return {name: _map(change, each) for name, each in value.items()}
    return type(value)(_map(change, each) for each in value) if type(value) in (list, tuple) else value


def _copy_to_cpu(tensor: "Tensor") -> "Tensor":
    return tensor.detach().to("cpu", copy=True)


def _is_equal(one: State, other: State) -> bool:
    import numpy as np
    import torch

    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, torch.Tensor):
        if (one.dtype, one.shape) != (other.dtype, other.shape):
            return False
        # DPM2's tables contain not-a-number.
        return torch.allclose(one, other.to(one.device), rtol=0, atol=0, equal_nan=True)
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_is_equal, one, other))
    return bool(one == other)
