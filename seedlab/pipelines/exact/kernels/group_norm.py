"""Group norms computed in float32, where that gives the bits of bfloat16 and takes a fifth of the time.

For small images, torch's kernel for channels-last memory processes one spatial position at a time. With few channels in
a group it then handles only a few numbers at once, and in bfloat16 this takes five times as long
(`GroupNormKernelImplChannelsLastInternal` in torch's group_norm_kernel.cpp, measured with torch 2.13). It accumulates
in float32 either way, so the bits are often equal; calibration checks whether they are. In float16 they are not.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from seedlab.pipelines.patching import replace_attribute

MIN_ROW_POSITIONS = 1024
"""The number of spatial positions from which the kernel processes whole rows of channels."""

VECTOR_SIZE = 16
"""The number of a group's channels that the kernel processes at once."""

MIN_TEST_VALUES = 2**20
"""The least number of values to compare: a different rounding may show in one of 100,000."""


def is_slow(norm: nn.Module, value: Any) -> bool:
    """Whether torch's kernel is slow for this input: (n, channels, height, width), bfloat16, channels-last, CPU.

    A single position is contiguous as well, and torch may choose its other kernel, which sums in another order.
    """
    return (
        type(norm) is nn.GroupNorm
        and norm.affine
        and isinstance(value, Tensor)
        and value.ndim == 4
        and value.device.type == "cpu"
        and value.dtype is torch.bfloat16
        and value.is_contiguous(memory_format=torch.channels_last)
        and not value.is_contiguous()
        and value.shape[2] * value.shape[3] < MIN_ROW_POSITIONS
        and norm.num_channels // norm.num_groups < VECTOR_SIZE
    )


def upcast(norm: Any) -> Callable[[Tensor], Tensor]:
    """Return a `forward` for a group norm that computes in float32, and returns the dtype of its input."""
    weight, bias = norm.weight.float(), norm.bias.float()
    return lambda value: functional.group_norm(value.float(), norm.num_groups, weight, bias, norm.eps).to(value.dtype)


def is_equal_upcast(norm: Any, value: Tensor) -> bool:
    """Whether a norm gives the same bits in float32 as in the dtype of this input.

    The check includes a million values of noise, noise far from zero, of which the norm leaves little but rounding,
    and the statistics, which reveal a different order of summation.
    """
    rows = -(-MIN_TEST_VALUES // value[0].numel())
    noise = torch.randn((rows, *value.shape[1:]), generator=torch.Generator().manual_seed(0))
    near, far = (each.to(value.dtype).to(memory_format=torch.channels_last) for each in (noise, 1024 + 8 * noise))
    forward = upcast(norm)
    return all(torch.equal(norm.forward(each), forward(each)) for each in (value, near, far)) and all(
        map(torch.equal, _compute_statistics(norm, near), _compute_statistics(norm, near.float()))
    )


@contextmanager
def upcast_norms(root: nn.Module, names: Sequence[str]) -> Iterator[None]:
    """Let the named group norms compute in float32 inside the context."""
    with ExitStack() as stack:
        for name in names:
            norm = root.get_submodule(name)
            stack.enter_context(replace_attribute(norm, "forward", upcast(norm)))
        yield


def _compute_statistics(norm: Any, value: Tensor) -> tuple[Tensor, Tensor]:
    """Return the means and inverse standard deviations of all groups, in float32 because the weights are."""
    rows, channels = value.shape[:2]
    positions, weight, bias = value[0, 0].numel(), norm.weight.float(), norm.bias.float()
    _, mean, rstd = torch.native_group_norm(value, weight, bias, rows, channels, positions, norm.num_groups, norm.eps)
    return mean, rstd
