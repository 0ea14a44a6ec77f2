"""Weights laid out once, in blocks, as the processor's kernels read them.

torch's layers hold their weights in rows, and oneDNN reads them in blocks: each call lays them out anew, which takes a
tenth of a batch's time, and a third of a single picture's. In blocks from the start, the same kernels give the same
bits, where calibration saw it. These are the operators that `torch.compile` calls on frozen weights.

The blocks of one plan are kept from one batch to the next, until another plan is followed or memory is short: to lay
out a Stable Diffusion takes as long as half a step of four pictures of 256x256.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from seedlab.pipelines.devices.memory import PREPACKED_BYTES
from seedlab.pipelines.exact.layout import Forward
from seedlab.pipelines.patching import replace_attribute


@dataclass
class Blocks:
    """A layer's weights in blocks, and what they were made for."""

    key: Any = None
    weight: Tensor | None = None


_KEPT: WeakKeyDictionary[nn.Module, Blocks] = WeakKeyDictionary()


def pack(layer: nn.Module, blocks: Blocks | None = None) -> Forward:
    """Return a layer's `forward` with weights in blocks, which are laid out at its first call.

    Args:
        blocks: where they are found, if they were made for such a call, and kept.

    Raises:
        TypeError: this is no layer whose weights can be laid out (see `can_pack`).
    """
    if not can_pack(layer):
        raise TypeError(f"{type(layer).__name__} has no weights that can be laid out.")
    make = _pack_linear if isinstance(layer, nn.Linear) else _pack_convolution
    return make(layer, blocks)


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
    """Let the named layers use prepacked weights inside the context, up to `PREPACKED_BYTES` in all."""
    layers = _choose_layers(root, names)
    for layer in set(_KEPT) - set(layers):
        del _KEPT[layer]
    with ExitStack() as stack:
        for layer in layers:
            packed = pack(layer, _KEPT.setdefault(layer, Blocks()))
            stack.enter_context(replace_attribute(layer, "forward", packed))
        yield


def drop_prepacked() -> None:
    """Let go of the blocks that are kept; they can be made anew."""
    _KEPT.clear()


def _choose_layers(root: nn.Module, names: Sequence[str]) -> list[nn.Module]:
    free, layers = PREPACKED_BYTES, []
    for name in names:
        layer: Any = root.get_submodule(name)
        # It cannot always be packed: another build of torch may have made the plan.
        if can_pack(layer) and layer.weight.nbytes <= free:
            free -= layer.weight.nbytes
            layers.append(layer)
    return layers


def _pack_linear(layer: Any, blocks: Blocks | None) -> Forward:
    kernels: Any = torch.ops.mkldnn

    def lay_out(value: Tensor) -> Tensor:
        rows = value.numel() // value.shape[-1]
        return _find_blocks(blocks, layer, rows, lambda: kernels._reorder_linear_weight(layer.weight, rows))

    get = _once(lay_out)
    return lambda value: kernels._linear_pointwise(value, get(value), layer.bias, "none", [], "")


def _pack_convolution(layer: Any, blocks: Blocks | None) -> Forward:
    kernels: Any = torch.ops.mkldnn
    steps = [list(layer.padding), list(layer.stride), list(layer.dilation), layer.groups]

    def lay_out(value: Tensor) -> Tensor:
        shape = list(value.shape)
        make = lambda: kernels._reorder_convolution_weight(layer.weight, *steps, shape)  # noqa: E731
        return _find_blocks(blocks, layer, shape, make)

    get = _once(lay_out)
    return lambda value: kernels._convolution_pointwise(value, get(value), layer.bias, *steps, "none", [], "")


def _find_blocks(blocks: Blocks | None, layer: Any, shape: Any, make: Callable[[], Tensor]) -> Tensor:
    """Return blocks for inputs of a shape, and for the weights that the layer has now."""
    if blocks is None:
        return make()
    key = (shape, layer.weight.data_ptr(), layer.weight._version)
    if blocks.weight is None or blocks.key != key:
        blocks.key, blocks.weight = key, make()
    return blocks.weight


def _once(make: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    made: list[Tensor] = []

    def get(value: Tensor) -> Tensor:
        if not made:
            made.append(make(value))
        return made[0]

    return get
