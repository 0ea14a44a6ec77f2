"""One call of a pipeline: a fresh generator, a fresh scheduler, the recipe's arguments, a report at every step."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from seedlab.pipelines.capabilities import Capabilities
from seedlab.proof import Proof
from seedlab.recipe import Recipe, SeedLabError
from seedlab.schedulers import SCHEDULERS, find_scheduler

OnStep = Callable[[int, Any], None]
"""Called after every step with the number of steps done and the latents; may raise to end the call at once."""


@dataclass(frozen=True)
class Sample:
    """A finished picture and its finer traces."""

    image: Image.Image
    proof: Proof


def sample(pipeline: Any, recipe: Recipe, on_step: OnStep) -> Sample:
    """Make one picture, alone: the bytes of the plain script `pipe(prompt, generator=..., ...)` for this recipe.

    The pipeline must hold the recipe's scheduler already (`make_scheduler`).

    Raises:
        SeedLabError: the picture is not one: all black, or hidden by the pipeline's own safety checker.
    """
    (made,) = run_pipeline(pipeline, make_arguments(Capabilities.read(pipeline), recipe), on_step)
    return made


def run_pipeline(pipeline: Any, arguments: Mapping[str, Any], on_step: OnStep) -> list[Sample]:
    """Call a pipeline; returns a sample for each row of its batch.

    Raises:
        SeedLabError: one of the pictures is none.
    """
    latents: list[Any] = []

    def follow(step: int, now: Any) -> None:
        latents[:] = [now]
        on_step(step, now)

    # "np" and not "pil", for the proof; the pipelines themselves make their 8-bit pictures of just this array.
    result = pipeline(**arguments, output_type="np", **_make_callback(pipeline, follow))
    images = pipeline.numpy_to_pil(result.images)
    for image in images:
        _check(image, hidden=any(getattr(result, "nsfw_content_detected", None) or ()))
    rows = latents[0] if latents else [None] * len(images)
    return [
        Sample(image, Proof(latents=_hash_latents(row), total=float(abs(array).sum())))
        for image, row, array in zip(images, rows, result.images, strict=True)
    ]


def _hash_latents(latents: Any) -> str:
    import torch

    if latents is None:
        return ""
    raw = latents.detach().to("cpu").contiguous().view(torch.uint8).numpy().tobytes()
    return hashlib.sha256(raw).hexdigest()


def make_arguments(capabilities: Capabilities, recipe: Recipe) -> dict[str, Any]:
    """Return the arguments of the plain script for this recipe: those of them that the pipeline takes.

    A generator is consumed by use, so every call gets one of its own (diffusers #2659 is about sharing one).
    """
    import torch

    arguments: dict[str, Any] = {
        "prompt": recipe.prompt,
        # None and "" are not the same to SDXL, which puts zeros for None; a script without one says None.
        "negative_prompt": recipe.negative_prompt or None,
        "num_inference_steps": recipe.num_inference_steps,
        "guidance_scale": recipe.guidance_scale,
        "height": recipe.height,
        "width": recipe.width,
    }
    taken = {name: value for name, value in arguments.items() if getattr(capabilities, name)}
    return {**taken, "generator": torch.Generator(recipe.generator_device).manual_seed(recipe.seed)}


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
    # Said only of a class that we offer both ways; any other keeps the levels that the model was saved with.
    both = sum(each.class_name == scheduler.class_name for each in SCHEDULERS) > 1
    return scheduler_class.from_config(original.config, **({"use_karras_sigmas": scheduler.karras} if both else {}))


def _make_callback(pipeline: Any, on_step: OnStep) -> dict[str, Any]:
    if not Capabilities.read(pipeline).callback_on_step_end:
        return {}

    def call_back(_pipeline: Any, step: int, _timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        on_step(step + 1, tensors["latents"])
        return tensors

    return {"callback_on_step_end": call_back}


def _check(image: Image.Image, hidden: bool) -> None:
    if hidden:
        raise SeedLabError("The model's own safety checker hid this picture: try another seed or prompt.")
    if image.convert("RGB").getbbox() is None:
        raise SeedLabError("The picture came out black, as half precision can: try another seed, or --dtype float32.")
