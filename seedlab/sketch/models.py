"""Builds Sketch's networks in the layout of `StableDiffusionPipeline`, and saves the pipeline."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import (
    AutoencoderTiny,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

MAX_SHARD_SIZE = "9MB"


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the networks. Images and latents are square.

    `attention_levels` is the number of UNet levels, the lowest ones, that have cross-attention.
    """

    image_size: int = 256
    latent_channels: int = 8
    encoder_width: int = 32
    decoder_width: int = 64
    encoder_blocks: tuple[int, ...] = (1, 1, 2, 3)
    decoder_blocks: tuple[int, ...] = (4, 4, 2, 1)
    max_tokens: int = 48
    text_width: int = 192
    text_layers: int = 3
    text_heads: int = 4
    unet_channels: tuple[int, ...] = (64, 128, 128, 192)
    attention_levels: int = 2
    time_embedding_width: int = 512
    unet_layers: int = 1
    unet_norm_groups: int = 16
    head_width: int = 32

    @property
    def latent_size(self) -> int:
        """The side length of the latents."""
        return self.image_size >> (len(self.encoder_blocks) - 1)


SKETCH_CONFIG = ModelConfig()


def build_autoencoder(config: ModelConfig) -> AutoencoderTiny:
    """Build an autoencoder: images (n, 3, size, size) in -1...1 to latents (n, channels, size / 8, size / 8)."""
    levels = len(config.encoder_blocks)
    return AutoencoderTiny(
        latent_channels=config.latent_channels,
        encoder_block_out_channels=(config.encoder_width,) * levels,
        decoder_block_out_channels=(config.decoder_width,) * levels,
        num_encoder_blocks=config.encoder_blocks,
        num_decoder_blocks=config.decoder_blocks,
    )


def build_text_encoder(config: ModelConfig, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Build a text encoder: token ids (n, max_tokens) to embeddings (n, max_tokens, text_width)."""
    text_config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=config.text_width,
        intermediate_size=config.text_width * 4,
        num_hidden_layers=config.text_layers,
        num_attention_heads=config.text_heads,
        projection_dim=config.text_width,
        max_position_embeddings=tokenizer.model_max_length,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(text_config)


def build_unet(config: ModelConfig) -> UNet2DConditionModel:
    """Build a UNet with cross-attention at its `attention_levels` lowest resolutions."""
    plain_levels = len(config.unet_channels) - config.attention_levels
    return UNet2DConditionModel(
        sample_size=config.latent_size,
        in_channels=config.latent_channels,
        out_channels=config.latent_channels,
        block_out_channels=config.unet_channels,
        layers_per_block=config.unet_layers,
        down_block_types=("DownBlock2D",) * plain_levels + ("CrossAttnDownBlock2D",) * config.attention_levels,
        up_block_types=("CrossAttnUpBlock2D",) * config.attention_levels + ("UpBlock2D",) * plain_levels,
        time_embedding_dim=config.time_embedding_width,
        cross_attention_dim=config.text_width,
        attention_head_dim=tuple(width // config.head_width for width in config.unet_channels),
        norm_num_groups=config.unet_norm_groups,
    )


def build_scheduler() -> DPMSolverMultistepScheduler:
    """Build the DPM++ 2M scheduler. The denoiser is trained on the same noise schedule.

    `beta_end` is larger than Stable Diffusion's, which leaves nothing of the image at the highest noise level.
    """
    return DPMSolverMultistepScheduler(
        beta_start=0.00085,
        beta_end=0.02,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        algorithm_type="dpmsolver++",
        solver_order=2,
        timestep_spacing="trailing",
        final_sigmas_type="zero",
        steps_offset=1,
    )


def assemble_pipeline(
    autoencoder: AutoencoderTiny, tokenizer: CLIPTokenizer, text_encoder: CLIPTextModel, unet: UNet2DConditionModel
) -> StableDiffusionPipeline:
    """Assemble the networks into a pipeline, in evaluation mode."""
    return StableDiffusionPipeline(
        vae=autoencoder.eval(),
        text_encoder=text_encoder.eval(),
        tokenizer=tokenizer,
        unet=unet.eval(),
        scheduler=build_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        image_encoder=None,
        requires_safety_checker=False,
    )


def save_pipeline(pipeline: StableDiffusionPipeline, folder: Path) -> None:
    """Save float16 safetensors in shards below 10 MB. Loading them as float32 gives exactly these values."""
    for stale in folder.rglob("*.safetensors*"):
        stale.unlink()
    pipeline.to(dtype=torch.float16)
    pipeline.save_pretrained(folder, safe_serialization=True, max_shard_size=MAX_SHARD_SIZE)
    # Without a dtype, transformers uses the one in its config and diffusers uses float32. The two must match.
    update_config(folder / "text_encoder" / "config.json", dtype="float32")
    # AutoencoderTiny saves this entry but warns about it when loading.
    update_config(folder / "vae" / "config.json", block_out_channels=None)
    # Where an earlier Sketch was loaded from.
    for name in ("model_index.json", "unet/config.json", "vae/config.json"):
        update_config(folder / name, _name_or_path=None)
    update_config(folder / "tokenizer" / "tokenizer_config.json", is_local=None, local_files_only=None)


def update_config(path: Path, **changes: str | None) -> None:
    """Set entries of a JSON file. None removes an entry."""
    merged = json.loads(path.read_text()) | changes
    config = {name: value for name, value in merged.items() if name not in changes or value is not None}
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
