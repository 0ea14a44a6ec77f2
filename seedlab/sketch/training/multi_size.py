"""Continues the denoiser's training at several image sizes, so that Sketch also draws larger images.

A UNet runs at any size, but one that has seen a single size repeats or crops its subjects at others. The checkerboards
of `coupling.py` are made for each size: their squares stay as small, and there are more of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from diffusers import AutoencoderTiny, StableDiffusionPipeline
from torch import Tensor

from seedlab.sketch.models import build_scheduler
from seedlab.sketch.training import dataset, denoiser
from seedlab.sketch.training.autoencoder import Latents, encode_dataset
from seedlab.sketch.training.coupling import build_coupling
from seedlab.sketch.training.trainer import LossFunction


@dataclass(frozen=True)
class SizeConfig:
    """One image size in training.

    Args:
        image_size: The side length of the images, in pixels.
        image_count: The number of images. Their scenes are of a seed of their own: the size.
        batch_size: The number of images in a shard of a step.
        share: The relative number of steps with this size.
    """

    image_size: int
    image_count: int
    batch_size: int
    share: float


SIZES = (SizeConfig(256, 12_000, 24, 0.35), SizeConfig(384, 6_000, 12, 0.25), SizeConfig(512, 6_000, 8, 0.4))


def load_latents(folder: Path, autoencoder: AutoencoderTiny, size: SizeConfig) -> Latents:
    """Return the latents of a size. The first time, its images are drawn, encoded and deleted."""
    path = folder / f"latents-{size.image_size}-{size.image_count}.npy"
    if not path.exists():
        pictures, partial = folder / f"pictures-{size.image_size}.npy", folder / f"partial-{size.image_size}.npy"
        images = dataset.render_dataset(pictures, size.image_size, size.image_count, size.image_size)
        encode_dataset(autoencoder, images, partial, batch_size=max(1, 16 * 256**2 // size.image_size**2))
        partial.rename(path)
        pictures.unlink()
    latents: Latents = np.load(path)
    return latents


def make_loss(
    model: denoiser.Denoiser, pipeline: StableDiffusionPipeline, folder: Path, sizes: Sequence[SizeConfig], seed: int
) -> LossFunction:
    """Return the loss: that of `denoiser.make_loss`, with one of the sizes at each step.

    Args:
        model: The pipeline's text encoder and UNet.
        pipeline: An earlier Sketch, whose tokenizer and autoencoder are kept.
        folder: The folder of the latents.
        sizes: The image sizes.
        seed: Decides the sizes of the steps.
    """
    losses = [_make_loss(model, pipeline, folder, size) for size in sizes]
    shares = [size.share for size in sizes]

    def loss_function(step: int, shard: int) -> Tensor:
        (loss,) = Random(f"size {seed} {step}").choices(losses, shares)
        return loss(step, shard)

    return loss_function


def _make_loss(
    model: denoiser.Denoiser, pipeline: StableDiffusionPipeline, folder: Path, size: SizeConfig
) -> LossFunction:
    latents = load_latents(folder, pipeline.vae, size)
    compositions = [dataset.make_scene(size.image_size, index).composition for index in range(len(latents))]
    return denoiser.make_loss(
        model,
        latents,
        pipeline.vae.config.scaling_factor,
        pipeline.tokenizer,
        build_scheduler(),
        build_coupling(compositions, *latents.shape[1:3]),
        size.image_size,
        size.batch_size,
    )
