"""Recipes that start from a picture: diffusers' image-to-image pipeline, and what it starts from in its size."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps

from seedlab.core.errors import RecipeError
from seedlab.core.models.model_checks import NO_LATENTS
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.devices.library_warnings import collect_warnings


@dataclass(frozen=True, eq=False)
class Source:
    """What a recipe starts from: a picture of the user's own, or a finished earlier stage.

    Attributes:
        image: its pixels.
        latents: those that were decoded to it, (1, channels, height, width), on the CPU; None for the user's own.
    """

    image: Image.Image
    latents: Any = None

    @property
    def size(self) -> int:
        """How much memory it takes, in bytes."""
        pixels = self.image.width * self.image.height * len(self.image.getbands())
        return pixels + (0 if self.latents is None else self.latents.nbytes)

    def fit(self, recipe: Recipe) -> Any:
        """Return the picture or the latents that a recipe starts from, in its size."""
        if recipe.start is None or not recipe.start.resizes_latents:
            return resize(self.image, recipe)
        scale = self.image.height // self.latents.shape[-2]
        return resize_latents(self.latents, recipe.height // scale, recipe.width // scale)


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
    if recipe.start.resizes_latents:
        _check_latents(made)
    try:
        yield made
    finally:
        pipeline.maybe_free_model_hooks()  # those of model CPU offload belong to it alone


def _check_latents(pipeline: Any) -> None:
    """Refuse an autoencoder whose latents the pipeline would take for pixels, as Sketch's, which have 8 channels.

    Raises:
        RecipeError: it has other channels than the pipeline expects.
    """
    config = pipeline.vae.config
    channels = config.get("latent_channels", config.get("z_dim"))
    if channels != pipeline.image_processor.config.vae_latent_channels:
        raise RecipeError("start", f"This model {NO_LATENTS}.")


def resize(picture: Image.Image, recipe: Recipe) -> Image.Image:
    """Return the picture that a recipe starts from in the recipe's size; see `seedlab.core.recipes.start.Start`."""
    return ImageOps.fit(picture, (recipe.width, recipe.height), Image.Resampling.LANCZOS)


def resize_latents(latents: Any, height: int, width: int) -> Any:
    """Return latents in another size, of the same dtype, on the CPU. Another shape is cropped at its centre.

    Args:
        latents: (1, channels, rows, columns).
        height, width: in latents.
    """
    import torch

    rows, columns = latents.shape[-2:]
    high, wide = min(rows, max(1, columns * height // width)), min(columns, max(1, rows * width // height))
    top, left = (rows - high) // 2, (columns - wide) // 2
    cropped = latents[..., top : top + high, left : left + wide]
    if (high, wide) == (height, width):
        return cropped
    resized = torch.nn.functional.interpolate(cropped.float(), size=(height, width), mode="bicubic", antialias=True)
    return resized.to(latents.dtype)
