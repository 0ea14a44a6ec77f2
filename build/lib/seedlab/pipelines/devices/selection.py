"""The device, dtype and memory format to work with."""

from seedlab.core.errors import SeedLabError
from seedlab.pipelines.devices.libraries import import_libraries


def choose_device(wish: str | None) -> str:
    """Return the device to work on: the one wished for, else CUDA, MPS or the CPU, whichever is there.

    Raises:
        SeedLabError: the one wished for is not there.
    """
    import_libraries()
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wish is None:
        return next(device for device, is_there in there.items() if is_there)
    if not there.get(wish, False):
        have = ", ".join(device for device, is_there in there.items() if is_there)
        raise SeedLabError(f"There is no device “{wish[:20]}” on this machine: use {have}.")
    return wish


def choose_dtype(device: str, half: str = "float16") -> str:
    """Return the dtype that is right by default for a model on that device.

    Args:
        half: the half precision that the model was made for.
    """
    import torch

    if device == "cuda":
        return choose_half(half, torch.cuda.get_device_capability())
    has_fast_bfloat16 = device == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return "bfloat16" if has_fast_bfloat16 else "float32"


def choose_half(half: str, capability: tuple[int, int]) -> str:
    """Return the half precision for a CUDA card: bfloat16 only where it is fast, from Ampere (8.0) on."""
    return half if half != "bfloat16" or capability >= (8, 0) else "float16"


def choose_memory_format(device: str) -> str:
    """Return how pictures lie in memory: colours last suits the CPU's kernels, up to twice as fast (oneDNN, NHWC).

    It is a part of the environment, because it changes the bits.
    """
    return "channels_last" if device == "cpu" else "contiguous_format"
