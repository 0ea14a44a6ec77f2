"""What we know of kinds of pipelines, by the names of their classes: data."""

from typing import Any

UNCONDITIONAL = {"DDIMPipeline": ("DDIMScheduler",), "DDPMPipeline": ("DDIMScheduler", "DDPMScheduler")}
"""The pipelines that take no prompt, and the schedulers whose `step` takes what they give it."""

FAMILIES: dict[str, dict[str, Any]] = {
    "LatentConsistencyModelPipeline": {
        "num_inference_steps": 4,
        "guidance_scale": 8.0,
        "ignores": ("negative_prompt",),
    },
    "StableDiffusion3Pipeline": {
        "num_inference_steps": 28,
        "guidance_scale": 4.5,
        "size_multiple": 16,
        "half": "bfloat16",
    },
    "FluxPipeline": {
        "num_inference_steps": 28,
        "guidance_scale": 3.5,
        "height": 1024,
        "width": 1024,
        "size_multiple": 16,
        "half": "bfloat16",
    },
    "PixArtAlphaPipeline": {"num_inference_steps": 20, "guidance_scale": 4.5},
    "PixArtSigmaPipeline": {"num_inference_steps": 20, "guidance_scale": 4.5},
    "SanaPipeline": {"num_inference_steps": 20, "guidance_scale": 4.5, "size_multiple": 32, "half": "bfloat16"},
    "QwenImagePipeline": {
        "true_guidance": True,
        "num_inference_steps": 50,
        "guidance_scale": 4.0,
        "height": 1328,
        "width": 1328,
        "size_multiple": 16,
        "half": "bfloat16",
    },
    "ZImagePipeline": {
        "num_inference_steps": 50,
        "guidance_scale": 5.0,
        "neutral_guidance": 0.0,
        "height": 1024,
        "width": 1024,
        "size_multiple": 16,
        "half": "bfloat16",
    },
}
"""Their good defaults and limits, as fields of `Model`, where they are not those of a Stable Diffusion.

Height and width are here where the configurations do not say them.
"""


EMBEDDINGS = {
    "StableDiffusionPipeline": ("prompt_embeds",),
    "StableDiffusionXLPipeline": ("prompt_embeds", "pooled_prompt_embeds"),
    **dict.fromkeys(UNCONDITIONAL, ()),
}
"""The pipelines whose batches we understand, and the arguments that stand for a prompt in their calls."""


def can_batch(pipeline: Any) -> bool:
    """Whether we know how this pipeline lays out a batch."""
    return type(pipeline).__name__ in EMBEDDINGS
