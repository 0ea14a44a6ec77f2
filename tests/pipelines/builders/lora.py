"""A LoRA in the layout in which diffusers saves them."""

from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline


def build_lora(folder: Path, file: Path, seed: int = 0, *, words: bool = False) -> Path:
    """Save a LoRA with random weights for the Stable Diffusion in a folder, and return its file.

    Args:
        words: for its text encoder too.
    """
    torch.manual_seed(seed)
    pipeline = StableDiffusionPipeline.from_pretrained(folder)
    layers = {"unet_lora_layers": _make(pipeline.unet, ("to_q", "to_v"))}
    if words:
        layers["text_encoder_lora_layers"] = _make(pipeline.text_encoder, ("q_proj", "v_proj"))
    StableDiffusionPipeline.save_lora_weights(file.parent, weight_name=file.name, **layers)
    return file


def _make(part: torch.nn.Module, targets: tuple[str, ...], rank: int = 4) -> dict[str, torch.Tensor]:
    """Make the two matrices for each linear layer whose name ends in one of the targets."""
    made = {}
    for name, module in part.named_modules():
        if name.endswith(targets):
            made[f"{name}.lora_A.weight"] = torch.randn(rank, module.in_features) * 0.3
            made[f"{name}.lora_B.weight"] = torch.randn(module.out_features, rank) * 0.3
    return made
