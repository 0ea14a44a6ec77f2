"""The autoencoder's training: what it is shown and what it is blamed for; and the latents of a whole corpus."""

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

from seedlab.sketch.corpus import Pictures, make_scene
from seedlab.sketch.training import LossAt, seed_step, settled_torch

Latents = NDArray[np.float16]
RoundTrip = Callable[[int, int], tuple[Tensor, Tensor, Tensor]]

WHOLE_EVERY = 5


def to_tensor(pictures: Pictures) -> Tensor:
    """Pictures (n, h, w, 3), 0...255, as the networks want them: (n, 3, h, w), -1...1."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def make_loss(autoencoder: AutoencoderTiny, pictures: Pictures, seed: int, batch: int) -> LossAt:
    """The loss of a step: reconstruction, edges, and latents of mean 0 and variance 1 that bear a little noise."""
    draw_again = make_round_trip("autoencoder", autoencoder, pictures, seed, batch)

    def loss_at(step: int, shard: int) -> Tensor:
        target, latents, drawn = draw_again(step, shard)
        return compare(drawn, target) + 0.02 * penalise_statistics(latents)

    return loss_at


def make_decoder_loss(autoencoder: AutoencoderTiny, pictures: Pictures, seed: int, batch: int) -> LossAt:
    """The loss of a step for the decoder alone: the encoder, and so every latent, stays as it is."""
    autoencoder.encoder.requires_grad_(False)
    draw_again = make_round_trip("decoder", autoencoder, pictures, seed, batch)

    def loss_at(step: int, shard: int) -> Tensor:
        target, _, drawn = draw_again(step, shard)
        return compare(drawn, target)

    return loss_at


def make_round_trip(name: str, autoencoder: AutoencoderTiny, pictures: Pictures, seed: int, batch: int) -> RoundTrip:
    """What a step shows to the autoencoder, the latents that it makes of it, and what it draws of these again."""
    size = pictures.shape[1]

    def draw_again(step: int, shard: int) -> tuple[Tensor, Tensor, Tensor]:
        generator = seed_step(seed, name, step, shard)
        whole = step % WHOLE_EVERY == 0
        target = sample_crops(pictures, seed, generator, batch // 4 if whole else batch, size if whole else size // 2)
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            latents = autoencoder.encode(target).latents.float()
            noise = torch.randn(latents.shape, generator=generator)
            return target, latents, autoencoder.decode(latents + 0.06 * noise).sample.float()

    return draw_again


def sample_crops(pictures: Pictures, seed: int, generator: torch.Generator, batch: int, side: int) -> Tensor:
    """Square crops (batch, 3, side, side); every other one looks at the subject, where the details are."""
    count, size = pictures.shape[:2]
    indices = torch.randint(count, (batch,), generator=generator).tolist()
    shifts = torch.rand((batch, 2), generator=generator).tolist()
    crops = np.empty((batch, side, side, 3), np.uint8)
    for row, (index, (x, y)) in enumerate(zip(indices, shifts, strict=True)):
        left, top = x * (size - side), y * (size - side)
        if row % 2 == 0:
            composition = make_scene(seed, index).composition
            left = (composition.x + 0.25 * (x - 0.5)) * size - side / 2
            top = (composition.y + 0.25 * (y - 0.5)) * size - side / 2
        left, top = (round(min(max(0.0, corner), size - side)) for corner in (left, top))
        crops[row] = pictures[index, top : top + side, left : left + side]
    return to_tensor(crops).contiguous(memory_format=torch.channels_last)


def compare(drawn: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of the pixels, and of their differences to the right and below: edges count twice."""
    loss = functional.l1_loss(drawn, target)
    for axis in (2, 3):
        loss = loss + functional.l1_loss(drawn.diff(dim=axis), target.diff(dim=axis))
    return loss


def penalise_statistics(latents: Tensor) -> Tensor:
    """How far each channel is from mean 0 and variance 1, which is what the denoiser expects."""
    mean, variance = latents.mean((0, 2, 3)), latents.var((0, 2, 3))
    return (mean.square() + (variance - 1).square()).mean()


def encode_corpus(autoencoder: AutoencoderTiny, pictures: Pictures, path: Path, batch: int = 16) -> Latents:
    """All latents (count, channels, h, w), float16, written to an .npy file; small batches stay in the cache."""
    autoencoder.eval()

    def encode(start: int) -> Latents:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            chunk = to_tensor(pictures[start : start + batch]).contiguous(memory_format=torch.channels_last)
            chunk_latents: Latents = autoencoder.encode(chunk).latents.half().numpy()
            return chunk_latents

    with settled_torch(), ThreadPoolExecutor(2) as threads:
        latents = np.concatenate(list(threads.map(encode, range(0, len(pictures), batch))))
    np.save(path, latents)
    return latents
