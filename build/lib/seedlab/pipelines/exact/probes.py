"""Inputs on which a different order of summation, or another rounding, shows."""

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from seedlab.pipelines.exact.layout import Forward


def list_torn(function: Forward, like: Tensor) -> Iterator[Tensor]:
    """Yield an input full of a value that a kernel's vectors round otherwise than its scalars, if there is one.

    Each thread computes the end of its share by scalars, and where the shares end depends on the batch. Seldom is
    one of these few values rounded otherwise, so that real data may not show it.
    """
    noise = torch.randn(2**16, generator=torch.Generator().manual_seed(0)).to(like.device, like.dtype)
    vectors, scalars = (_run_in_rows(function, noise, width) for width in (128, 5))
    for value in torch.unique(noise[vectors != scalars])[:4]:
        full = torch.empty_strided(like.shape, like.stride(), dtype=like.dtype, device=like.device)
        yield full.copy_(value.expand(like.shape))


def _run_in_rows(function: Forward, values: Tensor, width: int) -> Tensor:
    """Return function(values), each computed in a row of its own: of whole vectors, or of what is left of one."""
    rows = values[:, None].repeat(1, 2 * width)
    results: Tensor = function(rows[:, width:])[:, -1]
    return results


def list_trials(module: nn.Module, args: Any) -> Iterator[tuple[Forward, Any]]:
    """List what to compare a module on: its own input, and inputs on which any difference shows."""
    if isinstance(module, nn.SiLU | nn.GELU):
        for value in list_torn(module.forward, args[0]):
            yield module.forward, (value,)
    for layer, inputs in list_sums(module, args):
        yield layer.forward, inputs


def list_sums(module: nn.Module, args: Any) -> Iterator[tuple[nn.Module, Any]]:
    """List a module with its input, and where it sums products, a twin with an input that leaves only rounding.

    In bfloat16 another order of summation shows in one of 25,000 values, so that a few images may not show it. With
    weights and inputs whose products cancel in pairs nothing is left but the rounding, which shows in nearly each.
    """
    yield module, args
    if isinstance(module, nn.Linear | nn.Conv2d) and getattr(module, "groups", 1) == 1:
        axis = -1 if isinstance(module, nn.Linear) else 1
        pairs = _pair_up(args[0].shape[axis], args[0].device)
        yield _make_twin(module, pairs), (_cancel(make_noise(args[0]), axis, pairs, 1), *args[1:])


def _make_twin(module: Any, pairs: tuple[Tensor, Tensor]) -> nn.Module:
    """Copy a layer, with weights that cancel in pairs, and no bias.

    Outside of inference mode, and asking for gradients if the layer's do: torch chooses its kernel by that too.
    """
    twin: nn.Module = copy.copy(module)
    with torch.inference_mode(False), torch.no_grad():
        weight = nn.Parameter(_cancel(module.weight, 1, pairs, -1), module.weight.requires_grad)
        twin._parameters = {"weight": weight, "bias": None}
        if module.bias is not None:
            twin.bias = nn.Parameter(torch.zeros_like(module.bias), module.bias.requires_grad)
    return twin


def cancel_attention(args: Any) -> Any:
    """Make queries, keys and values whose scores are rounding alone, and large, over values that cancel in pairs."""
    query, key, value = (make_noise(each) for each in args)
    pairs = _pair_up(query.shape[-1], query.device)
    query, key = _cancel(query * 1e4, -1, pairs, 1), _cancel(key, -1, pairs, -1)
    return query, key, _cancel(value, -2, _pair_up(value.shape[-2], value.device), -1)


def make_noise(like: Tensor) -> Tensor:
    """Return standard normal noise with the shape, dtype and device of a tensor."""
    # From a generator of its own, so that nobody else's randomness moves.
    generator = torch.Generator(like.device).manual_seed(0)
    return torch.empty_like(like).normal_(generator=generator)


def _pair_up(size: int, device: Any) -> tuple[Tensor, Tensor]:
    order = torch.randperm(size, generator=torch.Generator().manual_seed(0)).to(device)
    return order[: size // 2], order[size // 2 : size // 2 * 2]


def _cancel(tensor: Tensor, axis: int, pairs: tuple[Tensor, Tensor], sign: int) -> Tensor:
    first, second = pairs
    copy = tensor.clone()
    return copy.index_copy_(axis, second, sign * copy.index_select(axis, first))
