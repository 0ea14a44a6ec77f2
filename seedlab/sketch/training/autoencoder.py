"""Autoencoder training: crops, losses, and encoding the dataset into latents."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from seedlab.sketch.training.dataset import Images, make_scene
from seedlab.sketch.training.trainer import LossFunction, deterministic_torch, make_generator

Latents = NDArray[np.float16]
Reconstruct = Callable[[int, int], tuple[Tensor, Tensor, Tensor]]
"""Maps a step and a shard to the target images, their latents, and the reconstructions."""

FULL_IMAGE_INTERVAL = 5


def to_tensor(images: Images) -> Tensor:
    """Convert images (n, h, w, 3) in 0...255 to network input (n, 3, h, w) in -1...1."""
    return torch.from_numpy(np.array(images)).permute(0, 3, 1, 2).float() / 127.5 - 1


def make_loss(autoencoder: AutoencoderTiny, images: Images, seed: int, batch_size: int) -> LossFunction:
    """Return the loss for the whole autoencoder.

    It adds the reconstruction and edge losses to a penalty that keeps the latents near mean 0 and variance 1. A little
    noise is added to the latents before decoding.
    """
    reconstruct = make_reconstruct("autoencoder", autoencoder, images, seed, batch_size)

    def loss_function(step: int, shard: int) -> Tensor:
        target, latents, reconstructed = reconstruct(step, shard)
        return reconstruction_loss(reconstructed, target) + 0.02 * latent_statistics_loss(latents)

    return loss_function


def make_decoder_loss(autoencoder: AutoencoderTiny, images: Images, seed: int, batch_size: int) -> LossFunction:
    """Return the loss for training only the decoder. Freezes the encoder, so all latents stay valid."""
    autoencoder.encoder.requires_grad_(False)
    reconstruct = make_reconstruct("decoder", autoencoder, images, seed, batch_size)

    def loss_function(step: int, shard: int) -> Tensor:
        target, _, reconstructed = reconstruct(step, shard)
        return reconstruction_loss(reconstructed, target)

    return loss_function


def make_reconstruct(
    name: str, autoencoder: AutoencoderTiny, images: Images, seed: int, batch_size: int
) -> Reconstruct:
    """Return a function that samples the crops of a step, encodes them, and decodes the noisy latents.

    Most steps use crops of half the image size. Every `FULL_IMAGE_INTERVAL` steps, a quarter of the batch size is used
    with full images instead.
    """
    size = images.shape[1]

    def reconstruct(step: int, shard: int) -> tuple[Tensor, Tensor, Tensor]:
        generator = make_generator(seed, name, step, shard)
        is_full = step % FULL_IMAGE_INTERVAL == 0
        count, side = (batch_size // 4, size) if is_full else (batch_size, size // 2)
        target = sample_crops(images, seed, generator, count, side)
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            latents = autoencoder.encode(target).latents.float()
            noise = torch.randn(latents.shape, generator=generator)
            return target, latents, autoencoder.decode(latents + 0.06 * noise).sample.float()

    return reconstruct


def sample_crops(images: Images, seed: int, generator: torch.Generator, batch_size: int, side: int) -> Tensor:
    """Sample square crops (batch_size, 3, side, side) in -1...1.

    Every other crop is centred near the subject, which has most of the detail.
    """
    count, size = images.shape[:2]
    indices = torch.randint(count, (batch_size,), generator=generator).tolist()
    offsets = torch.rand((batch_size, 2), generator=generator).tolist()
    crops = np.empty((batch_size, side, side, 3), np.uint8)
    for row, (index, (x, y)) in enumerate(zip(indices, offsets, strict=True)):
        left, top = x * (size - side), y * (size - side)
        if row % 2 == 0:
            composition = make_scene(seed, index).composition
            left = (composition.x + 0.25 * (x - 0.5)) * size - side / 2
            top = (composition.y + 0.25 * (y - 0.5)) * size - side / 2
        left, top = (round(min(max(0.0, corner), size - side)) for corner in (left, top))
        crops[row] = images[index, top : top + side, left : left + side]
    return to_tensor(crops).contiguous(memory_format=torch.channels_last)


def reconstruction_loss(reconstructed: Tensor, target: Tensor) -> Tensor:
    """Return the L1 loss of the pixels plus that of their horizontal and vertical differences, which weighs edges."""
    loss = functional.l1_loss(reconstructed, target)
    for axis in (2, 3):
        loss = loss + functional.l1_loss(reconstructed.diff(dim=axis), target.diff(dim=axis))
    return loss


def latent_statistics_loss(latents: Tensor) -> Tensor:
    """Penalize channels that deviate from mean 0 and variance 1, which the denoiser expects."""
    mean, variance = latents.mean((0, 2, 3)), latents.var((0, 2, 3))
    return (mean.square() + (variance - 1).square()).mean()


def encode_dataset(autoencoder: AutoencoderTiny, images: Images, path: Path, batch_size: int = 16) -> Latents:
    """Encode all images and save the latents (count, channels, h, w) as a float16 .npy file.

    Small batches fit the CPU cache.
    """
    autoencoder.eval()

    def encode(start: int) -> Latents:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            batch = to_tensor(images[start : start + batch_size]).contiguous(memory_format=torch.channels_last)
            batch_latents: Latents = autoencoder.encode(batch).latents.half().numpy()
            return batch_latents

    with deterministic_torch(), ThreadPoolExecutor(2) as threads:
        latents = np.concatenate(list(threads.map(encode, range(0, len(images), batch_size))))
    np.save(path, latents)
    return latents
