"""One call of a pipeline: a new generator, a new scheduler, the recipe's arguments, and a report at every step."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from seedlab.core.checksums import Checksums
from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.devices.library_warnings import collect_warnings
from seedlab.pipelines.devices.warning_kinds import translate_warnings
from seedlab.pipelines.models.capabilities import Capabilities
from seedlab.pipelines.patching import replace_attribute
from seedlab.pipelines.sampling.arguments import make_arguments, make_scheduler
from seedlab.pipelines.sampling.noise import replace_noise
from seedlab.pipelines.sampling.paused import PausedRun
from seedlab.pipelines.sampling.prompts.embeddings import encode, replace_prompts
from seedlab.pipelines.sampling.prompts.late_words import swap_prompts
from seedlab.pipelines.sampling.randomness import refuse_unseeded_noise
from seedlab.pipelines.sampling.stages import Source, choose_pipeline
from seedlab.pipelines.sampling.steps import OnStep, Step, follow_steps
from seedlab.pipelines.sampling.tiling import tile_autoencoder


@dataclass(frozen=True)
class Sample:
    """An image, and checksums that are finer than its 8-bit pixels.

    Attributes:
        paused: of a draft, the run after the last step that was computed, from which the image can be finished; None
            for a finished image.
        notices: sentences about what the pipeline warned of, such as a setting that it does not follow.
        latents: those after the last step, as the pipeline holds them, on the CPU; None for a draft.
    """

    image: Image.Image
    checksums: Checksums
    paused: PausedRun | None = None
    notices: tuple[str, ...] = ()
    latents: Any = None


def sample(
    pipeline: Any,
    recipe: Recipe,
    on_step: OnStep,
    *,
    source: Source | None = None,
    start: Sequence[PausedRun] = (),
    draft_steps: int | None = None,
) -> Sample:
    """Generate one image: the bytes of the plain script `pipe(prompt, generator=..., ...)` for this recipe.

    Args:
        pipeline: with the scheduler that it was saved with, from whose configuration the recipe's is created.
        recipe: the image's recipe.
        on_step: is called after every step; a true value pauses the call.
        source: what the recipe starts from; None if it starts from noise.
        start: the paused run of this recipe to resume, if there is one.
        draft_steps: after so many of the recipe's denoising steps, end with the predicted clean image; None to finish
            the image.

    Raises:
        PausedError: the call was paused.
        RecipeError: the pipeline does not take a field that the recipe sets.
        SeedLabError: the scheduler does not fit the model; the image is black, not a number, or was hidden by the
            pipeline's safety checker; or noise was drawn that does not depend on the seed.
        ValueError: the paused run is of another recipe.
    """
    with (
        collect_notices() as notices,
        choose_pipeline(pipeline, recipe) as chosen,
        prepare_pipeline(chosen, recipe.scheduler),
        tile_autoencoder(chosen, recipe),
        replace_noise(chosen, [recipe]),
    ):
        arguments = replace_prompts(chosen, recipe, make_arguments(Capabilities.read(chosen), recipe, source))
        late = swap_prompts(chosen, [recipe], lambda each: encode(chosen, each.later_prompt, each.prompt_syntax))
        (result,) = run_pipeline(chosen, arguments | late, on_step, start=start, draft_steps=draft_steps)
    return replace(result, notices=tuple(notices))


@contextmanager
def collect_notices() -> Iterator[list[str]]:
    """Yield a list that at the end of the context has notices about what the libraries warned of inside it."""
    notices: list[str] = []
    with collect_warnings() as messages:
        yield notices
    translate_warnings("the model", messages, notices.append, "made this picture")


def run_pipeline(
    pipeline: Any,
    arguments: Mapping[str, Any],
    on_step: OnStep,
    *,
    start: Sequence[PausedRun] = (),
    draft_steps: int | None = None,
) -> list[Sample]:
    """Call a pipeline, and return a sample for each image of its batch.

    Args:
        pipeline: with the scheduler that the call uses.
        arguments: of its call.
        on_step, start, draft_steps: see `seedlab.pipelines.sampling.steps`.

    Raises:
        PausedError: the call was paused.
        SeedLabError: one of the images is invalid, or noise was drawn that does not depend on a seed.
        ValueError: the paused runs do not belong together.
    """

    def follow(step: Step) -> object:
        check_noise()
        return on_step(step)

    generator = arguments["generator"]
    generators = generator if isinstance(generator, list) else [generator]
    with (
        refuse_unseeded_noise() as check_noise,
        follow_steps(pipeline, follow, generators, start=start, draft_steps=draft_steps) as followed,
    ):
        # "np" instead of "pil", for the checksums; the pipelines themselves convert this array to 8-bit images.
        result = pipeline(**arguments, output_type="np")
    _check_finite(result.images)
    images = pipeline.numpy_to_pil(result.images)
    for image in images:
        _check_visible(image, hidden=any(getattr(result, "nsfw_content_detected", None) or ()))
    nothing = [None] * len(images)
    rows = nothing if followed.latents is None else followed.latents.detach().to("cpu").split(1)
    return [
        Sample(
            image,
            Checksums(latents=_hash_latents(row), total=float(abs(array).sum())),
            paused,
            latents=None if paused else row,
        )
        for image, row, array, paused in zip(images, rows, result.images, followed.drafted or nothing, strict=True)
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
    raw = latents.contiguous().view(torch.uint8).numpy().tobytes()
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
