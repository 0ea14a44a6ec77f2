"""Stable Diffusions with random weights, as wide as real ones: what they cost is what real ones cost."""

from pathlib import Path

import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from tests.pipelines.builders import build_tokenizer


def build_mid_width(folder: Path) -> Path:
    """Save one of middle width (UNet 64, 128, 256, 256) and return its folder."""
    return _build(folder, "mid", (64, 128, 256, 256), (64, 64, 128, 128), 256, 4)


def build_full_width(folder: Path) -> Path:
    """Save one of the sizes of Stable Diffusion 1.5 and return its folder: 1.1 billion weights."""
    return _build(folder, "full", (320, 640, 1280, 1280), (128, 256, 512, 512), 768, 12)


def _build(
    folder: Path, name: str, widths: tuple[int, ...], vae_widths: tuple[int, ...], text_width: int, text_layers: int
) -> Path:
    if (folder / name / "model_index.json").exists():
        return folder / name
    torch.manual_seed(0)
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL(
            block_out_channels=vae_widths,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
            latent_channels=4,
        ),
        text_encoder=CLIPTextModel(
            CLIPTextConfig(
                vocab_size=600,
                hidden_size=text_width,
                intermediate_size=4 * text_width,
                num_attention_heads=text_width // 64,
                num_hidden_layers=text_layers,
                bos_token_id=598,
                eos_token_id=599,
            )
        ),
        tokenizer=build_tokenizer(folder / "words"),
        unet=UNet2DConditionModel(
            sample_size=32, block_out_channels=widths, cross_attention_dim=text_width, attention_head_dim=8
        ),
        scheduler=DPMSolverMultistepScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder / name)
    return folder / name
