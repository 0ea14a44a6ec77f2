"""The networks that Sketch is made of, in the layout of `StableDiffusionPipeline`, and how they are written to disk."""

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
class Shape:
    """How large the networks are. Pictures and latents are square."""

    picture_size: int = 256
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
    attended: int = 2
    time_width: int = 512
    unet_layers: int = 1
    unet_groups: int = 16
    head_width: int = 32

    @property
    def latent_size(self) -> int:
        """The side of the latents."""
        return self.picture_size >> (len(self.encoder_blocks) - 1)


SKETCH = Shape()


def build_autoencoder(shape: Shape) -> AutoencoderTiny:
    """A fresh autoencoder; pictures (n, 3, size, size) in -1...1 to latents (n, channels, size / 8, size / 8)."""
    levels = len(shape.encoder_blocks)
    return AutoencoderTiny(
        latent_channels=shape.latent_channels,
        encoder_block_out_channels=(shape.encoder_width,) * levels,
        decoder_block_out_channels=(shape.decoder_width,) * levels,
        num_encoder_blocks=shape.encoder_blocks,
        num_decoder_blocks=shape.decoder_blocks,
    )


def build_text_encoder(shape: Shape, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """A fresh text encoder; token numbers (n, max_tokens) to embeddings (n, max_tokens, text_width)."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.text_width,
        intermediate_size=shape.text_width * 4,
        num_hidden_layers=shape.text_layers,
        num_attention_heads=shape.text_heads,
        projection_dim=shape.text_width,
        max_position_embeddings=tokenizer.model_max_length,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config)


def build_unet(shape: Shape) -> UNet2DConditionModel:
    """A fresh denoiser with attention to the text at its `attended` lowest resolutions."""
    plain = len(shape.unet_channels) - shape.attended
    return UNet2DConditionModel(
        sample_size=shape.latent_size,
        in_channels=shape.latent_channels,
        out_channels=shape.latent_channels,
        block_out_channels=shape.unet_channels,
        layers_per_block=shape.unet_layers,
        down_block_types=("DownBlock2D",) * plain + ("CrossAttnDownBlock2D",) * shape.attended,
        up_block_types=("CrossAttnUpBlock2D",) * shape.attended + ("UpBlock2D",) * plain,
        time_embedding_dim=shape.time_width,
        cross_attention_dim=shape.text_width,
        attention_head_dim=tuple(width // shape.head_width for width in shape.unet_channels),
        norm_num_groups=shape.unet_groups,
    )


def build_scheduler() -> DPMSolverMultistepScheduler:
    """DPM++ 2M; its noise schedule is also the one that the denoiser is trained on.

    `beta_end` is larger than Stable Diffusion's, so that nothing of the picture is left at the highest noise level.
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
    """The parts as one pipeline, in evaluation mode."""
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
    """Writes float16 safetensors in shards below 10 MB; loading them as float32 gives exactly these values."""
    for stale in folder.rglob("*.safetensors*"):
        stale.unlink()
    pipeline.to(dtype=torch.float16)
    pipeline.save_pretrained(folder, safe_serialization=True, max_shard_size=MAX_SHARD_SIZE)
    # without a dtype, transformers would load what its config says and diffusers float32: they would not fit together
    edit_config(folder / "text_encoder", dtype="float32")
    # AutoencoderTiny writes this itself, and then warns that it does not know it
    edit_config(folder / "vae", block_out_channels=None)


def edit_config(folder: Path, **changes: str | None) -> None:
    """Sets entries of a part's config.json; None removes one."""
    path = folder / "config.json"
    config = json.loads(path.read_text()) | changes
    kept = {name: value for name, value in config.items() if name not in changes or value is not None}
    path.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")
