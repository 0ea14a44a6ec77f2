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


def choose_dtype(device: str, half: str = "float16") -> str:
    """Return the default dtype for a model on a device.

    Args:
        half: the half precision that the model was trained for.
    """
    import torch

    if device == "cuda":
        return choose_half(half, torch.cuda.get_device_capability())
    has_fast_bfloat16 = device == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return "bfloat16" if has_fast_bfloat16 else "float32"


def choose_half(half: str, capability: tuple[int, int]) -> str:
    """Return the half precision for a CUDA GPU: bfloat16 only where it is fast, from Ampere (8.0) on."""
    return half if half != "bfloat16" or capability >= (8, 0) else "float16"


def choose_memory_format(device: str, requested: str | None = None) -> str:
    """Return the memory format of weights: by default "channels_last" (NHWC) on a CPU, else "contiguous_format".

    Channels-last makes oneDNN's bfloat16 kernels up to twice as fast. The format is part of the environment, because it
    changes the bits.
    """
    return requested or ("channels_last" if device == "cpu" else "contiguous_format")
