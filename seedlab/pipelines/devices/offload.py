"""Puts a pipeline's weights on a device, with model CPU offload if the GPU's memory is too small."""

from typing import Any

from seedlab.pipelines.devices.memory import measure_room


def place(pipeline: Any, device: str) -> Any:
    """Put a pipeline on a device, and return it; with model CPU offload if a CUDA GPU is too small for its weights.

    Raises:
        torch.OutOfMemoryError: the weights do not fit, and the pipeline does not support offloading.
    """
    import torch

    if device != "cuda":
        return pipeline.to(device)
    try:
        if measure_size(pipeline) <= measure_room(device) or not _supports_offload(pipeline):
            return pipeline.to(device)
    except torch.OutOfMemoryError:  # another program has taken the memory
        if not _supports_offload(pipeline):
            raise
    enable_cpu_offload(pipeline, device)
    return pipeline


def enable_cpu_offload(pipeline: Any, device: str) -> None:
    """Keep a pipeline's weights in host memory, and move each component to the GPU only while it runs."""
    pipeline.enable_model_cpu_offload(device=device)


def is_offloaded(pipeline: Any) -> bool:
    """Whether a pipeline uses model CPU offload, which adds accelerate's hooks to its components."""
    return any(hasattr(component, "_hf_hook") for component in pipeline.components.values())


def can_offload(pipeline: Any) -> bool:
    """Whether a pipeline that is on the GPU completely could use model CPU offload instead."""
    return pipeline.device.type == "cuda" and not is_offloaded(pipeline) and _supports_offload(pipeline)


def onload(component: Any) -> None:
    """Move an offloaded component to the GPU now, instead of at its next call.

    Weights that are moved in torch's inference mode no longer require gradients, and torch uses another kernel for
    weights that do (`should_fold` in its LinearAlgebra.cpp), which gives other bits.
    """
    if (hook := getattr(component, "_hf_hook", None)) is not None:
        hook.pre_forward(component)


def measure_size(pipeline: Any) -> int:
    """Return the size of a pipeline's weights in bytes."""
    import torch

    modules = [each for each in pipeline.components.values() if isinstance(each, torch.nn.Module)]
    return sum(weights.nbytes for module in modules for weights in (*module.parameters(), *module.buffers()))


def _supports_offload(pipeline: Any) -> bool:
    # The order of the components; some of diffusers' older pipelines do not define it.
    return pipeline.model_cpu_offload_seq is not None
