"""Noise coupling: pairs training noise with compositions, so that the seed alone decides the composition.

A flow can be trained on any pairing of noise and data, as long as the marginal distribution of the noise stays normal
(stochastic interpolants with data-dependent couplings, Albergo et al. 2023, arXiv 2310.03725, section 3). With
independent noise, the seed decides little: the prompt also influences the layout, and another suffix moves things.
Here, each value of a composition has its own direction in noise space. An image is only paired with noise whose
component along that direction matches the rank of the value among all images. Samplers still start from plain normal
noise.

A direction is a checkerboard in one channel of the latents. Images contain next to nothing of this pattern, so it stays
readable until late in the denoising process, and a convolution finds it anywhere.

This holds for deterministic samplers. Ancestral and other stochastic samplers also add fresh noise along these
directions, which encodes a different composition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from seedlab.sketch.scene import PROPS, Composition


@dataclass(frozen=True)
class Coupling:
    """The images' scores (n, 17) along orthonormal directions (17, channels * h * w) of the noise."""

    scores: Tensor
    directions: Tensor

    def pair(self, noise: Tensor, indices: Sequence[int]) -> Tensor:
        """Set the components of noise (k, channels, h, w) along the directions to the scores of k images."""
        flat = noise.flatten(1)
        coupled: Tensor = flat + (self.scores[indices] - flat @ self.directions.T) @ self.directions
        return coupled.view_as(noise)


def build_coupling(compositions: Sequence[Composition], channels: int, size: int) -> Coupling:
    """Build the coupling between the images' compositions and noise (channels, size, size)."""
    scores = normal_scores(compositions)
    return Coupling(scores, make_directions(scores.shape[1], channels, size))


def normal_scores(compositions: Sequence[Composition]) -> Tensor:
    """Return the normal scores (n, 17) of the compositions: the normal quantile of each value's rank.

    Ties, such as those of `light` and `prop`, are broken at random.
    """
    values = np.array([[_to_number(value) for value in astuple(composition)] for composition in compositions])
    values += 1e-9 * np.random.default_rng(0).random(values.shape)
    ranks = values.argsort(0).argsort(0)
    scores: Tensor = torch.special.ndtri(torch.from_numpy((ranks + 0.5) / len(values)))
    return scores.float()


def _to_number(value: float | str | None) -> float:
    if value is None or isinstance(value, str):
        return (None, *PROPS).index(value)
    return value


def make_directions(count: int, channels: int, size: int) -> Tensor:
    """Return orthonormal directions (count, channels * size * size): checkerboards in each channel, finest first.

    Cells are 2**k high and 2**l wide. `size` must be a multiple of twice the sides of the largest cells that are used:
    of 4 for 17 directions in 8 channels.
    """
    exponents = range(size.bit_length())
    boards = sorted(product(exponents, exponents), key=sum)
    directions = torch.zeros(count, channels, size, size)
    for number in range(count):
        board, channel = divmod(number, channels)
        rows, columns = (1.0 - 2.0 * (torch.arange(size) // 2**exponent % 2) for exponent in boards[board])
        directions[number, channel] = rows[:, None] * columns
    return functional.normalize(directions.flatten(1))
