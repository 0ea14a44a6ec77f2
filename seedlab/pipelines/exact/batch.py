"""Several pictures in one call of a pipeline, each with the bytes that it has alone."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seedlab.core.recipe import Recipe
from seedlab.pipelines.exact.plans import Plans
from seedlab.pipelines.models.capabilities import Capabilities
from seedlab.pipelines.models.families import UNCONDITIONAL
from seedlab.pipelines.sampling.call import Sample, leave_as_found, make_arguments, run_pipeline
from seedlab.pipelines.sampling.steps import OnStep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

BATCH = 4
"""Pictures in one call: the guide's grid."""

MAX_PROMPTS = 128

EMBEDDINGS = {
    "StableDiffusionPipeline": ("prompt_embeds",),
    "StableDiffusionXLPipeline": ("prompt_embeds", "pooled_prompt_embeds"),
    **dict.fromkeys(UNCONDITIONAL, ()),
}
"""The pipelines whose batches we understand, and the arguments that stand for a prompt in their calls."""


def can_batch(pipeline: Any) -> bool:
    """Whether we know how this pipeline lays out a batch."""
    return type(pipeline).__name__ in EMBEDDINGS


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


class Prompts:
    """What a pipeline's text encoders made of prompts: each encoded alone, once.

    In half precision a text encoder's bits depend on its batch too; and the empty prompt is wanted for every picture.
    """

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._names = EMBEDDINGS[type(pipeline).__name__]
        self._known: OrderedDict[str, tuple[Tensor, ...]] = OrderedDict()

    def encode(self, recipes: Sequence[Recipe]) -> "dict[str, Tensor | int]":
        """Return the arguments that stand for the recipes' prompts, a row for each recipe.

        A pipeline without prompts is told their number.
        """
        import torch

        if not self._names:
            return {"batch_size": len(recipes)}
        rows = [self._encode(recipe.prompt) for recipe in recipes]
        negatives = [self._encode_negative(recipe.negative_prompt) for recipe in recipes]
        arguments: dict[str, Tensor | int] = dict(
            zip(self._names, map(torch.cat, zip(*rows, strict=True)), strict=True)
        )
        names = (f"negative_{name}" for name in self._names)
        return arguments | dict(zip(names, map(torch.cat, zip(*negatives, strict=True)), strict=True))

    def _encode_negative(self, text: str) -> "tuple[Tensor, ...]":
        encoded = self._encode(text)
        # SDXL puts zeros where no negative prompt is given (`force_zeros_for_empty_prompt`).
        is_zero = not text and self._pipeline.config.get("force_zeros_for_empty_prompt", False)
        return tuple(each.new_zeros(each.shape) for each in encoded) if is_zero else encoded

    def _encode(self, text: str) -> "tuple[Tensor, ...]":
        import torch

        if text not in self._known:
            with torch.no_grad():
                encoded = self._pipeline.encode_prompt(
                    prompt=text,
                    device=self._pipeline._execution_device,
                    num_images_per_prompt=1,
                    do_classifier_free_guidance=False,
                )
            self._known[text] = tuple(each for each in encoded if each is not None)
            if len(self._known) > MAX_PROMPTS:
                self._known.popitem(last=False)
        self._known.move_to_end(text)
        return self._known[text]


def sample_batch(
    pipeline: Any,
    recipes: Sequence[Recipe],
    on_step: OnStep,
    *,
    prompts: Prompts,
    plans: Plans,
    surroundings: str,
    announce: Callable[[], None],
    check_stop: Callable[[], None],
) -> list[Sample]:
    """Make several pictures in one call. The pipeline must hold the recipes' scheduler already.

    Args:
        recipes: such as `split_batches` puts together.
        prompts: of this pipeline.
        plans, surroundings, announce, check_stop: as for `seedlab.pipelines.exact.denoiser.batch_exactly`.

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
        batch_exactly(pipeline.unet, len(recipes), plans, surroundings, announce, check_stop),
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
