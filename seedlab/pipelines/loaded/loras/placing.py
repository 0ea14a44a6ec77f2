"""Places the layers of LoRAs in a pipeline, or says why they do not fit."""

import re
from collections.abc import Sequence
from typing import Any

from seedlab.core.errors import SeedLabError
from seedlab.core.texts.text import quote
from seedlab.pipelines.loaded.loras.files import LoraFile
from seedlab.pipelines.loaded.loras.modules import ModuleIndex, Place
from seedlab.pipelines.loaded.loras.names import LORA, Layer

UNET_NAMES = re.compile(
    r"(down|mid|up)_blocks?[._]|(input|output)_blocks[._]|middle_block[._]|time_emb|label_emb|add_embedding"
    r"|conv_(in|out)\b|conv_norm_out|[._]out[._][02]$"
)
TEXT_ENCODER_NAMES = re.compile(r"lora_te|text_encoder|text_model|self_attn|mlp[._]fc|text_projection")


def is_for_transformer(lora: LoraFile) -> bool:
    """Whether a LoRA is for a denoiser that is a transformer, as Flux has, and not for a UNet, by its layers' names."""
    names = [layer.name for layer in lora.layers if not TEXT_ENCODER_NAMES.search(layer.name)]
    return bool(names) and not any(UNET_NAMES.search(name) for name in names)


def _is_for_unet(lora: LoraFile) -> bool:
    return any(UNET_NAMES.search(layer.name) for layer in lora.layers)


def place_layers(lora: LoraFile, index: ModuleIndex) -> tuple[dict[str, Place], str]:
    """Find the places of a LoRA's layers.

    Returns:
        The places by layer name, and a sentence about layers that have none ("" if all have one).

    Raises:
        SeedLabError: most layers have none, or their shapes do not fit.
    """
    found = {layer.name: index.find(layer.name) for layer in lora.layers}
    places = {name: place for name, place in found.items() if place is not None}
    missing = [name for name, place in found.items() if place is None]
    if is_for_transformer(lora) if index.has_unet else _is_for_unet(lora):
        raise misfit(lora)
    if not all(_fits(layer, lora, places[layer.name].module) for layer in lora.layers if layer.name in places):
        raise misfit(lora)
    _check_missing(lora, missing, places)
    return places, _describe_missing(lora, missing)


def misfit(lora: LoraFile) -> SeedLabError:
    """Return the error for a LoRA of another model's shapes."""
    return SeedLabError(f"The LoRA {lora.title} does not fit this model: it was made for another kind. Choose another.")


def _check_missing(lora: LoraFile, missing: Sequence[str], places: dict[str, Place]) -> None:
    if 2 * len(missing) <= len(lora.layers):
        return
    raise SeedLabError(
        f"The LoRA {lora.title} cannot be used with this model: {len(missing)} of its {len(lora.layers)} layers are "
        f"not in it, such as {quote(missing[0], 80)}. It is for another model, or names its layers in a way that "
        "SeedLab does not know."
    )


def _describe_missing(lora: LoraFile, missing: Sequence[str]) -> str:
    if not missing:
        return ""
    return (
        f"Not used of the LoRA {lora.title}: {len(missing)} of its {len(lora.layers)} layers, which are not in this "
        f"model, such as {quote(missing[0], 80)}."
    )


def _fits(layer: Layer, lora: LoraFile, module: Any) -> bool:
    """Whether a layer has the shape of its module; only LoRAs are checked here, others when they are merged."""
    if layer.kind != LORA:
        return True
    up, down = (lora.header.shapes[layer.tensors[role]] for role in ("up", "down"))
    rows, columns = module.weight.shape[:2] if module.weight.ndim > 1 else (0, 0)
    return bool(len(up) > 1 and len(down) > 1 and up[0] == rows and down[1] in (columns, module.weight[0].numel()))
