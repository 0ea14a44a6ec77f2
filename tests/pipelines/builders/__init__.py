"""Builds and saves real diffusers pipelines at tiny sizes with seeded random weights, in the real layouts."""

from tests.pipelines.builders.diffusion_transformers import (
    build_flux,
    build_pixart,
    build_qwen_image,
    build_sana,
    build_stable_diffusion_3,
    build_z_image,
)
from tests.pipelines.builders.lora import build_lora
from tests.pipelines.builders.parts import make_autoencoder, make_deep_autoencoder, make_film_autoencoder
from tests.pipelines.builders.recipes import make_default_recipe, make_recipe
from tests.pipelines.builders.single_file import build_single_file, make_shapes, write_header
from tests.pipelines.builders.stable_diffusion import (
    build_latent_consistency,
    build_stable_diffusion,
    build_stable_diffusion_xl,
)
from tests.pipelines.builders.tokenizers import build_t5_tokenizer, build_tokenizer
from tests.pipelines.builders.unconditional import build_ddim, build_ddpm, flatten

__all__ = [
    "build_ddim",
    "build_ddpm",
    "build_flux",
    "build_latent_consistency",
    "build_lora",
    "build_pixart",
    "build_qwen_image",
    "build_sana",
    "build_single_file",
    "build_stable_diffusion",
    "build_stable_diffusion_3",
    "build_stable_diffusion_xl",
    "build_t5_tokenizer",
    "build_tokenizer",
    "build_z_image",
    "flatten",
    "make_autoencoder",
    "make_deep_autoencoder",
    "make_default_recipe",
    "make_film_autoencoder",
    "make_recipe",
    "make_shapes",
    "write_header",
]
