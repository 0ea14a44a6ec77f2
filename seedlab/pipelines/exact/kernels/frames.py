"""Decodes a picture faster with the autoencoder of a video model, such as Qwen-Image's, with the same bits.

Its causal convolutions put two frames of zeros before a picture, and multiply them with two thirds of their weights.
Its norms sum over the channels with a kernel that handles one value at a time (`NormTwoOps` in torch's ReduceOps).
On a CPU, these two take most of the time. Here the zeros are left out, and the sums are those of whole channels, in the
same order. Each layer is compared with its own kernel on its first input, and then the whole picture.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn import functional

from seedlab.pipelines.exact.search.probes import list_summation_probes, make_noise
from seedlab.pipelines.patching import replace_attribute

Layer = Callable[[Any, Tensor], Tensor]
"""Computes a module's result from the module and its input."""

MIN_POSITIONS = 64 * 64
"""The size of a picture inside the decoder from which the sums of channels pay: each channel is a call."""

EPSILON = 1e-12
"""The least length that a vector is divided by in `torch.nn.functional.normalize`."""

_KNOWN: "WeakKeyDictionary[nn.Module, dict[Any, Any]]" = WeakKeyDictionary()
"""For each autoencoder, which kernels were found to be equal, by kind and shape."""


@contextmanager
def decode_frames_faster(vae: Any) -> Iterator[None]:
    """Let an autoencoder of videos decode single pictures faster inside the context, if their bits stay the same.

    Args:
        vae: decodes images one by one; others than those of videos are left as they are.
    """
    layers = _list_layers(vae)
    if not layers:
        yield
        return
    with replace_attribute(vae, "decode", partial(_decode, vae, vae.decode, layers)):
        yield


def _decode(vae: Any, decode: Callable[..., Any], layers: Any, latents: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Decode latents with the faster layers, if these give the first image the same bits."""
    known = _KNOWN.setdefault(vae, {})
    key = _describe(latents[:1])
    if key not in known:
        plain = decode(latents[:1], return_dict=False)[0]
        with _replace_layers(layers, known):
            known[key] = torch.equal(plain, decode(latents[:1], return_dict=False)[0])
    with _replace_layers(layers if known[key] else (), known):
        return decode(latents, *args, **kwargs)


def _list_layers(vae: Any) -> list[tuple[Any, tuple[Layer, ...]]]:
    """Return the decoder's modules that may be faster, each with the ways to compute them, the fastest first."""
    modules = list(vae.decoder.modules()) if isinstance(getattr(vae, "decoder", None), nn.Module) else []
    found: list[tuple[Any, tuple[Layer, ...]]] = []
    for module in modules:
        if is_causal_convolution(module):
            found.append((module, (convolve_flat, convolve_last)))
        elif is_channel_norm(module):
            found.append((module, (normalize_channels,)))
    return [each for each in found if all(weights.device.type == "cpu" for weights in each[0].parameters())]


def is_causal_convolution(module: Any) -> bool:
    """Whether a module is a convolution that puts as many frames of zeros before a video as it reads before each."""
    padding: Any = getattr(module, "_padding", ())
    return (
        isinstance(module, nn.Conv3d)
        and len(padding) == 6
        and padding[4] == module.kernel_size[0] - 1 > padding[5] == 0
        and (module.stride[0], module.dilation[0], module.padding) == (1, 1, (0, 0, 0))
    )


def is_channel_norm(module: Any) -> bool:
    """Whether a module divides each position by the length of its vector of channels, and multiplies it by weights."""
    return bool(getattr(module, "channel_first", False)) and all(hasattr(module, name) for name in ("gamma", "scale"))


def convolve_flat(layer: Any, value: Tensor) -> Tensor:
    """Apply a causal convolution to a single frame, (1, channels, 1, height, width), without frames of zeros."""
    padded = functional.pad(value[:, :, 0], layer._padding[:4])
    weight = layer.weight[:, :, -1]
    steps = layer.stride[1:], (0, 0), layer.dilation[1:], layer.groups
    return functional.conv2d(padded, weight, layer.bias, *steps)[:, :, None]


def convolve_last(layer: Any, value: Tensor) -> Tensor:
    """Do the same as `convolve_flat`, with the kernels for videos, which may sum in another order."""
    padded = functional.pad(value, (*layer._padding[:4], 0, 0))
    steps = layer.stride, (0, 0, 0), layer.dilation, layer.groups
    return functional.conv3d(padded, layer.weight[:, :, -1:], layer.bias, *steps)


def normalize_channels(norm: Any, value: Tensor) -> Tensor:
    """Apply a channel norm, in float32 as diffusers does, to (n, channels, ...)."""
    normalized = normalize(value.float()).to(value.dtype)
    result: Tensor = normalized * norm.scale * norm.gamma + norm.bias
    return result


def normalize(value: Tensor) -> Tensor:
    """Return what `torch.nn.functional.normalize` returns for axis 1, from sums of whole channels, in float32."""
    first, *others = value.unbind(1)
    total = first * first
    for channel in others:
        total += channel * channel
    # The root of a vector of float32 is not always rounded to the nearest, as that of a single value is.
    lengths = total.double().sqrt_().float()
    return value / lengths.clamp_min_(EPSILON)[:, None]


@dataclass
class _Faster:
    """Replaces the `forward` of a layer."""

    module: Any
    plain: Callable[..., Tensor]
    ways: tuple[Layer, ...]
    known: dict[Any, Layer | None]

    def __call__(self, value: Tensor, cache: Any = None) -> Tensor:
        if cache is not None:
            return self.plain(value, cache)
        way = self._find_way(value)
        return self.plain(value) if way is None else way(self.module, value)

    def _find_way(self, value: Tensor) -> Layer | None:
        if not _may_gain(self.module, value):
            return None
        key = (repr(self.module), getattr(self.module, "_padding", ()), _describe(value))
        if key not in self.known:
            self.known[key] = next((way for way in self.ways if _is_equal(self.module, way, value)), None)
        return self.known[key]


@contextmanager
def _replace_layers(layers: Any, known: dict[Any, Any]) -> Iterator[None]:
    with ExitStack() as stack:
        for module, ways in layers:
            stack.enter_context(replace_attribute(module, "forward", _Faster(module, module.forward, ways, known)))
        yield


def _may_gain(module: Any, value: Tensor) -> bool:
    if isinstance(module, nn.Conv3d):
        return value.ndim == 5 and len(value) == value.shape[2] == 1
    return value.ndim > 2 and value[0, 0].numel() >= MIN_POSITIONS


def _is_equal(module: Any, way: Layer, value: Tensor) -> bool:
    """Whether a way gives a layer's values, with the same strides, for its input and for probes."""
    if not isinstance(module, nn.Conv3d):  # its result in bfloat16 would hide another order of summation
        noise = make_noise(value).float()
        if not torch.equal(functional.normalize(noise, dim=1), normalize(noise)):
            return False
    trials = [(layer, inputs[0]) for layer, inputs in list_summation_probes(module, (value,))]
    pairs = [(type(layer).forward(layer, probe), way(layer, probe)) for layer, probe in trials]
    return all(one.stride() == other.stride() and torch.equal(one, other) for one, other in pairs)


def _describe(value: Tensor) -> Any:
    return tuple(value.shape), value.stride(), value.dtype, torch.get_num_threads()
