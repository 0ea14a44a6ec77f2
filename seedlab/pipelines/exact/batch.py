"""Generates several images in one call of a pipeline, each with the bytes of its own call."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.exact.batch_sizes import GUIDE_BATCH
from seedlab.pipelines.exact.caches import BatchCaches
from seedlab.pipelines.exact.plans import NotExactError
from seedlab.pipelines.models.capabilities import Capabilities
from seedlab.pipelines.models.families import family_of
from seedlab.pipelines.patching import replace_attribute
from seedlab.pipelines.sampling.arguments import make_arguments
from seedlab.pipelines.sampling.call import Sample, collect_notices, prepare_pipeline, run_pipeline
from seedlab.pipelines.sampling.noise import replace_noise
from seedlab.pipelines.sampling.paused import PausedRun
from seedlab.pipelines.sampling.prompts.cache import Prompts, UnequalPromptsError
from seedlab.pipelines.sampling.prompts.late_words import swap_prompts
from seedlab.pipelines.sampling.stages import Source, choose_pipeline
from seedlab.pipelines.sampling.steps import OnStep, find_denoiser
from seedlab.pipelines.sampling.tiling import tile_autoencoder


def split_batches(recipes: Sequence[Recipe], limit: int = GUIDE_BATCH) -> list[list[int]]:
    """Group recipes that differ only in noise and prompts, up to a limit, which one call can generate.

    Recipes of a group need not be neighbours: in a matrix of seeds and guidance, those of one guidance are not.

    Returns:
        The indices of each group's recipes, in order; the groups in the order of their first recipes.
    """
    batches: list[list[int]] = []
    open_batches: dict[Recipe, list[int]] = {}
    for index, recipe in enumerate(recipes):
        kind = strip(recipe)
        if len(open_batches.get(kind, ())) in (0, limit):
            open_batches[kind] = []
            batches.append(open_batches[kind])
        open_batches[kind].append(index)
    return batches


def split_models(recipes: Sequence[Recipe]) -> list[list[int]]:
    """Group recipes of the same model; returns the indices of each group's recipes, in order."""
    models: dict[str, list[int]] = {}
    for index, recipe in enumerate(recipes):
        models.setdefault(recipe.model_address, []).append(index)
    return list(models.values())


def strip(recipe: Recipe) -> Recipe:
    """Return a recipe without its seed, nudges and prompts: what all recipes of a batch share."""
    late = "late" if recipe.late_step else ""
    noiseless = replace(recipe, seed=0, nudges=())
    return replace(noiseless, prompt="", negative_prompt="", late_prompt=late, prompt_syntax="")


def sample_batch(
    pipeline: Any,
    recipes: Sequence[Recipe],
    on_step: OnStep,
    *,
    prompts: Prompts,
    caches: BatchCaches,
    environment_key: str,
    announce: Callable[[], None],
    check_stop: Callable[[], None],
    source: Source | None = None,
    start: Sequence[PausedRun] = (),
    draft_steps: int | None = None,
) -> list[Sample]:
    """Generate several images in one call, with a new scheduler.

    Args:
        pipeline: of a family with `can_batch`, with the scheduler that it was saved with.
        recipes: a batch of `split_batches`.
        on_step, source, start, draft_steps: see `seedlab.pipelines.sampling.call.sample`; the source is that of all
            recipes, and the paused runs are in their order, wherever each of them was paused.
        prompts: the pipeline's prompt embeddings.
        caches, environment_key, announce, check_stop: see `seedlab.pipelines.exact.denoiser`.

    Raises:
        PausedError: the call was paused.
        NotExactError: the images cannot be generated together.
        SeedLabError: one of the images failed.
        ValueError: the paused runs were not paused at the same step.
    """
    from seedlab.pipelines.exact.denoiser import batch_exactly
    from seedlab.pipelines.exact.kernels.frames import decode_frames_faster

    encoded = _encode(prompts, recipes)
    with (
        collect_notices() as notices,
        choose_pipeline(pipeline, recipes[0]) as chosen,
        prepare_pipeline(chosen, recipes[0].scheduler),
        tile_autoencoder(chosen, recipes[0]),
        replace_noise(chosen, recipes),
        _decode_one_by_one(getattr(chosen, "vae", None)),
        decode_frames_faster(getattr(chosen, "vae", None)),
        _resize_one_by_one(getattr(chosen, "image_processor", None)),
        batch_exactly(
            find_denoiser(chosen),
            len(recipes),
            caches,
            environment_key,
            announce,
            check_stop,
            family_of(chosen),
        ),
    ):
        late = swap_prompts(chosen, recipes, prompts.encode_later)
        arguments = {**_make_arguments(chosen, recipes, source), **encoded, **late}
        samples = run_pipeline(chosen, arguments, on_step, start=start, draft_steps=draft_steps)
    return [replace(each, notices=tuple(notices)) for each in samples]


def _make_arguments(pipeline: Any, recipes: Sequence[Recipe], source: Source | None) -> dict[str, Any]:
    """Return the arguments of the call but for its prompts."""
    capabilities, first = Capabilities.read(pipeline), recipes[0]
    made = make_arguments(capabilities, first, source)
    shared = {name: value for name, value in made.items() if name not in ("prompt", "negative_prompt")}
    own: dict[str, Any] = {"generator": [make_arguments(capabilities, recipe)["generator"] for recipe in recipes]}
    if first.start is not None and "image" in made:  # all start from the same, in the same size
        image = made["image"]
        own["image"] = image.expand(len(recipes), -1, -1, -1) if first.start.resizes_latents else [image] * len(recipes)
    return {**shared, **own}


def _encode(prompts: Prompts, recipes: Sequence[Recipe]) -> dict[str, Any]:
    try:
        return prompts.encode(recipes)
    except UnequalPromptsError as error:
        raise NotExactError from error


@contextmanager
def _resize_one_by_one(processor: Any) -> Iterator[None]:
    # PixArt and Sana denoise in one of the sizes that they were trained in, and resize the decoded images.
    if not hasattr(processor, "resize_and_crop_tensor"):
        yield
        return
    import torch

    resize = processor.resize_and_crop_tensor

    def resize_each(images: Any, *size: int) -> Any:
        return torch.cat([resize(image, *size) for image in images.split(1)])

    with replace_attribute(processor, "resize_and_crop_tensor", resize_each):
        yield


@contextmanager
def _decode_one_by_one(vae: Any) -> Iterator[None]:
    # The decoder's bits depend on the batch too, and decoding a batch would save little time and need much memory.
    if vae is None:  # the pipeline denoises pixels
        yield
        return
    with replace_attribute(vae, "use_slicing", True):
        yield
