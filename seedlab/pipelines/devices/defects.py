"""Refuses what a processor's kernels compute wrongly.

On Intel processors with AMX, oneDNN's convolution in bfloat16 with a stride reads uninitialized memory where its result
is one position wide and several high: the result differs from call to call, by up to any number (seen with torch 2.13,
for 3x3 kernels of stride 2 and most numbers of channels). oneDNN #5494 mends the cause for larger strides. A UNet has
such a convolution between two levels, so it concerns only its narrowest pictures, where they are taller than wide.
"""

from typing import Any

from seedlab.core.errors import SeedLabError


def refuse_defects(root: Any) -> None:
    """Let the convolutions inside a module raise SeedLabError where this processor computes them wrongly.

    Args:
        root: a `torch.nn.Module` on the CPU.
    """
    import torch

    if not torch.cpu._is_amx_tile_supported():
        return
    for module in root.modules():
        if isinstance(module, torch.nn.Conv2d) and module.stride[1] > 1 and module.weight.dtype is torch.bfloat16:
            module.register_forward_hook(_check_result)


def _check_result(_module: Any, _inputs: Any, result: Any) -> None:
    if result.shape[-1] == 1 and result.shape[-2] > 1:
        sentence = "This processor makes such narrow pictures wrongly in bfloat16"
        raise SeedLabError(f"{sentence}: choose a larger width, or float32 as the precision.")
