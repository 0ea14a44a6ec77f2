"""What a pipeline's call takes, read from its signature; and what one of its parts takes, read from its weights."""

import inspect
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True)
class Capabilities:
    """Which arguments a pipeline's `__call__` takes. (PixArt, for one, has no callback at the end of a step.)

    Attributes:
        true_cfg_scale: whether that is the guidance which it reads: `guidance_scale` is for models alone which guidance
            was distilled into (Flux, Qwen-Image).
    """

    prompt: bool
    negative_prompt: bool
    guidance_scale: bool
    height: bool
    width: bool
    num_inference_steps: bool
    callback_on_step_end: bool
    true_cfg_scale: bool

    @classmethod
    def read(cls, pipeline: Any) -> Self:
        """Read them from a pipeline or a pipeline class."""
        names = inspect.signature(pipeline.__call__).parameters
        takes = {field.name: field.name in names for field in fields(cls)}
        return cls(**takes | {"true_cfg_scale": takes["true_cfg_scale"] and _reads_no_guidance(pipeline)})


def _reads_no_guidance(pipeline: Any) -> bool:
    denoiser = getattr(pipeline, "transformer", None)
    return denoiser is not None and not denoiser.config.get("guidance_embeds", False)


def is_video_module(part: Any) -> bool:
    """Whether a part of a pipeline, a `torch.nn.Module`, works on films, as Qwen-Image's autoencoder does."""
    return any(weights.ndim == 5 for weights in part.parameters())
