"""Decoding in tiles: diffusers' VAE tiling, which takes less memory for large pictures, and changes some of their bits.

It is a part of the recipe. Pictures that are not larger than a tile have the same bits with it and without.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.patching import replace_attribute

PIXEL_BYTES = 3_100
"""What an `AutoencoderKL` of Stable Diffusion's width takes to decode a pixel in float32, in bytes: measured on a CPU
at 512 and 768 pixels a side. In bfloat16 it was 1,300 or less. In float16, SDXL decodes in float32."""


def measure_decoding(recipe: Recipe) -> int:
    """Return about how many bytes it takes to decode a recipe's picture as a whole."""
    return recipe.width * recipe.height * PIXEL_BYTES // (2 if recipe.dtype == "bfloat16" else 1)


@contextmanager
def tile_autoencoder(pipeline: Any, recipe: Recipe) -> Iterator[None]:
    """Let the calls inside the context encode and decode in tiles, if the recipe says so.

    Raises:
        RecipeError: the autoencoder has no tiles.
    """
    if not recipe.vae_tiling:
        yield
        return
    autoencoder = getattr(pipeline, "vae", None)
    # AutoencoderTiny takes little memory, and its tiles need latents of 4 channels.
    if not hasattr(autoencoder, "use_tiling") or type(autoencoder).__name__ == "AutoencoderTiny":
        raise RecipeError("vae_tiling", "This model cannot decode in tiles: decode the whole picture.")
    with replace_attribute(autoencoder, "use_tiling", True):  # as its `enable_tiling` does
        yield
