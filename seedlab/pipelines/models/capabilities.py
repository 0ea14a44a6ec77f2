"""What a pipeline takes, by the signature of its call, and what a component takes, by its weights."""

import inspect
from dataclasses import dataclass, fields
from typing import Any, Self

PREPARE_LATENTS = (
    "batch_size",
    "num_channels_latents",
    "height",
    "width",
    "dtype",
    "device",
    "generator",
    "latents",
)
"""The arguments of `prepare_latents` in diffusers' text-to-image pipelines."""


@dataclass(frozen=True)
class Capabilities:
    """Which arguments a pipeline's `__call__` takes. (DDIM, for example, takes no `prompt`.)

    Attributes:
        true_cfg_scale: whether the guidance is passed as this argument. In Flux and Qwen-Image `guidance_scale` is
            only for guidance-distilled models.
    """

    prompt: bool
    negative_prompt: bool
    guidance_scale: bool
    height: bool
    width: bool
    num_inference_steps: bool
    true_cfg_scale: bool
    clean_caption: bool
    image: bool
    strength: bool

    @classmethod
    def read(cls, pipeline: Any) -> Self:
        """Read the signature of a pipeline or pipeline class."""
        names = inspect.signature(pipeline.__call__).parameters
        takes = {field.name: field.name in names for field in fields(cls)}
        return cls(**takes | {"true_cfg_scale": takes["true_cfg_scale"] and _is_not_distilled(pipeline)})


def _is_not_distilled(pipeline: Any) -> bool:
    denoiser = getattr(pipeline, "transformer", None)
    return denoiser is not None and not denoiser.config.get("guidance_embeds", False)


def is_video_module(module: Any) -> bool:
    """Whether a component, a `torch.nn.Module`, has 5-D weights, as video models and Qwen-Image's autoencoder do."""
    return any(weights.ndim == 5 for weights in module.parameters())


def takes_nudges(pipeline: Any) -> bool:
    """Whether a pipeline, or pipeline class, prepares its latents as diffusers' text-to-image pipelines do."""
    prepare = getattr(pipeline, "prepare_latents", None)
    names = [] if prepare is None else [name for name in inspect.signature(prepare).parameters if name != "self"]
    return tuple(names) == PREPARE_LATENTS


def resizes_noise(pipeline: Any) -> bool:
    """Whether a pipeline, or pipeline class, makes pictures of any size from noise of that size.

    PixArt and Sana denoise in one of the sizes that they were trained in, which may be that of several pictures.
    """
    return takes_nudges(pipeline) and "use_resolution_binning" not in inspect.signature(pipeline.__call__).parameters
