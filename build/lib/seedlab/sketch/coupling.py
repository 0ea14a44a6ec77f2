"""Which noise leads to which composition: the seed decides where things are, whatever the words say.

A flow may be learned from any pairing of noise and pictures, as long as the noise as a whole stays normal (stochastic
interpolants with a coupling, Albergo et al. 2023, arXiv 2310.03725, section 3). Paired by chance, noise decides little
by itself: the words have their say in where things go, and another suffix moves them. Here each number of a
composition owns one direction of the noise, and drawings are only ever paired with noise that lies along it as far as
the number lies in its range. What samplers start from is plain normal noise, as ever.

A direction is a checkerboard in one channel of the latents: drawings have next to nothing of it, so that it can be read
long after shapes have begun to cover the noise, and a convolution finds it wherever it looks.

That holds for deterministic samplers. Ancestral ones and others that add fresh noise on the way add it along those
directions too, where it speaks of another composition.
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
    """The drawings' scores (n, 17) along orthonormal directions (17, channels * h * w) of the noise."""

    scores: Tensor
    directions: Tensor

    def pair(self, noise: Tensor, indices: Sequence[int]) -> Tensor:
        """Noise (k, channels, h, w) that lies along each direction as k drawings' scores say; else unchanged."""
        flat = noise.flatten(1)
        coupled: Tensor = flat + (self.scores[indices] - flat @ self.directions.T) @ self.directions
        return coupled.view_as(noise)


def couple(compositions: Sequence[Composition], channels: int, size: int) -> Coupling:
    """The coupling of drawings' compositions and noise (channels, size, size)."""
    scores = score_compositions(compositions)
    return Coupling(scores, make_directions(scores.shape[1], channels, size))


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


def make_directions(count: int, channels: int, size: int) -> Tensor:
    """Orthonormal directions (count, channels * size * size): checkerboards in each channel, the finest ones first.

    A board's cells are 2**k high and 2**l wide; `size` is a power of two, and there are boards enough.
    """
    widths = range(size.bit_length())
    boards = sorted(product(widths, widths), key=sum)
    directions = torch.zeros(count, channels, size, size)
    for number in range(count):
        board, channel = divmod(number, channels)
        rows, columns = (1.0 - 2.0 * (torch.arange(size) // 2**width % 2) for width in boards[board])
        directions[number, channel] = rows[:, None] * columns
    return functional.normalize(directions.flatten(1))
