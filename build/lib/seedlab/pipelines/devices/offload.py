"""Where a pipeline's weights are: all of them on the device, or part by part on a card that is too small for it."""

from typing import Any

from seedlab.pipelines.devices.memory import measure_room


def place(pipeline: Any, device: str) -> Any:
    """Put a pipeline on a device; returns it. On a CUDA card that is too small for its weights it comes part by part.

    Raises:
        torch.OutOfMemoryError: they are not there, and it is of a kind that has no parts.
    """
    import torch

    if device != "cuda":
        return pipeline.to(device)
    try:
        if measure_size(pipeline) <= measure_room(device) or not _has_parts(pipeline):
            return pipeline.to(device)
    except torch.OutOfMemoryError:  # another program was quicker
        if not _has_parts(pipeline):
            raise
    enable_cpu_offload(pipeline, device)
    return pipeline


def enable_cpu_offload(pipeline: Any, device: str) -> None:
    """Keep a pipeline's weights in the machine's memory, and put each part on the card for its own work alone."""
    pipeline.enable_model_cpu_offload(device=device)


def is_offloaded(pipeline: Any) -> bool:
    """Whether `enable_cpu_offload` was done to a pipeline: its parts have hooks of accelerate's."""
    return any(hasattr(part, "_hf_hook") for part in pipeline.components.values())


def can_offload(pipeline: Any) -> bool:
    """Whether a pipeline that is on a card whole could be there part by part."""
    return pipeline.device.type == "cuda" and not is_offloaded(pipeline) and _has_parts(pipeline)


def onload(part: Any) -> None:
    """Put a part of a pipeline on the card now, if it waits in the machine's memory for its call.

    What is moved in torch's inference mode never asks for gradients again, and torch multiplies matrices otherwise by
    weights that ask for them (`should_fold` in its LinearAlgebra.cpp): other bits.
    """
    if (hook := getattr(part, "_hf_hook", None)) is not None:
        hook.pre_forward(part)


def measure_size(pipeline: Any) -> int:
    """Return the bytes of a pipeline's weights."""
    import torch

    parts = [part for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]
    return sum(weights.nbytes for part in parts for weights in (*part.parameters(), *part.buffers()))


def _has_parts(pipeline: Any) -> bool:
    # The order in which they work; some of diffusers' older pipelines do not say it.
    return pipeline.model_cpu_offload_seq is not None
