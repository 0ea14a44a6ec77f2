"""What follows the steps of a call: progress with previews, stopping, and giving way."""

import time
from collections.abc import Sequence
from typing import Any

from PIL.Image import Image

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Progress, Waiting
from seedlab.pipelines.batches.work import Turn
from seedlab.pipelines.loaded.cache import LoadedPipeline
from seedlab.pipelines.sampling.call import check_latents
from seedlab.pipelines.sampling.preview import unpack_latents
from seedlab.pipelines.sampling.steps import OnStep, Step

PREVIEW_SECONDS = 0.08
"""Previews are renewed this often at most. A GPU takes steps faster, and would wait for each preview."""


def follow_tiles(loaded: LoadedPipeline, recipe: Recipe, indices: Sequence[int], turn: Turn) -> OnStep:
    """Return what follows the steps of a call for tiles.

    Args:
        loaded: the pipeline that is called.
        recipe: of one of the tiles, which have the same size.
        indices: of the tiles, one for each image of the call; or of all tiles that share the steps of one image.
        turn: in which the call is made.
    """

    previews: list[Image | None] = []
    shown_at = -PREVIEW_SECONDS

    def on_step(step: Step) -> bool:
        nonlocal previews, shown_at
        turn.check_stop()
        check_latents(step.latents)
        if step.number == step.count or time.monotonic() - shown_at >= PREVIEW_SECONDS:
            previews, shown_at = _show_previews(loaded, step.clean, recipe), time.monotonic()
        # Pictures that share this step show the same.
        for index, preview in zip(indices, previews * (len(indices) // len(previews)), strict=True):
            turn.emit(Progress(index, step.number, step.count, preview))
        return step.number < step.count and turn.is_over()

    return on_step


def follow_stage(indices: Sequence[int], turn: Turn) -> OnStep:
    """Return what follows the steps of an earlier stage.

    Args:
        indices: of the tiles that wait for it.
        turn: in which the call is made.
    """

    def on_step(step: Step) -> bool:
        turn.check_stop()
        check_latents(step.latents)
        for index in indices:
            sentence = f"Making the picture that this one starts from: step {step.number} of {step.count}"
            turn.emit(Waiting(index, sentence))
        return step.number < step.count and turn.is_over()

    return on_step


def _show_previews(loaded: LoadedPipeline, clean: Any, recipe: Recipe) -> list[Image | None]:
    if loaded.preview is None:
        return [None] * len(clean)
    # Copied once, not for each image, because each copy waits for the GPU.
    clean = unpack_latents(loaded.pipeline, clean.detach().cpu(), recipe.height, recipe.width)
    return [loaded.preview.show(clean[index : index + 1]) for index in range(len(clean))]
