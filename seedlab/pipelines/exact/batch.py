"""Several pictures in one call of a pipeline, each with the bytes that it has alone."""

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seedlab.core.recipe import Recipe
from seedlab.pipelines.exact.plans import Plans
from seedlab.pipelines.exact.prepack_cache import PrepackCache
from seedlab.pipelines.models.capabilities import Capabilities
from seedlab.pipelines.sampling.arguments import make_arguments
from seedlab.pipelines.sampling.call import Sample, leave_as_found, run_pipeline
from seedlab.pipelines.sampling.prompts import Prompts
from seedlab.pipelines.sampling.steps import OnStep

if TYPE_CHECKING:
    from collections.abc import Iterator


BATCH = 4
"""Pictures in one call: the guide's grid."""


def split_batches(recipes: Sequence[Recipe]) -> list[list[int]]:
    """Split recipes into runs of up to four that one call can make: they differ in seed and prompts alone.

    Returns:
        The recipes' indices, in their order.
    """
    batches: list[list[int]] = []
    for index, recipe in enumerate(recipes):
        last = batches[-1] if batches else []
        if last and len(last) < BATCH and strip(recipes[last[0]]) == strip(recipe):
            last.append(index)
        else:
            batches.append([index])
    return batches


def sample_batch(
    pipeline: Any,
    recipes: Sequence[Recipe],
    on_step: OnStep,
    *,
    prompts: Prompts,
    plans: Plans,
    prepack_cache: PrepackCache,
    environment_key: str,
    announce: Callable[[], None],
    check_stop: Callable[[], None],
) -> list[Sample]:
    """Make several pictures in one call. The pipeline must hold the recipes' scheduler already.

    Args:
        recipes: such as `split_batches` puts together.
        prompts: of this pipeline.
        plans, prepack_cache, environment_key, announce, check_stop: see `seedlab.pipelines.exact.denoiser`.

    Raises:
        NotExactError: these cannot be made together.
        SeedLabError: one of the pictures is none.
    """
    from seedlab.pipelines.exact.denoiser import batch_exactly

    each = [make_arguments(Capabilities.read(pipeline), recipe) for recipe in recipes]
    shared = {name: value for name, value in each[0].items() if name not in ("prompt", "negative_prompt", "generator")}
    generators = [arguments["generator"] for arguments in each]
    with (
        leave_as_found(pipeline),
        _decode_one_by_one(getattr(pipeline, "vae", None)),
        batch_exactly(pipeline.unet, len(recipes), plans, prepack_cache, environment_key, announce, check_stop),
    ):
        arguments = {**shared, **prompts.encode(recipes), "generator": generators}
        return run_pipeline(pipeline, arguments, on_step)


@contextmanager
def _decode_one_by_one(vae: Any) -> "Iterator[None]":
    # A batch would save little of the decoder's time, for much memory, and its bits depend on the batch too.
    if vae is None:  # the denoiser's pixels are the picture's
        yield
        return
    from seedlab.pipelines.exact.trimming import trim

    before = vae.use_slicing
    vae.use_slicing = True
    try:
        with trim(vae):
            yield
    finally:
        vae.use_slicing = before


def strip(recipe: Recipe) -> Recipe:
    """Return what the recipes of a batch share."""
    return replace(recipe, seed=0, prompt="", negative_prompt="")
