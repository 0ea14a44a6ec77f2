"""Inputs that reveal a different order of summation, or a different rounding."""

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from seedlab.pipelines.exact.layout import Forward


def list_rounding_probes(function: Forward, like: Tensor) -> Iterator[Tensor]:
    """Yield inputs filled with one value that a kernel's vector code and its scalar code round differently, if any.

    Each thread computes the remainder of its share with scalar code, and the boundaries of the shares depend on the
    batch. Only a few values are rounded differently, so real data may not reveal it.
    """
    noise = torch.randn(2**16, generator=torch.Generator().manual_seed(0)).to(like.device, like.dtype)
    vectors, scalars = (_run_in_rows(function, noise, width) for width in (128, 5))
    for value in torch.unique(noise[vectors != scalars])[:4]:
        full = torch.empty_strided(like.shape, like.stride(), dtype=like.dtype, device=like.device)
        yield full.copy_(value.expand(like.shape))


def _run_in_rows(function: Forward, values: Tensor, width: int) -> Tensor:
    """Return function(values), each computed in its own row of `width`: whole vectors, or less than one vector."""
    rows = values[:, None].repeat(1, 2 * width)
    results: Tensor = function(rows[:, width:])[:, -1]
    return results


def list_trials(module: nn.Module, args: Any) -> Iterator[tuple[Forward, Any]]:
    """Yield functions and inputs to compare for a module: its own input, and probes that reveal any difference."""
    if isinstance(module, nn.SiLU | nn.GELU):
        for value in list_rounding_probes(module.forward, args[0]):
            yield module.forward, (value,)
    for layer, inputs in list_summation_probes(module, args):
        yield layer.forward, inputs


def list_summation_probes(module: nn.Module, args: Any) -> Iterator[tuple[nn.Module, Any]]:
    """Yield a module with its input; and for a layer that sums products, a copy whose result is only rounding error.

    In bfloat16 another order of summation changes one of 25,000 values, so a few images may not reveal it. The copy's
    weights and inputs have products that cancel in pairs. Only the rounding error remains, and nearly each value shows
    another order.
    """
    yield module, args
    if isinstance(module, nn.Linear | nn.Conv2d | nn.Conv3d) and getattr(module, "groups", 1) == 1:
        axis = -1 if isinstance(module, nn.Linear) else 1
        pairs = _pair_up(args[0].shape[axis], args[0].device)
        yield _make_cancelling_copy(module, pairs), (_cancel(make_noise(args[0]), axis, pairs, 1), *args[1:])


def _make_cancelling_copy(module: Any, pairs: tuple[Tensor, Tensor]) -> nn.Module:
    """Copy a layer, with weights that cancel in pairs, and no bias.

    The weights are created outside inference mode, and require gradients if the layer's do: torch's choice of the
    kernel depends on that too.
    """
    twin: nn.Module = copy.copy(module)
    with torch.inference_mode(False), torch.no_grad():
        weight = nn.Parameter(_cancel(module.weight, 1, pairs, -1), module.weight.requires_grad)
        twin._parameters = {"weight": weight, "bias": None}
        if module.bias is not None:
            twin.bias = nn.Parameter(torch.zeros_like(module.bias), module.bias.requires_grad)
    return twin


def make_attention_probe(args: Any) -> Any:
    """Return queries, keys and values whose scores are large rounding errors, and whose values cancel in pairs."""
    query, key, value = (make_noise(each) for each in args)
    pairs = _pair_up(query.shape[-1], query.device)
    query, key = _cancel(query * 1e4, -1, pairs, 1), _cancel(key, -1, pairs, -1)
    return query, key, _cancel(value, -2, _pair_up(value.shape[-2], value.device), -1)


def make_product_probe(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Return operands of a matrix product, (..., n, k) and (..., k, m), that leave only rounding errors."""
    pairs = _pair_up(one.shape[-1], one.device)
    return _cancel(make_noise(one), -1, pairs, 1), _cancel(make_noise(other), -2, pairs, -1)


def make_noise(like: Tensor) -> Tensor:
    """Return standard normal noise with the shape, strides, dtype and device of a tensor."""
    # From its own generator, so that the global random state does not change.
    generator = torch.Generator(like.device).manual_seed(0)
    return torch.empty_like(like).normal_(generator=generator)


def _pair_up(size: int, device: Any) -> tuple[Tensor, Tensor]:
    order = torch.randperm(size, generator=torch.Generator().manual_seed(0)).to(device)
    return order[: size // 2], order[size // 2 : size // 2 * 2]


def _cancel(tensor: Tensor, axis: int, pairs: tuple[Tensor, Tensor], sign: int) -> Tensor:
    first, second = pairs
    copy = tensor.clone()
    return copy.index_copy_(axis, second, sign * copy.index_select(axis, first))
