"""Noise in another size is white noise whose coarse parts are where they were."""

import numpy as np
import pytest
import torch

from seedlab.pipelines.sampling.noise_size import resize_noise, resize_rows

SIZES = [(8, 16), (8, 12), (12, 8), (7, 10), (16, 5), (1, 3), (3, 1)]


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def resize(noise: torch.Tensor, size: int, seed: int = 1) -> torch.Tensor:
    return resize_rows(noise, size, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("count", "size"), SIZES)
def test_it_is_white(count, size):
    """As many rows as make the covariances exact to 0.01, at five standard deviations."""
    rows = 250_000
    resized = resize(draw(rows, count), size)
    assert resized.shape == (rows, size)
    covariance = resized.T @ resized / rows
    torch.testing.assert_close(covariance, torch.eye(size, dtype=torch.float64), rtol=0, atol=0.015)
    assert float(resized.mean(0).abs().max()) < 0.01


def test_twice_the_size_keeps_the_sums_of_neighbours():
    noise = draw(1, 4, 6, 6)
    larger = resize_noise(noise, 12, 12, torch.Generator().manual_seed(1))
    sums = larger.unflatten(2, (6, 2)).unflatten(4, (6, 2)).sum((3, 5))
    torch.testing.assert_close(sums / 2, noise)


def test_half_the_size_is_the_sums_of_neighbours_and_draws_nothing_that_matters():
    noise = draw(3, 12)
    torch.testing.assert_close(resize(noise, 6, seed=1), noise.unflatten(1, (6, 2)).sum(2) / 2**0.5)
    torch.testing.assert_close(resize(noise, 6, seed=1), resize(noise, 6, seed=2))


def test_a_cell_that_is_cut_shares_its_value_by_length():
    """Half again as many cells: the first new one has two thirds of the first old one, and the second a third of two.

    On average over the noise that is drawn within.
    """
    noise = torch.tensor([[2.0, -1.0]], dtype=torch.float64)
    means = torch.stack([resize(noise, 3, seed) for seed in range(4000)]).mean(0)
    np.testing.assert_allclose(means, [[2 * (2 / 3) ** 0.5, 1 / 6**0.5, -1 * (2 / 3) ** 0.5]], atol=0.05)


def test_the_same_size_is_left_alone():
    noise, generator = draw(2, 4, 4), torch.Generator().manual_seed(3)
    assert torch.equal(resize_noise(noise, 4, 4, generator), noise)
    assert torch.equal(generator.get_state(), torch.Generator().manual_seed(3).get_state()), "nothing was drawn"
