"""Finds the modules of a pipeline that a LoRA's layers are for, whatever names its trainer gave them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KOHYA = re.compile(r"lora_(?P<part>unet|transformer|te1|te2|te3|te)[._](?P<rest>.+)")
KOHYA_PARTS = {"te": "text_encoder", "te1": "text_encoder", "te2": "text_encoder_2", "te3": "text_encoder_3"}
COMPONENTS = ("unet", "transformer", "text_encoder_3", "text_encoder_2", "text_encoder")
DENOISERS = ("unet", "transformer")
PREFIXES = ("base_model.model.", "lycoris_")
ORIGINAL_PREFIXES = ("model.diffusion_model.", "diffusion_model.")
"""What the names of a denoiser's layers begin with in Stability AI's layout, as ComfyUI writes LoRAs."""

RESNET_NAMES = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
OUTER_NAMES = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "mid_block.resnets.0": "middle_block.0",
    "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
"""Names of diffusers' UNet, and the same in Stability AI's."""


@dataclass(frozen=True)
class Place:
    """Where a layer is in a pipeline.

    Attributes:
        component: the pipeline's component, such as "unet".
        path: of the module in it.
        module: the module.
    """

    component: str
    path: str
    module: Any


class ModuleIndex:
    """The modules of a pipeline by the names that trainers give them."""

    def __init__(self, pipeline: Any) -> None:
        """Index a pipeline's denoiser and text encoders."""
        self._components = [name for name in COMPONENTS if getattr(pipeline, name, None) is not None]
        self._modules = {name: _index(name, getattr(pipeline, name)) for name in self._components}

    @property
    def has_unet(self) -> bool:
        """Whether the pipeline's denoiser is a UNet."""
        return "unet" in self._components

    def find(self, name: str) -> Place | None:
        """Return the place of a layer; None if the pipeline has none of this name."""
        components, rest = self._find_components(name)
        for component in components:
            modules = self._modules.get(component, {})
            for key in _list_spellings(component, rest):
                if key in modules:
                    return modules[key]
        return None

    def _find_components(self, name: str) -> tuple[Sequence[str], str]:
        """Return the components that a layer may be in, and the rest of its name."""
        for prefix in PREFIXES:
            name = name.removeprefix(prefix)
        if match := KOHYA.fullmatch(name):
            part = KOHYA_PARTS.get(match["part"])
            return ([part] if part else DENOISERS), match["rest"]
        for prefix in ORIGINAL_PREFIXES:
            if name.startswith(prefix):
                return DENOISERS, name.removeprefix(prefix)
        for component in COMPONENTS:
            if name.startswith(f"{component}."):
                return [component], name.removeprefix(f"{component}.")
        return self._components, name


def _index(component: str, root: Any) -> Mapping[str, Place]:
    modules = {}
    names = dict(_list_original_names(root)) if component == "unet" else {}
    for path, module in root.named_modules():
        if getattr(module, "weight", None) is None:
            continue
        place = Place(component, path, module)
        modules[_flatten(component, path)] = place
        modules[_flatten(component, _rename(path, names))] = place
    return modules


def _flatten(component: str, path: str) -> str:
    """Return a path as kohya writes it. transformers' text encoders have an outer "text_model", or not."""
    key = path.replace(".", "_")
    return key if component in DENOISERS else key.removeprefix("text_model_")


def _list_spellings(component: str, rest: str) -> Iterator[str]:
    """Yield the flat names that a layer may have: early versions of diffusers named attention layers differently."""
    key = _flatten(component, rest).replace("_processor_", "_")
    yield key
    if component in DENOISERS:
        yield re.sub(r"_to_out$", "_to_out_0", key)
    else:
        yield re.sub(r"self_attn_to_(q|k|v|out)$", r"self_attn_\1_proj", key)


def _rename(path: str, names: Mapping[str, str]) -> str:
    """Return the path of a UNet's module in Stability AI's layout, or the same if it has none."""
    for outer, original in names.items():
        if path == outer or path.startswith(f"{outer}."):
            inner = path.removeprefix(outer).removeprefix(".")
            inner = RESNET_NAMES.get(inner, inner) if ".resnets." in outer else inner
            return f"{original}.{inner}" if inner else original
    return path


def _list_original_names(unet: Any) -> Iterator[tuple[str, str]]:
    """Yield the beginnings of paths in diffusers' UNet, and the same in Stability AI's.

    That one counts the blocks of all levels together: a level down has `layers_per_block` blocks and a downsampler, a
    level up one block more, with an upsampler in the last (diffusers' `loaders.single_file_utils` has the reverse).
    """
    yield from OUTER_NAMES.items()
    for level, block in enumerate(getattr(unet, "down_blocks", ())):
        first = 1 + sum(len(each.resnets) + 1 for each in unet.down_blocks[:level])
        yield from _list_level(f"down_blocks.{level}", "input_blocks", first, block)
        yield f"down_blocks.{level}.downsamplers.0.conv", f"input_blocks.{first + len(block.resnets)}.0.op"
    for level, block in enumerate(getattr(unet, "up_blocks", ())):
        first = sum(len(each.resnets) for each in unet.up_blocks[:level])
        yield from _list_level(f"up_blocks.{level}", "output_blocks", first, block)
        place = 2 if getattr(block, "attentions", None) else 1
        upsampler = f"output_blocks.{first + len(block.resnets) - 1}.{place}.conv"
        yield f"up_blocks.{level}.upsamplers.0.conv", upsampler


def _list_level(path: str, name: str, first: int, block: Any) -> Iterator[tuple[str, str]]:
    for number in range(len(block.resnets)):
        yield f"{path}.resnets.{number}", f"{name}.{first + number}.0"
        yield f"{path}.attentions.{number}", f"{name}.{first + number}.1"
