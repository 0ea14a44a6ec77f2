"""One call of a pipeline: a fresh generator, a fresh scheduler, the recipe's arguments, a report at every step."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from seedlab.core.checksums import Proof
from seedlab.core.recipe import Recipe, RecipeError, SeedLabError
from seedlab.core.schedulers import find_scheduler
from seedlab.pipelines.models.capabilities import Capabilities
from seedlab.pipelines.sampling.randomness import refuse_unseeded_noise
from seedlab.pipelines.sampling.steps import OnStep, follow_steps


@dataclass(frozen=True)
class Sample:
    """A finished picture and its finer traces."""

    image: Image.Image
    proof: Proof


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
        Sample(image, Proof(latents=_hash_latents(row), total=float(abs(array).sum())))
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


def make_arguments(capabilities: Capabilities, recipe: Recipe) -> dict[str, Any]:
    """Return the arguments of the plain script for this recipe: those of them that the pipeline takes.

    A generator is consumed by use, so every call gets one of its own (diffusers #2659 is about sharing one).

    Raises:
        RecipeError: it asks for words that the pipeline would not read, or for noise from a device that is not here.
    """
    words = {"prompt": recipe.prompt, "negative_prompt": recipe.negative_prompt}
    for name, text in words.items():
        if text and not getattr(capabilities, name):
            raise RecipeError(name, f"This model takes no {name.replace('_', ' ')}: leave it empty.")
    arguments: dict[str, Any] = {
        "prompt": recipe.prompt,
        # Not named where there is none: SDXL takes zeros for none, but not for "", and PixArt does not take None.
        "negative_prompt": recipe.negative_prompt or None,
        "num_inference_steps": recipe.num_inference_steps,
        "guidance_scale": recipe.guidance_scale,
        "height": recipe.height,
        "width": recipe.width,
    }
    if capabilities.true_cfg_scale:
        arguments |= make_true_guidance(recipe)
    named = {name: value for name, value in arguments.items() if value is not None and getattr(capabilities, name)}
    return {**named, "generator": _make_generator(recipe)}


def make_true_guidance(recipe: Recipe) -> dict[str, Any]:
    """Return the guidance of models that were trained without: two calls a step, the second for the negative prompt.

    It needs one to be at work; " " is what Qwen-Image's makers give it for none.
    """
    negative = (recipe.negative_prompt or " ") if recipe.guidance_scale > 1 else None
    return {"guidance_scale": None, "true_cfg_scale": recipe.guidance_scale, "negative_prompt": negative}


def _make_generator(recipe: Recipe) -> Any:
    import torch

    try:
        return torch.Generator(recipe.generator_device).manual_seed(recipe.seed)
    except RuntimeError as error:
        raise RecipeError(
            "generator_device",
            f"There is no device “{recipe.generator_device}” on this machine to draw the noise on: choose cpu, which "
            "gives the same noise everywhere.",
        ) from error


def check_latents(latents: Any) -> None:
    """Raise SeedLabError for latents that are not numbers any more: no further step would bring a picture back."""
    if not latents.isfinite().all():
        raise SeedLabError(
            "The picture came out as not-a-number: choose another scheduler, or less guidance; "
            "on the command line also --dtype float32."
        )


def make_scheduler(original: Any, name: str) -> Any:
    """Make a fresh scheduler of that name from the configuration of the model's original one.

    Raises:
        SeedLabError: the model cannot be used with that scheduler.
    """
    import diffusers

    scheduler = find_scheduler(name)
    scheduler_class = getattr(diffusers, scheduler.class_name)
    if scheduler_class not in (type(original), *original.compatibles):
        raise SeedLabError(f"{scheduler.label} does not work with this model: choose another scheduler.")
    return scheduler_class.from_config(original.config, **scheduler.settings)


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
