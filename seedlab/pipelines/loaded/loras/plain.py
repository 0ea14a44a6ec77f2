"""Tells the LoRAs that diffusers reads as they are meant, without torch. The others are merged into the weights.

diffusers derives one configuration of PEFT from a whole file, which is right where all layers of a component have one
rank and one alpha. It drops `dora_scale` and, if names are in two layouts, the layers of one; it applies alphas that
differ to other layers of a text encoder; and it refuses most kinds of LyCORIS.
"""

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.additions import Lora
from seedlab.pipelines.loaded.loras.files import LoraFile, read_lora
from seedlab.pipelines.loaded.loras.names import EMBEDDING, LOKR, LORA, Layer
from seedlab.pipelines.loaded.loras.placing import is_for_transformer
from seedlab.pipelines.models.weights import ENDING

ADDED, MERGED = "added", "merged"
"""How LoRAs come to a pipeline: diffusers adds them, or `merging` changes the weights."""

KOHYA = re.compile(r"lora_(unet|te|te1|te2)_")
DIFFUSERS = re.compile(r"(unet|text_encoder|text_encoder_2)\.")
KOHYA_ROLES = {"down": ".lora_down.weight", "up": ".lora_up.weight", "alpha": ".alpha"}
ORIGINAL_BLOCKS = re.compile(r"(input|output)_blocks_|middle_block_")
DIFFUSERS_BLOCKS = re.compile(r"(down|up)_blocks_|mid_block_")
CONTEXT_LAYER = re.compile(r"attn2_to_k$")
TEXT_ENCODER_LAYER = re.compile(r"((q|k|v|out)_proj|to_(q|k|v|out)|fc[12])$")
XL_WIDTH = 2048
"""The width of prompts in Stable Diffusion XL, the only UNet that diffusers reads under its original names."""

FORMATS = {"F64": "<d", "F32": "<f", "F16": "<e"}


def choose_method(loras: Sequence[Lora]) -> str:
    """Return how LoRAs come to a pipeline: all are added, or, if diffusers would misread one, all are merged."""
    try:
        files = [read_lora(Path(lora.file)) for lora in loras]
    except SeedLabError:  # loading says why
        return ADDED
    return ADDED if all(map(is_plain, files)) else MERGED


def is_plain(lora: LoraFile) -> bool:
    """Whether diffusers reads a LoRA as it is meant."""
    if is_for_transformer(lora):  # their layouts are many, and diffusers knows them
        has_embeddings = any(name.startswith(EMBEDDING) for name in lora.others)
        return not has_embeddings and all(layer.kind in (LORA, LOKR) for layer in lora.layers)
    if lora.path.suffix != ENDING or lora.others or any(layer.kind != LORA for layer in lora.layers):
        return False
    if not all(config.is_uniform for config in lora.configs.values()):
        return False
    return _is_plain_kohya(lora) or _is_plain_diffusers(lora)


def _is_plain_kohya(lora: LoraFile) -> bool:
    names = [layer.name for layer in lora.layers]
    endings = all(
        name == layer.name + KOHYA_ROLES.get(role, "") for layer in lora.layers for role, name in layer.tensors.items()
    )
    if not endings or lora.configs or not all(map(KOHYA.match, names)):
        return False
    if any(map(ORIGINAL_BLOCKS.search, names)) and (any(map(DIFFUSERS_BLOCKS.search, names)) or not _is_xl(lora)):
        return False
    return _is_uniform(lora, lambda name: name.split("_")[1])


def _is_plain_diffusers(lora: LoraFile) -> bool:
    if "" in lora.configs or not all(DIFFUSERS.match(layer.name) for layer in lora.layers):
        return False
    if any(set(layer.tensors) != {"down", "up"} for layer in lora.layers):
        return False
    styles = {(_name_part(layer.name), ".lora_A." in layer.tensors["down"]) for layer in lora.layers}
    return len(styles) == len({part for part, _ in styles}) and _is_uniform(lora, _name_part)


def _name_part(name: str) -> str:
    return name.partition(".")[0]


def _is_xl(lora: LoraFile) -> bool:
    """Whether a LoRA of kohya is for Stable Diffusion XL: by its second text encoder, or the prompts that it reads."""
    downs = (lora.header.shapes[layer.tensors["down"]] for layer in lora.layers if CONTEXT_LAYER.search(layer.name))
    return any(layer.name.startswith("lora_te2_") for layer in lora.layers) or any(
        len(shape) > 1 and shape[1] == XL_WIDTH for shape in downs
    )


def _is_uniform(lora: LoraFile, name_part: Callable[[str], str]) -> bool:
    """Whether all layers of each component have the same rank, and the same alpha or none."""
    seen: dict[str, set[tuple[int, float | None]]] = {}
    layers: dict[str, list[Layer]] = {}
    for layer, alpha in zip(lora.layers, _read_alphas(lora), strict=True):
        part = name_part(layer.name)
        layers.setdefault(part, []).append(layer)
        seen.setdefault(part, set()).add((lora.header.shapes[layer.tensors["down"]][0], alpha))
    encoders = [each for part, each in layers.items() if part != "unet"]
    return all(len(values) == 1 for values in seen.values()) and all(map(_is_known_text_encoder, encoders))


def _is_known_text_encoder(layers: Sequence[Layer]) -> bool:
    """Whether diffusers recognises the layout of a text encoder's layers, by some of their names."""
    if not all(TEXT_ENCODER_LAYER.search(layer.name) for layer in layers):
        return False
    attention = [layer.name for layer in layers if not layer.name.endswith(("fc1", "fc2"))]
    endings = [layer.tensors["down"] for layer in layers]
    if any(".lora_A." in ending for ending in endings):
        return bool(attention)
    is_named_by_output = any(name.endswith(("out_proj", "to_out")) for name in attention)
    return not attention or is_named_by_output or all(".lora_linear_layer." in ending for ending in endings)


def _read_alphas(lora: LoraFile) -> Iterator[float | None]:
    """Yield the alpha of each layer; None if it has none, and NaN if it cannot be read here."""
    with lora.path.open("rb") as stream:
        for layer in lora.layers:
            name = layer.tensors.get("alpha")
            if name is None:
                yield None
                continue
            dtype, begin, end = lora.header.places[name]
            stream.seek(begin)
            yield _decode(dtype, stream.read(min(end - begin, 8)))


def _decode(dtype: str, data: bytes) -> float:
    if dtype == "BF16" and len(data) == 2:  # the upper half of a float32
        return float(struct.unpack("<f", b"\0\0" + data)[0])
    form = FORMATS.get(dtype)
    return float(struct.unpack(form, data)[0]) if form and struct.calcsize(form) == len(data) else float("nan")
