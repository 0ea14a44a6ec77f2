"""Recipes that start from a picture: diffusers' image-to-image pipeline, and the picture in the size that it takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image, ImageOps

from seedlab.core.recipe import Recipe
from seedlab.pipelines.devices.library_warnings import collect_warnings


@contextmanager
def choose_pipeline(pipeline: Any, recipe: Recipe) -> Iterator[Any]:
    """Yield the pipeline that makes a recipe's picture.

    For one that starts from a picture, this is the image-to-image pipeline with the same components, which takes no
    memory. What its call leaves behind is undone at the end of the context.

    Args:
        pipeline: that was loaded. It makes pictures from noise.
        recipe: of the picture.
    """
    if recipe.start is None:
        yield pipeline
        return
    with collect_warnings():  # of importing all of diffusers' image-to-image pipelines
        from diffusers import AutoPipelineForImage2Image

        made = AutoPipelineForImage2Image.from_pipe(pipeline)
    made.set_progress_bar_config(disable=True)
    try:
        yield made
    finally:
        pipeline.maybe_free_model_hooks()  # those of model CPU offload belong to it alone


def resize(picture: Image.Image, recipe: Recipe) -> Image.Image:
    """Return the picture that a recipe starts from in the recipe's size; see `seedlab.core.start.Start`."""
    return ImageOps.fit(picture, (recipe.width, recipe.height), Image.Resampling.LANCZOS)
