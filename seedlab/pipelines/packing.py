"""Weights laid out once, in blocks, as the processor's kernels read them.

torch's layers hold their weights in rows, and oneDNN reads them in blocks: each call lays them out anew, which takes a
tenth of a batch's time, and a third of a single picture's. In blocks from the start, the same kernels give the same
bits, where calibration saw it. These are the operators that `torch.compile` calls on frozen weights.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from seedlab.pipelines.memory import PACKED
from seedlab.pipelines.slots import Forward, replace_attribute


def pack(layer: nn.Module) -> Forward:
    """Return a layer's `forward` with weights in blocks, which are laid out at its first call.

    Raises:
        TypeError: this is no layer whose weights can be laid out (see `can_pack`).
    """
    if not can_pack(layer):
        raise TypeError(f"{type(layer).__name__} has no weights that can be laid out.")
    return _pack_linear(layer) if isinstance(layer, nn.Linear) else _pack_convolution(layer)


def can_pack(layer: nn.Module) -> bool:
    """Whether there are kernels that take this layer's weights in blocks; not whether they give the same bits."""
    if type(layer) is nn.Conv2d:
        is_plain = layer.padding_mode == "zeros" and isinstance(layer.padding, tuple)
    else:
        is_plain = type(layer) is nn.Linear
    return is_plain and layer.weight.device.type == "cpu" and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def packs_equally(layer: nn.Module, inputs: Any) -> bool:
    """Whether a layer gives the same values, laid out the same way, by weights in blocks."""
    try:
        plain, packed = layer.forward(*inputs), pack(layer)(*inputs)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:  # a kind of number, or a shape, that has no such kernel
        return False
    return plain.stride() == packed.stride() and torch.equal(plain, packed)


@contextmanager
def pack_weights(root: nn.Module, names: Sequence[str]) -> Iterator[None]:
    """Let the layers of these names read weights in blocks, as long as this lasts, and as far as `PACKED` go."""
    free = PACKED
    with ExitStack() as stack:
        for name in names:
            layer: Any = root.get_submodule(name)
            # It cannot always be packed: another build of torch may have made the plan.
            if can_pack(layer) and layer.weight.nbytes <= free:
                free -= layer.weight.nbytes
                stack.enter_context(replace_attribute(layer, "forward", pack(layer)))
        yield


def _pack_linear(layer: nn.Linear) -> Forward:
    kernels: Any = torch.ops.mkldnn
    lay_out = _once(lambda value: kernels._reorder_linear_weight(layer.weight, value.numel() // value.shape[-1]))
    return lambda value: kernels._linear_pointwise(value, lay_out(value), layer.bias, "none", [], "")


def _pack_convolution(layer: Any) -> Forward:
    kernels: Any = torch.ops.mkldnn
    steps = [list(layer.padding), list(layer.stride), list(layer.dilation), layer.groups]
    lay_out = _once(lambda value: kernels._reorder_convolution_weight(layer.weight, *steps, list(value.shape)))
    return lambda value: kernels._convolution_pointwise(value, lay_out(value), layer.bias, *steps, "none", [], "")


def _once(make: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    made: list[Tensor] = []

    def get(value: Tensor) -> Tensor:
        if not made:
            made.append(make(value))
        return made[0]

    return get
