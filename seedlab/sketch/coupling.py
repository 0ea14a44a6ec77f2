"""Which noise leads to which composition: the seed decides where things are, whatever the words say.

A flow may be learned from any pairing of noise and pictures, as long as the noise as a whole stays normal (stochastic
interpolants with a coupling, Albergo et al. 2023, arXiv 2310.03725, section 3). Paired by chance, noise decides little
by itself: the words have their say in where things go, and another suffix moves them. Here each number of a
composition owns one direction of the noise, and drawings are only ever paired with noise that lies along it as far as
the number lies in its range. What samplers start from is plain normal noise, as ever.

That holds for deterministic samplers. Ancestral ones and others that add fresh noise on the way add it along those
directions too, where it speaks of another composition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from seedlab.sketch.autoencoder import Latents
from seedlab.sketch.scene import PROPS, Composition

BLOCKS = 4
"""Directions are this coarse, BLOCKS x BLOCKS fields a channel, so that the denoiser's lowest level can read them."""


@dataclass(frozen=True)
class Coupling:
    """The drawings' scores (n, 17) along orthonormal directions (17, channels * h * w) of the noise."""

    scores: Tensor
    directions: Tensor

    def pair(self, noise: Tensor, indices: Sequence[int]) -> Tensor:
        """Noise (k, channels, h, w) that lies along each direction as k drawings' scores say; else unchanged."""
        flat = noise.flatten(1)
        coupled: Tensor = flat + (self.scores[indices] - flat @ self.directions.T) @ self.directions
        return coupled.view_as(noise)


def couple(latents: Latents, compositions: Sequence[Composition]) -> Coupling:
    """The coupling of drawings' latents (n, channels, h, w) and their compositions."""
    scores = score_compositions(compositions)
    return Coupling(scores, find_directions(latents, scores))


def score_compositions(compositions: Sequence[Composition]) -> Tensor:
    """Compositions' numbers as normal scores (n, 17): each one's rank among all, where it would lie in normal noise.

    Among equal values, of the light or the prop, chance decides.
    """
    values = np.array([[_number(value) for value in astuple(composition)] for composition in compositions])
    values += 1e-9 * np.random.default_rng(0).random(values.shape)
    ranks = values.argsort(0).argsort(0)
    scores: Tensor = torch.special.ndtri(torch.from_numpy((ranks + 0.5) / len(values)))
    return scores.float()


def _number(value: float | str | None) -> float:
    if value is None or isinstance(value, str):
        return (None, *PROPS).index(value)
    return value


def find_directions(latents: Latents, scores: Tensor) -> Tensor:
    """Orthonormal directions (17, channels * h * w), one for each number of a composition, with scores (n, 17).

    Each leans the way that pictures with more of that number lean, as far as coarse fields can tell, so that a
    picture lies close to its noise; the first numbers choose first. Sides are multiples of `BLOCKS`, there are at least
    two channels, and drawings enough, some dozens, to tell the numbers apart.
    """
    count, channels, height, width = latents.shape
    pooled = np.concatenate([_pool(latents[start : start + 512]) for start in range(0, count, 512)])
    leanings = scores.double().T @ torch.from_numpy(pooled - pooled.mean(0))
    basis, triangle = torch.linalg.qr(leanings.T)
    towards = torch.where(triangle.diagonal() < 0, -1.0, 1.0)
    directions = (basis * towards).T.reshape(-1, channels, BLOCKS, BLOCKS)
    full = functional.interpolate(directions, size=(height, width), mode="nearest").flatten(1)
    return functional.normalize(full).float()


def _pool(latents: Latents) -> NDArray[np.float64]:
    count, channels, height, width = latents.shape
    blocks = latents.reshape(count, channels, BLOCKS, height // BLOCKS, BLOCKS, width // BLOCKS)
    means: NDArray[np.float64] = blocks.mean((3, 5), dtype=np.float64)
    return means.reshape(count, -1)
