"""One call of a pipeline: a new generator, a new scheduler, the recipe's arguments, and a report at every step."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from seedlab.core.checksums import Checksums
from seedlab.core.errors import SeedLabError
from seedlab.core.recipe import Recipe
from seedlab.pipelines.models.capabilities import Capabilities
from seedlab.pipelines.patching import replace_attribute
from seedlab.pipelines.sampling.arguments import make_arguments, make_scheduler
from seedlab.pipelines.sampling.randomness import refuse_unseeded_noise
from seedlab.pipelines.sampling.steps import OnStep, follow_steps


@dataclass(frozen=True)
class Sample:
    """An image, and checksums that are finer than its 8-bit pixels."""

    image: Image.Image
    checksums: Checksums


def sample(pipeline: Any, recipe: Recipe, on_step: OnStep) -> Sample:
    """Generate one image: the bytes of the plain script `pipe(prompt, generator=..., ...)` for this recipe.

    Args:
        pipeline: with the scheduler that it was saved with, from whose configuration the recipe's is created.
        recipe: the image's recipe.
        on_step: is called after every step.

    Raises:
        RecipeError: the pipeline does not take a field that the recipe sets.
        SeedLabError: the scheduler does not fit the model; the image is black, not a number, or was hidden by the
            pipeline's safety checker; or noise was drawn that does not depend on the seed.
    """
    with prepare_pipeline(pipeline, recipe.scheduler):
        (result,) = run_pipeline(pipeline, make_arguments(Capabilities.read(pipeline), recipe), on_step)
    return result


def run_pipeline(pipeline: Any, arguments: Mapping[str, Any], on_step: OnStep) -> list[Sample]:
    """Call a pipeline, and return a sample for each image of its batch.

    Raises:
        SeedLabError: one of the images is invalid, or noise was drawn that does not depend on a seed.
    """
    latents: list[Any] = []

    def follow(step: int, now: Any) -> None:
        check_noise()
        latents[:] = [now]
        on_step(step, now)

    # "np" instead of "pil", for the checksums; the pipelines themselves convert this array to 8-bit images.
    with (
        refuse_unseeded_noise() as check_noise,
        follow_steps(pipeline, follow) as callbacks,
    ):
        result = pipeline(**arguments, output_type="np", **callbacks)
    _check_finite(result.images)
    images = pipeline.numpy_to_pil(result.images)
    for image in images:
        _check_visible(image, hidden=any(getattr(result, "nsfw_content_detected", None) or ()))
    rows = latents[0] if latents else [None] * len(images)
    return [
        Sample(image, Checksums(latents=_hash_latents(row), total=float(abs(array).sum())))
        for image, row, array in zip(images, rows, result.images, strict=True)
    ]


@contextmanager
def prepare_pipeline(pipeline: Any, scheduler: str) -> Iterator[None]:
    """Give the pipeline a new scheduler of that name inside the context, and restore the pipeline afterwards.

    Schedulers have state: if one were used twice, an image could depend on the image before it.

    Raises:
        SeedLabError: the scheduler does not fit the model.
    """
    fresh = make_scheduler(pipeline.scheduler, scheduler)
    with leave_as_found(pipeline), replace_attribute(pipeline, "scheduler", fresh):
        yield


@contextmanager
def leave_as_found(pipeline: Any) -> Iterator[None]:
    """Undo the changes that a call leaves behind if it fails or is stopped.

    SDXL decodes in float32, and its autoencoder would keep that dtype. With model CPU offload, the last active
    component would stay on the GPU, next to the first one of the next call.
    """
    autoencoder = getattr(pipeline, "vae", None)
    dtype = getattr(autoencoder, "dtype", None)
    try:
        yield
    finally:
        pipeline.maybe_free_model_hooks()
        if autoencoder is not None and autoencoder.dtype != dtype:
            autoencoder.to(dtype=dtype)


def check_latents(latents: Any) -> None:
    """Raise SeedLabError if latents are not finite, because no further step can repair them."""
    if not latents.isfinite().all():
        raise SeedLabError(
            "The picture came out as not-a-number: choose another scheduler or less guidance, or "
            "use --dtype float32 on the command line."
        )


def _hash_latents(latents: Any) -> str:
    import torch

    if latents is None:
        return ""
    raw = latents.detach().to("cpu").contiguous().view(torch.uint8).numpy().tobytes()
    return hashlib.sha256(raw).hexdigest()


def _check_finite(arrays: Any) -> None:
    """Raise if the decoded image is not finite; as an 8-bit image it would be black."""
    if not all(np.isfinite(array).all() for array in arrays):
        raise SeedLabError(
            "The model's autoencoder returned not-a-number, as some do in half precision: use --dtype float32 on the "
            "command line, or choose another model."
        )


def _check_visible(image: Image.Image, hidden: bool) -> None:
    if hidden:
        raise SeedLabError("The model's safety checker hid this picture: try another seed or prompt.")
    if image.convert("RGB").getbbox() is None:
        raise SeedLabError(
            "The picture came out black, which half precision can cause: try another seed, or --dtype float32."
        )
