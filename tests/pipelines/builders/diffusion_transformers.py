"""Pipelines whose denoiser is a transformer: Stable Diffusion 3, Flux, PixArt, Sana, Qwen-Image and Z-Image."""

from pathlib import Path

import torch
from diffusers import (
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
    SanaPipeline,
    SanaTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    ZImagePipeline,
    ZImageTransformer2DModel,
)

from tests.pipelines.builders.parts import (
    WIDTH,
    make_autoencoder,
    make_chat_model,
    make_clip,
    make_deep_autoencoder,
    make_film_autoencoder,
    make_gemma,
    make_language_model,
    make_t5,
)
from tests.pipelines.builders.tokenizers import (
    build_gemma_tokenizer,
    build_qwen_tokenizer,
    build_t5_tokenizer,
    build_tokenizer,
)

FLOW = {"shift_factor": 0.06, "use_quant_conv": False, "use_post_quant_conv": False}
"""How the autoencoders of the flow-matching models differ."""


def build_stable_diffusion_3(folder: Path, name: str = "sd3", **scheduler: object) -> Path:
    """Save a Stable Diffusion 3 with random weights, 64x64 pixels, three text encoders, and return its folder.

    Args:
        scheduler: settings of the flow-matching scheduler.
    """
    torch.manual_seed(0)
    pipeline = StableDiffusion3Pipeline(
        transformer=_spread(
            SD3Transformer2DModel(
                sample_size=8,
                in_channels=4,
                out_channels=4,
                num_layers=2,
                attention_head_dim=8,
                num_attention_heads=4,
                joint_attention_dim=2 * WIDTH,
                caption_projection_dim=32,
                pooled_projection_dim=2 * WIDTH,
                pos_embed_max_size=16,
            )
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(**{"shift": 3.0, **scheduler}),
        vae=make_autoencoder(**FLOW),
        text_encoder=make_clip(projected=True),
        tokenizer=build_tokenizer(folder / "words"),
        text_encoder_2=make_clip(projected=True),
        tokenizer_2=build_tokenizer(folder / "words"),
        text_encoder_3=make_t5(2 * WIDTH),  # as wide as the two others side by side, at least
        tokenizer_3=build_t5_tokenizer(),
    )
    pipeline.save_pretrained(folder / name)
    return folder / name


def build_flux(folder: Path, name: str = "flux", *, guidance_embeds: bool = True) -> Path:
    """Save a Flux with random weights, whose latents are packed two by two, and return its folder.

    Args:
        guidance_embeds: whether guidance was distilled into it, as into dev and not into schnell.
    """
    torch.manual_seed(0)
    pipeline = FluxPipeline(
        transformer=_spread(
            FluxTransformer2DModel(
                in_channels=16,
                num_layers=1,
                num_single_layers=1,
                attention_head_dim=16,
                num_attention_heads=2,
                joint_attention_dim=WIDTH,
                pooled_projection_dim=WIDTH,
                guidance_embeds=guidance_embeds,
                axes_dims_rope=(4, 6, 6),
            )
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
        vae=make_autoencoder(**FLOW),
        text_encoder=make_clip(),
        tokenizer=build_tokenizer(folder / "words"),
        text_encoder_2=make_t5(),
        tokenizer_2=build_t5_tokenizer(),
    )
    pipeline.save_pretrained(folder / name)
    return folder / name


def build_pixart(folder: Path, name: str = "pixart") -> Path:
    """Save a PixArt Sigma with random weights and return its folder.

    It has no callback, and makes nothing below 256x256 pixels: it works in one of the sizes that it was trained in.
    """
    torch.manual_seed(0)
    pipeline = PixArtSigmaPipeline(
        transformer=_spread(
            PixArtTransformer2DModel(
                sample_size=32,
                num_layers=2,
                attention_head_dim=8,
                num_attention_heads=4,
                cross_attention_dim=32,
                caption_channels=WIDTH,
                patch_size=4,
                use_additional_conditions=False,
            )
        ),
        scheduler=DPMSolverMultistepScheduler(beta_schedule="linear"),
        vae=make_autoencoder(scaling_factor=0.13025),
        text_encoder=make_t5(),
        tokenizer=build_t5_tokenizer(),
    )
    pipeline.save_pretrained(folder / name)
    return folder / name


def build_qwen_image(folder: Path, name: str = "qwen") -> Path:
    """Save a Qwen-Image with random weights, whose latents are those of a film, packed two by two; return its folder.

    No guidance was distilled into it.
    """
    torch.manual_seed(0)
    pipeline = QwenImagePipeline(
        transformer=_spread(
            QwenImageTransformer2DModel(
                in_channels=16,
                out_channels=4,
                num_layers=2,
                attention_head_dim=16,
                num_attention_heads=2,
                joint_attention_dim=WIDTH,
                axes_dims_rope=(4, 6, 6),
            )
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
        vae=make_film_autoencoder(),
        text_encoder=make_language_model(),
        tokenizer=build_qwen_tokenizer(),
    )
    pipeline.save_pretrained(folder / name)
    return folder / name


def build_sana(folder: Path, name: str = "sana") -> Path:
    """Save a Sana with random weights, whose attention is linear and whose latents are 32 times smaller.

    Its smallest pictures have 512x512 pixels.
    """
    torch.manual_seed(0)
    pipeline = SanaPipeline(
        transformer=_spread(
            SanaTransformer2DModel(
                num_layers=2,
                num_attention_heads=4,
                attention_head_dim=8,
                num_cross_attention_heads=4,
                cross_attention_head_dim=8,
                cross_attention_dim=32,
                caption_channels=WIDTH,
                sample_size=16,
            )
        ),
        scheduler=DPMSolverMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0, beta_schedule="linear"
        ),
        vae=make_deep_autoencoder(),
        text_encoder=make_gemma(),
        tokenizer=build_gemma_tokenizer(),
    )
    pipeline.save_pretrained(folder / name)
    return folder / name


def build_z_image(folder: Path, name: str = "z-image") -> Path:
    """Save a Z-Image with random weights, which gets its images and prompts in lists, and return its folder."""
    torch.manual_seed(0)
    pipeline = ZImagePipeline(
        transformer=_spread(
            ZImageTransformer2DModel(
                in_channels=4,
                dim=32,
                n_layers=2,
                n_refiner_layers=1,
                n_heads=2,
                n_kv_heads=2,
                cap_feat_dim=WIDTH,
                axes_dims=[4, 6, 6],
                axes_lens=[256, 32, 32],
            )
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
        vae=make_autoencoder(**FLOW),
        text_encoder=make_chat_model(),
        tokenizer=build_qwen_tokenizer(chat=True),
    )
    pipeline.save_pretrained(folder / name)
    return folder / name


def _spread(denoiser: torch.nn.Module) -> torch.nn.Module:
    """Draw all weights anew: transformers are made with gates of zero, which let nothing of a prompt through."""
    with torch.no_grad():
        for weights in denoiser.parameters():
            weights.normal_(std=0.1)
    return denoiser
