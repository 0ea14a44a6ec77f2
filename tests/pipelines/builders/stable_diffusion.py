"""Stable Diffusion 1 and XL, and a latent consistency model."""

from pathlib import Path

import torch
from diffusers import (
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    LatentConsistencyModelPipeline,
    LCMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)

from tests.pipelines.builders.parts import WIDTH, make_autoencoder, make_clip
from tests.pipelines.builders.tokenizers import build_tokenizer

LEVELS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}


def build_stable_diffusion(
    folder: Path, weights_seed: int = 0, name: str = "tiny", widths: tuple[int, ...] = (32, 64)
) -> Path:
    """Save a Stable Diffusion with random weights, 64x64 pixels, 4 latent channels, and return its folder.

    Args:
        widths: channels of the denoiser's levels; all but the first attend to the prompt. (32, 64) is tiny, and
            (64, 128, 256, 256) of middle width.
    """
    torch.manual_seed(weights_seed)
    pipeline = StableDiffusionPipeline(
        vae=make_autoencoder(),
        text_encoder=make_clip(),
        tokenizer=build_tokenizer(folder / "words"),
        unet=_make_unet(widths),
        scheduler=DPMSolverMultistepScheduler(**LEVELS),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder / name)
    return folder / name


def build_latent_consistency(folder: Path, name: str = "lcm") -> Path:
    """Save a latent consistency model with random weights, 64x64 pixels, into which guidance was distilled."""
    torch.manual_seed(0)
    pipeline = LatentConsistencyModelPipeline(
        vae=make_autoencoder(),
        text_encoder=make_clip(),
        tokenizer=build_tokenizer(folder / "words"),
        unet=_make_unet(time_cond_proj_dim=16),
        scheduler=LCMScheduler(**LEVELS),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder / name)
    return folder / name


def _make_unet(widths: tuple[int, ...] = (32, 64), **changes: object) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=widths,
        layers_per_block=1,
        down_block_types=("DownBlock2D", *("CrossAttnDownBlock2D",) * (len(widths) - 1)),
        up_block_types=(*("CrossAttnUpBlock2D",) * (len(widths) - 1), "UpBlock2D"),
        **{"cross_attention_dim": WIDTH, "attention_head_dim": 8, "norm_num_groups": 8, **changes},
    )


def build_stable_diffusion_xl(folder: Path, name: str = "xl") -> Path:
    """Save a Stable Diffusion XL with random weights, 64x64 pixels, and return its folder.

    Like the real one it has two text encoders, and is told sizes and crops as six numbers beside the time.
    """
    torch.manual_seed(0)
    pipeline = StableDiffusionXLPipeline(
        vae=make_autoencoder(scaling_factor=0.13025),
        text_encoder=make_clip(),
        text_encoder_2=make_clip(projected=True),
        tokenizer=build_tokenizer(folder / "words"),
        tokenizer_2=build_tokenizer(folder / "words"),
        unet=_make_unet(
            transformer_layers_per_block=(1, 2),
            attention_head_dim=(2, 4),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + WIDTH,
            cross_attention_dim=2 * WIDTH,
        ),
        scheduler=EulerDiscreteScheduler(**LEVELS, timestep_spacing="leading"),
        add_watermarker=False,
    )
    pipeline.save_pretrained(folder / name)
    return folder / name
