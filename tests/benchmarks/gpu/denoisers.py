"""Denoisers with random weights, as wide as real ones, and calls of them as pipelines make them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import FluxTransformer2DModel, SD3Transformer2DModel, UNet2DConditionModel
from torch import Tensor, nn

from seedlab.pipelines.exact.layout import BatchCall, BatchLayout
from tests.benchmarks.gpu.bench import Bench

Draw = Callable[..., Tensor]


@dataclass(frozen=True)
class Denoiser:
    """A kind of denoiser.

    Attributes:
        build: its class.
        config: what it is built of, at full width.
        tiny: what differs at tiny width.
        rows: of the batch for each image: two with guidance, one without.
        make_arguments: returns a step's arguments.
    """

    name: str
    build: Callable[..., nn.Module]
    config: dict[str, Any]
    tiny: dict[str, Any]
    rows: int
    make_arguments: Callable[[Draw, Any, int], tuple[tuple[Any, ...], dict[str, Any]]]

    def make(self, bench: Bench, dtype: torch.dtype) -> nn.Module:
        """Return one on the device, with weights from a fixed seed."""
        torch.manual_seed(0)
        with torch.device(bench.device):
            module = self.build(**self.config | (self.tiny if bench.tiny else {}))
        return module.to(dtype).eval().requires_grad_(False)

    def make_call(self, bench: Bench, module: nn.Module, images: int) -> BatchCall:
        """Return a step of this many images; each image's rows are adjacent, and all differ."""
        layout = BatchLayout(images, self.rows)

        def draw(*shape: int) -> Tensor:
            noise = torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))
            return noise.to(bench.device, module.dtype)

        args, kwargs = self.make_arguments(draw, module.config, layout.rows)
        timestep = torch.full((layout.rows,), 0.5 if "img_ids" in kwargs else 500.0, device=bench.device)
        return BatchCall(module, module.forward, args, {"timestep": timestep, **kwargs, "return_dict": False}, layout)


def _call_sd15(draw: Draw, config: Any, rows: int) -> Any:
    side = config.sample_size
    return (draw(rows, 4, side, side),), {"encoder_hidden_states": draw(rows, 77, config.cross_attention_dim)}


def _call_sdxl(draw: Draw, config: Any, rows: int) -> Any:
    args, kwargs = _call_sd15(draw, config, rows)
    pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
    sizes = draw(rows, 6).abs() * 512
    return args, {**kwargs, "added_cond_kwargs": {"text_embeds": draw(rows, pooled), "time_ids": sizes}}


def _call_sd3(draw: Draw, config: Any, rows: int) -> Any:
    side = config.sample_size
    return (draw(rows, config.in_channels, side, side),), {
        "encoder_hidden_states": draw(rows, 77 + 256, config.joint_attention_dim),
        "pooled_projections": draw(rows, config.pooled_projection_dim),
    }


def _call_flux(draw: Draw, config: Any, rows: int) -> Any:
    side, words = (64, 512) if config.joint_attention_dim == 4096 else (8, 16)
    latents = draw(rows, side * side, config.in_channels)
    ids = torch.zeros(side, side, 3, device=latents.device, dtype=latents.dtype)
    ids[..., 1] += torch.arange(side, device=latents.device)[:, None]
    ids[..., 2] += torch.arange(side, device=latents.device)
    return (latents,), {
        "encoder_hidden_states": draw(rows, words, config.joint_attention_dim),
        "pooled_projections": draw(rows, config.pooled_projection_dim),
        "guidance": torch.full((rows,), 3.5, device=latents.device),
        "img_ids": ids.reshape(side * side, 3),
        "txt_ids": torch.zeros(words, 3, device=latents.device, dtype=latents.dtype),
    }


SD15 = Denoiser(
    "Stable Diffusion 1.5",
    UNet2DConditionModel,
    {
        "sample_size": 64,
        "cross_attention_dim": 768,
        "block_out_channels": (320, 640, 1280, 1280),
        "attention_head_dim": 8,
    },
    {"sample_size": 16, "cross_attention_dim": 32, "block_out_channels": (32, 64, 64, 64)},
    2,
    _call_sd15,
)
SDXL = Denoiser(
    "SDXL",
    UNet2DConditionModel,
    {
        "sample_size": 128,
        "cross_attention_dim": 2048,
        "block_out_channels": (320, 640, 1280),
        "attention_head_dim": (5, 10, 20),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": (1, 2, 10),
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
    {
        "sample_size": 16,
        "cross_attention_dim": 32,
        "block_out_channels": (32, 64, 64),
        "attention_head_dim": (2, 4, 4),
        "transformer_layers_per_block": (1, 1, 2),
    },
    2,
    _call_sdxl,
)
SD3 = Denoiser(
    "SD3 medium",
    SD3Transformer2DModel,
    {
        "sample_size": 128,
        "in_channels": 16,
        "out_channels": 16,
        "num_layers": 24,
        "attention_head_dim": 64,
        "num_attention_heads": 24,
        "joint_attention_dim": 4096,
        "caption_projection_dim": 1536,
        "pooled_projection_dim": 2048,
        "pos_embed_max_size": 192,
    },
    {
        "sample_size": 16,
        "num_layers": 2,
        "attention_head_dim": 8,
        "num_attention_heads": 4,
        "joint_attention_dim": 32,
        "caption_projection_dim": 32,
        "pooled_projection_dim": 32,
        "pos_embed_max_size": 24,
    },
    2,
    _call_sd3,
)
FLUX = Denoiser(
    "Flux, of its width, 4 and 8 of its layers",
    FluxTransformer2DModel,
    {"num_layers": 4, "num_single_layers": 8, "guidance_embeds": True},
    {
        "num_layers": 1,
        "num_single_layers": 1,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "joint_attention_dim": 32,
        "pooled_projection_dim": 32,
        "axes_dims_rope": (4, 6, 6),
    },
    1,
    _call_flux,
)
