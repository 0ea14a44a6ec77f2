"""A checkpoint in one file, in the layout in which Stable Diffusion was first published."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def build_single_file(folder: Path, file: Path) -> Path:
    """Save the Stable Diffusion of a folder as one file with the original names of its weights, and return the file."""
    pipeline = StableDiffusionPipeline.from_pretrained(folder)
    words = {name.removeprefix("text_model."): value for name, value in pipeline.text_encoder.state_dict().items()}
    state = {f"cond_stage_model.transformer.text_model.{name}": value for name, value in words.items()}
    state |= {f"model.diffusion_model.{_name_unet(pipeline.unet, name)}": value for name, value in _list(pipeline.unet)}
    state |= dict(_convert_vae(pipeline.vae))
    save_file({name: value.contiguous().clone() for name, value in state.items()}, file)
    return file


DENOISER = "model.diffusion_model"
WIDTHS = {"1": 768, "2": 1024, "XL": 2048, "refiner": 1280}


def make_shapes(family: str = "1", channels: int = 4) -> dict[str, list[int]]:
    """Return the shapes of some tensors of a Stable Diffusion: at least one of each part, in their real sizes.

    Args:
        family: a key of `WIDTHS`.
        channels: of the denoiser's input.
    """
    shapes = {
        f"{DENOISER}.input_blocks.0.0.weight": [320, channels, 3, 3],
        f"{DENOISER}.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": [640, WIDTHS[family]],
        "first_stage_model.decoder.conv_in.weight": [512, 4, 3, 3],
    }
    if family in ("1", "2"):
        return {**shapes, "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight": [49408, 768]}
    labels = {"XL": 2816, "refiner": 2560}[family]
    shapes |= {f"{DENOISER}.label_emb.0.0.weight": [1280, labels], "conditioner.embedders.0.model.text_projection": [2]}
    return {**shapes, "conditioner.embedders.1.model.text_projection": [1280, 1280]} if family == "XL" else shapes


def write_header(file: Path, shapes: Mapping[str, object], metadata: Mapping[str, str] | None = None) -> Path:
    """Write a safetensors file that ends after its header, which does not say where the values are."""
    data = {"__metadata__": metadata or {}} | {name: {"shape": shape} for name, shape in shapes.items()}
    header = json.dumps(data).encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header)
    return file


def _list(part: torch.nn.Module) -> list[tuple[str, torch.Tensor]]:
    return list(part.state_dict().items())


def _name_unet(unet: torch.nn.Module, name: str) -> str:
    layers, levels = unet.config.layers_per_block, len(unet.config.block_out_channels)
    plain = {"conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2"}
    plain |= {"time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2"}
    plain |= {"mid_block.resnets.0": "middle_block.0", "mid_block.attentions.0": "middle_block.1"}
    plain |= {"mid_block.resnets.1": "middle_block.2"}
    for level in range(levels):
        first = level * (layers + 1)
        for layer in range(layers):
            plain[f"down_blocks.{level}.resnets.{layer}"] = f"input_blocks.{first + layer + 1}.0"
            plain[f"down_blocks.{level}.attentions.{layer}"] = f"input_blocks.{first + layer + 1}.1"
        plain[f"down_blocks.{level}.downsamplers.0.conv"] = f"input_blocks.{first + layers + 1}.0.op"
        for layer in range(layers + 1):
            plain[f"up_blocks.{level}.resnets.{layer}"] = f"output_blocks.{first + layer}.0"
            plain[f"up_blocks.{level}.attentions.{layer}"] = f"output_blocks.{first + layer}.1"
        place = 2 if getattr(unet.up_blocks[level], "attentions", None) else 1
        plain[f"up_blocks.{level}.upsamplers.0.conv"] = f"output_blocks.{first + layers}.{place}.conv"
    return _rename(name, plain, RESNET if ".resnets." in name else {})


def _convert_vae(vae: torch.nn.Module) -> list[tuple[str, torch.Tensor]]:
    levels = len(vae.config.block_out_channels)
    plain = {"mid_block.resnets.0": "mid.block_1", "mid_block.resnets.1": "mid.block_2"}
    plain |= {"mid_block.attentions.0": "mid.attn_1", "conv_norm_out": "norm_out"}
    for level in range(levels):
        plain |= {f"down_blocks.{level}.resnets.{layer}": f"down.{level}.block.{layer}" for layer in range(3)}
        plain[f"down_blocks.{level}.downsamplers.0"] = f"down.{level}.downsample"
        up = levels - 1 - level
        plain |= {f"up_blocks.{level}.resnets.{layer}": f"up.{up}.block.{layer}" for layer in range(4)}
        plain[f"up_blocks.{level}.upsamplers.0"] = f"up.{up}.upsample"
    converted = []
    for name, value in _list(vae):
        half, _, rest = name.partition(".")
        inner = ATTENTION if ".attentions." in name else {"conv_shortcut": "nin_shortcut"}
        new = f"{half}.{_rename(rest, plain, inner)}" if half in ("encoder", "decoder") else name
        is_linear = ".attentions." in name and value.ndim == 2
        converted.append((f"first_stage_model.{new}", value[:, :, None, None] if is_linear else value))
    return converted


def _rename(name: str, outer: dict[str, str], inner: dict[str, str]) -> str:
    for old, new in outer.items():
        if name.startswith(f"{old}."):
            rest = name.removeprefix(f"{old}.")
            for part, other in inner.items():
                rest = re.sub(rf"^{re.escape(part)}\b", other, rest)
            return f"{new}.{rest}"
    return name
