"""Merges LoRAs into the weights of a pipeline in float32, where diffusers would misread them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedlab.pipelines.loaded.loras.deltas import apply_layer, bias_delta, divide, find_rank
from seedlab.pipelines.loaded.loras.files import LoraFile, read_lora
from seedlab.pipelines.loaded.loras.modules import ModuleIndex, Place
from seedlab.pipelines.loaded.loras.names import Layer
from seedlab.pipelines.loaded.loras.placing import misfit, place_layers

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class _Change:
    """A layer of a LoRA in its place. `strength` is the weight that the user gave the LoRA."""

    lora: LoraFile
    layer: Layer
    place: Place
    strength: float
    read: Callable[[str], Tensor]


def merge_loras(
    pipeline: Any, loras: Sequence[tuple[str, float]], notify: Callable[[str], None] = lambda _sentence: None
) -> None:
    """Add LoRAs to the weights of a pipeline, which is on the CPU. Each weight is rounded to its dtype once.

    Args:
        pipeline: a diffusers pipeline.
        loras: the path of each file, and its weight.
        notify: called with each sentence that users should read, such as about weights that are not used.

    Raises:
        SeedLabError: one cannot be read, or does not fit.
    """
    import torch

    index = ModuleIndex(pipeline)
    with ExitStack() as stack, torch.no_grad():
        changes: dict[nn.Module, list[_Change]] = {}
        for path, strength in loras:
            for change in _list_changes(read_lora(Path(path)), strength, index, stack, notify):
                changes.setdefault(change.place.module, []).append(change)
        for module, each in changes.items():
            _change_module(module, each)


def _list_changes(
    lora: LoraFile, strength: float, index: ModuleIndex, stack: ExitStack, notify: Callable[[str], None]
) -> Iterator[_Change]:
    from safetensors import safe_open

    places, sentence = place_layers(lora, index)
    for each in filter(None, (lora.describe_others(), lora.describe_scale(), sentence)):
        notify(each)
    file: Any = stack.enter_context(safe_open(lora.path, framework="pt"))
    for layer in lora.layers:
        if layer.name in places:
            yield _Change(lora, layer, places[layer.name], strength, lambda name: file.get_tensor(name).float())


def _change_module(module: Any, changes: Sequence[_Change]) -> None:
    from torch import nn

    weight = module.weight.float()
    bias = None if module.bias is None else module.bias.float()
    for change in changes:
        weight, bias = _apply(change, weight, bias)
    module.weight.copy_(weight)
    if module.bias is not None:
        module.bias.copy_(bias)
    elif bias is not None:
        module.bias = nn.Parameter(bias.to(module.weight.dtype), requires_grad=module.weight.requires_grad)


def _apply(change: _Change, weight: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor | None]:
    tensors = {role: change.read(name) for role, name in change.layer.tensors.items()}
    try:
        scale = _find_scale(change, tensors)
        weight = apply_layer(change.layer.kind, tensors, weight, scale, change.strength)
        return weight, _add_bias(bias, bias_delta(tensors, scale), change.strength, len(weight))
    except (ValueError, RuntimeError, IndexError) as error:
        if "allocate" in str(error):  # memory is full, which says nothing about the LoRA
            raise
        raise misfit(change.lora) from error


def _add_bias(bias: Tensor | None, delta: Tensor | None, strength: float, size: int) -> Tensor | None:
    if delta is None:
        return bias
    if delta.numel() != size:
        raise ValueError("shapes")
    return strength * delta if bias is None else bias + strength * delta


def _find_scale(change: _Change, tensors: dict[str, Tensor]) -> float:
    """Return what a layer is multiplied by: alpha divided by its rank, or 1 if it has no alpha."""
    rank = find_rank(change.layer.kind, {role: tuple(value.shape) for role, value in tensors.items()})
    if "alpha" in tensors:
        return divide(tensors["alpha"].item(), rank)
    configs = change.lora.configs
    config = configs.get(change.place.component) or configs.get("")
    return config.scale(change.place.path, rank) if config else 1.0
