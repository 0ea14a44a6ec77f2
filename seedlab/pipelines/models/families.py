"""Facts about pipeline classes that differ from Stable Diffusion's: one registry, keyed by class name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Family:
    """What is known about the pipelines of one class.

    Attributes:
        defaults: defaults and limits, as fields of `Model`, that differ from Stable Diffusion's. Height and width are
            given where the configuration files do not contain them.
        embeddings: the arguments of `__call__` that replace an encoded prompt, in the order in which `encode_prompt`
            returns them; the negative prompt's have the prefix "negative_". Empty for a pipeline without prompts;
            None if exact batches do not support the family.
        shared_arguments: the denoiser's tensors that are the same for all images of a batch, with no row for each.
        prompt_multiple: the denoiser takes a list of prompts, and pads each to a multiple of so many tokens.
        weighted_encoders: as in `Model`.
        step_embeddings: as in `Model`. With guidance, the rows of the negative prompts come first.
        schedulers: for a pipeline without prompts, the schedulers whose `step` accepts what it passes, the default
            first; empty for all others.
        image_to_image: as in `Model`. The pipeline's class is named like the family's, with "Img2Img" in it.
        takes_latents: as in `Model`.
        added_tokens: how many of the tokens that the pipeline reads are not the prompt's; None for as many as the
            tokenizer adds.
    """

    defaults: Mapping[str, Any] = field(default_factory=dict)
    embeddings: tuple[str, ...] | None = None
    shared_arguments: tuple[str, ...] = ()
    prompt_multiple: int = 1
    step_embeddings: tuple[str, ...] = ()
    weighted_encoders: tuple[str, ...] = ()
    schedulers: tuple[str, ...] = ()
    image_to_image: tuple[str, ...] | None = None
    takes_latents: bool = False
    added_tokens: int | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """What it decides about its models, as fields of `Model`."""
        names = ("step_embeddings", "weighted_encoders", "image_to_image", "takes_latents")
        return {**self.defaults, **{name: getattr(self, name) for name in names}}

    @property
    def is_unconditional(self) -> bool:
        """Whether the pipelines take no prompt, and denoise pixels instead of latents."""
        return bool(self.schedulers)

    @property
    def can_batch(self) -> bool:
        """Whether exact batches support the family."""
        return self.embeddings is not None


SIZED = ("height", "width")
"""The image-to-image pipelines of transformers take the size that the picture has anyway."""

FAMILIES = {
    "StableDiffusionPipeline": Family(
        embeddings=("prompt_embeds",),
        step_embeddings=("prompt_embeds",),
        weighted_encoders=("text_encoder",),
        image_to_image=(),
        takes_latents=True,
    ),
    "StableDiffusionXLPipeline": Family(
        embeddings=("prompt_embeds", "pooled_prompt_embeds"),
        step_embeddings=("prompt_embeds", "add_text_embeds"),
        weighted_encoders=("text_encoder", "text_encoder_2"),
        image_to_image=(),
        takes_latents=True,
    ),
    "DDIMPipeline": Family(embeddings=(), schedulers=("DDIMScheduler",)),
    "DDPMPipeline": Family(embeddings=(), schedulers=("DDIMScheduler", "DDPMScheduler")),
    "LatentConsistencyModelPipeline": Family(
        defaults={"num_inference_steps": 4, "guidance_scale": 8.0, "ignores": ("negative_prompt",)},
        embeddings=("prompt_embeds",),
        step_embeddings=("prompt_embeds",),
        weighted_encoders=("text_encoder",),
        image_to_image=(),
        takes_latents=True,
    ),
    "StableDiffusion3Pipeline": Family(
        defaults={"num_inference_steps": 28, "guidance_scale": 4.5, "size_multiple": 16, "half_dtype": "bfloat16"},
        embeddings=("prompt_embeds", "pooled_prompt_embeds"),
        step_embeddings=("prompt_embeds", "pooled_prompt_embeds"),
        image_to_image=SIZED,
        takes_latents=True,
    ),
    "FluxPipeline": Family(
        defaults={
            "num_inference_steps": 28,
            "guidance_scale": 3.5,
            "distilled_guidance": True,
            "height": 1024,
            "width": 1024,
            "size_multiple": 16,
            "half_dtype": "bfloat16",
        },
        embeddings=("prompt_embeds", "pooled_prompt_embeds"),
        shared_arguments=("txt_ids", "img_ids"),
        # Its pooled embeddings, of which CLIP makes a summary of the prompt, stay those of the first prompt.
        step_embeddings=("prompt_embeds",),
        image_to_image=SIZED,
        takes_latents=True,
    ),
    "PixArtAlphaPipeline": Family(
        defaults={"num_inference_steps": 20, "guidance_scale": 4.5, "cleans_prompts": True},
        embeddings=("prompt_embeds", "prompt_attention_mask"),
    ),
    "PixArtSigmaPipeline": Family(
        defaults={"num_inference_steps": 20, "guidance_scale": 4.5, "cleans_prompts": True},
        embeddings=("prompt_embeds", "prompt_attention_mask"),
    ),
    "SanaPipeline": Family(
        defaults={
            "num_inference_steps": 20,
            "guidance_scale": 4.5,
            "size_multiple": 32,
            "half_dtype": "bfloat16",
            "cleans_prompts": True,
        },
        embeddings=("prompt_embeds", "prompt_attention_mask"),
        added_tokens=2,
    ),
    "QwenImagePipeline": Family(
        defaults={
            "uses_true_cfg": True,
            "num_inference_steps": 50,
            "guidance_scale": 4.0,
            "height": 1328,
            "width": 1328,
            "size_multiple": 16,
            "half_dtype": "bfloat16",
        },
        embeddings=("prompt_embeds", "prompt_embeds_mask"),
        image_to_image=SIZED,
        takes_latents=True,
    ),
    "ZImagePipeline": Family(
        defaults={
            "num_inference_steps": 50,
            "guidance_scale": 5.0,
            "neutral_guidance": 0.0,
            "height": 1024,
            "width": 1024,
            "size_multiple": 16,
            "half_dtype": "bfloat16",
        },
        embeddings=("prompt_embeds",),
        prompt_multiple=32,
        image_to_image=SIZED,
        added_tokens=3,
    ),
}


def find_family(class_name: str) -> Family:
    """Return the family of a pipeline class; one with Stable Diffusion's defaults and no batches if it is unknown."""
    return FAMILIES.get(class_name, Family())


def family_of(pipeline: Any) -> Family:
    """Return the family of a loaded pipeline, or of its image-to-image pipeline."""
    return find_family(type(pipeline).__name__.replace("Img2Img", ""))
