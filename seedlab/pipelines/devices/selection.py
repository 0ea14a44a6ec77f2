"""Chooses the device, dtype and memory format."""

from seedlab.core.errors import SeedLabError
from seedlab.pipelines.devices.libraries import import_libraries


def choose_device(requested: str | None) -> str:
    """Return the requested device; for None, the first available one of CUDA, MPS and CPU.

    Raises:
        SeedLabError: the requested device is not available.
    """
    import_libraries()
    import torch

    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if requested is None:
        return next(device for device, is_available in available.items() if is_available)
    if not available.get(requested, False):
        names = ", ".join(device for device, is_available in available.items() if is_available)
        raise SeedLabError(f"There is no device “{requested[:20]}” on this machine: use {names}.")
    return requested


def has_fast_bfloat16(device: str) -> bool:
    """Return whether a device of this machine is fast in bfloat16: GPUs from Ampere (8.0) on, and some processors."""
    import torch

    if device == "cuda":
        return bool(torch.cuda.get_device_capability() >= (8, 0))
    return device == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())


def choose_dtype(device: str, half: str, is_bfloat16_fast: bool) -> str:
    """Return the default dtype for a model on a device.

    Args:
        device: "cuda", "mps" or "cpu".
        half: the half precision that the model was trained for.
        is_bfloat16_fast: as `has_fast_bfloat16` returns it, where the device is.
    """
    if device == "cuda":
        return half if half != "bfloat16" or is_bfloat16_fast else "float16"
    return "bfloat16" if is_bfloat16_fast else "float32"


def choose_memory_format(device: str, requested: str | None = None) -> str:
    """Return the memory format of weights: by default "channels_last" (NHWC) on a CPU, else "contiguous_format".

    Channels-last makes oneDNN's bfloat16 kernels up to twice as fast. The format is part of the environment, because it
    changes the bits.
    """
    return requested or ("channels_last" if device == "cpu" else "contiguous_format")
