"""Prepacked weights: reordered once into the blocked layout that the CPU kernels read.

torch's layers store their weights in rows, and oneDNN reads them in blocks. Each call reorders them again, which takes
a tenth of a batch's time and a third of a single image's. With weights in blocks from the start, the same kernels give
the same bits where calibration has confirmed it. These are the operators that `torch.compile` calls for frozen weights.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from seedlab.pipelines.exact.kernels.prepack_cache import PrepackCache
from seedlab.pipelines.exact.layout import Forward
from seedlab.pipelines.patching import replace_attribute


def prepack(layer: nn.Module, cache: PrepackCache | None = None) -> Forward:
    """Return a layer's `forward` with prepacked weights, which are reordered at its first call.

    Args:
        cache: where the weights are kept for later calls of this function; None for nowhere.

    Raises:
        TypeError: the layer has no kernel for prepacked weights (see `can_prepack`).
    """
    if not can_prepack(layer):
        raise TypeError(f"{type(layer).__name__} has no kernel for prepacked weights.")
    make = _prepack_linear if isinstance(layer, nn.Linear) else _prepack_convolution
    return make(layer, cache or PrepackCache())


def can_prepack(layer: nn.Module) -> bool:
    """Whether there is a kernel for this layer with prepacked weights; not whether it gives the same bits."""
    if type(layer) is nn.Conv2d:
        is_plain = layer.padding_mode == "zeros" and isinstance(layer.padding, tuple)
    else:
        is_plain = type(layer) is nn.Linear
    return is_plain and layer.weight.device.type == "cpu" and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def is_equal_prepacked(layer: nn.Module, inputs: Any) -> bool:
    """Whether a layer gives the same values, with the same strides, from prepacked weights."""
    try:
        plain, prepacked = layer.forward(*inputs), prepack(layer)(*inputs)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:  # a dtype or a shape without such a kernel
        return False
    return plain.stride() == prepacked.stride() and torch.equal(plain, prepacked)


@contextmanager
def prepack_weights(root: nn.Module, names: Sequence[str], cache: PrepackCache) -> Iterator[None]:
    """Let the named layers use prepacked weights inside the context, up to the cache's limit in all.

    The cache keeps the weights of these layers, and those of others if there is room.
    """
    layers = _choose_layers(root, names, cache.limit)
    cache.make_room(layers)
    with ExitStack() as stack:
        for layer in layers:
            stack.enter_context(replace_attribute(layer, "forward", prepack(layer, cache)))
        yield


def _choose_layers(root: nn.Module, names: Sequence[str], free: int) -> list[nn.Module]:
    layers = []
    for name in names:
        layer: Any = root.get_submodule(name)
        # A plan from another build of torch may name layers that cannot be prepacked here.
        if can_prepack(layer) and layer.weight.nbytes <= free:
            free -= layer.weight.nbytes
            layers.append(layer)
    return layers


def _prepack_linear(layer: Any, cache: PrepackCache) -> Forward:
    kernels: Any = torch.ops.mkldnn

    def reorder(value: Tensor) -> Tensor:
        rows = value.numel() // value.shape[-1]
        return cache.get(layer, _make_key(layer, rows), lambda: kernels._reorder_linear_weight(layer.weight, rows))

    get = _once(reorder)
    return lambda value: kernels._linear_pointwise(value, get(value), layer.bias, "none", [], "")


def _prepack_convolution(layer: Any, cache: PrepackCache) -> Forward:
    kernels: Any = torch.ops.mkldnn
    geometry = [list(layer.padding), list(layer.stride), list(layer.dilation), layer.groups]

    def reorder(value: Tensor) -> Tensor:
        shape = list(value.shape)
        make = lambda: kernels._reorder_convolution_weight(layer.weight, *geometry, shape)  # noqa: E731
        return cache.get(layer, _make_key(layer, shape), make)

    get = _once(reorder)
    return lambda value: kernels._convolution_pointwise(value, get(value), layer.bias, *geometry, "none", [], "")


def _make_key(layer: Any, shape: Any) -> Any:
    """Return what prepacked weights depend on: the input's shape, and the weights that the layer has now."""
    return shape, layer.weight.data_ptr(), layer.weight._version


def _once(make: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return a function that calls `make` the first time, and returns that result ever after."""
    results: list[Tensor] = []

    def get(value: Tensor) -> Tensor:
        if not results:
            results.append(make(value))
        return results[0]

    return get
