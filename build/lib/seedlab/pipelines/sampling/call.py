"""One call of a pipeline: a fresh generator, a fresh scheduler, the recipe's arguments, a report at every step."""

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
from seedlab.pipelines.sampling.arguments import make_arguments
from seedlab.pipelines.sampling.randomness import refuse_unseeded_noise
from seedlab.pipelines.sampling.steps import OnStep, follow_steps


@dataclass(frozen=True)
class Sample:
    """A finished picture and its finer traces."""

    image: Image.Image
    proof: Checksums


def sample(pipeline: Any, recipe: Recipe, on_step: OnStep) -> Sample:
    """Make one picture, alone: the bytes of the plain script `pipe(prompt, generator=..., ...)` for this recipe.

    The pipeline must hold the recipe's scheduler already (`make_scheduler`).

    Raises:
        RecipeError: the pipeline would not read something that the recipe asks for.
        SeedLabError: the picture is not one: all black, or hidden by the pipeline's own safety checker; or noise was
            drawn that the seed does not decide.
    """
    with leave_as_found(pipeline):
        (made,) = run_pipeline(pipeline, make_arguments(Capabilities.read(pipeline), recipe), on_step)
    return made


def run_pipeline(pipeline: Any, arguments: Mapping[str, Any], on_step: OnStep) -> list[Sample]:
    """Call a pipeline; returns a sample for each row of its batch.

    Raises:
        SeedLabError: one of the pictures is none, or noise was drawn that no seed decides.
    """
    latents: list[Any] = []

    def follow(step: int, now: Any) -> None:
        check_noise()
        latents[:] = [now]
        on_step(step, now)

    # "np" and not "pil", for the proof; the pipelines themselves make their 8-bit pictures of just this array.
    with (
        refuse_unseeded_noise() as check_noise,
        follow_steps(pipeline, follow) as callbacks,
    ):
        result = pipeline(**arguments, output_type="np", **callbacks)
    _check_numbers(result.images)
    images = pipeline.numpy_to_pil(result.images)
    for image in images:
        _check(image, hidden=any(getattr(result, "nsfw_content_detected", None) or ()))
    rows = latents[0] if latents else [None] * len(images)
    return [
        Sample(image, Checksums(latents=_hash_latents(row), total=float(abs(array).sum())))
        for image, row, array in zip(images, rows, result.images, strict=True)
    ]


@contextmanager
def leave_as_found(pipeline: Any) -> Iterator[None]:
    """Put back what a call that failed, or was stopped, leaves behind.

    SDXL decodes in float32, and its autoencoder would stay so. Of a pipeline that is put on a card part by part, the
    part that worked would stay there, beside the next call's first.
    """
    autoencoder = getattr(pipeline, "vae", None)
    dtype = getattr(autoencoder, "dtype", None)
    try:
        yield
    finally:
        pipeline.maybe_free_model_hooks()
        if autoencoder is not None and autoencoder.dtype != dtype:
            autoencoder.to(dtype=dtype)


def _hash_latents(latents: Any) -> str:
    import torch

    if latents is None:
        return ""
    raw = latents.detach().to("cpu").contiguous().view(torch.uint8).numpy().tobytes()
    return hashlib.sha256(raw).hexdigest()


def check_latents(latents: Any) -> None:
    """Raise SeedLabError for latents that are not numbers any more: no further step would bring a picture back."""
    if not latents.isfinite().all():
        raise SeedLabError(
            "The picture came out as not-a-number: choose another scheduler, or less guidance; "
            "on the command line also --dtype float32."
        )


def _check_numbers(arrays: Any) -> None:
    """Raise where the autoencoder made no numbers, which a picture of 8 bits would show as black."""
    if not all(np.isfinite(array).all() for array in arrays):
        raise SeedLabError(
            "The picture's autoencoder made not-a-number, as some do in half precision: on the command line choose "
            "--dtype float32, or choose another model."
        )


def _check(image: Image.Image, hidden: bool) -> None:
    if hidden:
        raise SeedLabError("The model's own safety checker hid this picture: try another seed or prompt.")
    if image.convert("RGB").getbbox() is None:
        raise SeedLabError("The picture came out black, as half precision can: try another seed, or --dtype float32.")
