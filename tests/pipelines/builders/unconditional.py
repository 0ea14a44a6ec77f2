"""Pipelines that take no prompt: a denoiser of pixels, and a scheduler."""

import shutil
from pathlib import Path

import torch
from diffusers import DDIMPipeline, DDIMScheduler, DDPMPipeline, DDPMScheduler, UNet2DModel


def build_ddpm(folder: Path, name: str = "ddpm", sample_size: int | tuple[int, int] = 32) -> Path:
    """Save a DDPM with random weights, 32x32 pixels as the one of the diffusers guide, and return its folder."""
    scheduler = DDPMScheduler(variance_type="fixed_large", clip_sample=True)
    return _save(DDPMPipeline(_make_denoiser(sample_size), scheduler), folder / name)


def build_ddim(folder: Path, name: str = "ddim", sample_size: int | tuple[int, int] = 16) -> Path:
    """Save a DDIM with random weights, 16x16 pixels, and return its folder."""
    return _save(DDIMPipeline(_make_denoiser(sample_size), DDIMScheduler()), folder / name)


def flatten(folder: Path) -> Path:
    """Move the files of a pipeline's parts beside its index, as google/ddpm-cifar10-32 has them on the Hub."""
    for part in ("unet", "scheduler"):
        for file in (folder / part).iterdir():
            file.rename(folder / file.name)
        shutil.rmtree(folder / part)
    return folder


def _make_denoiser(sample_size: int | tuple[int, int]) -> UNet2DModel:
    torch.manual_seed(0)
    return UNet2DModel(
        sample_size=sample_size,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=8,
        norm_num_groups=8,
    )


def _save(pipeline: DDIMPipeline | DDPMPipeline, folder: Path) -> Path:
    pipeline.save_pretrained(folder)
    return folder
