"""How much of a picture's composition the seed decides: a two-way analysis of variance over seeds and prompts."""

import numpy as np
from numpy.typing import NDArray

from seedlab.core.models.seed_share import SeedShare
from seedlab.measures.features import Features, coarsen

NORMAL_95 = 1.96


def measure_seed_share(features: Features, source: str) -> SeedShare:
    """Measure the seed share of a model.

    The estimates are those of the random-effects analysis of variance with two crossed factors (Searle, Casella and
    McCulloch, "Variance Components", 1992, chapter 4), summed over all places of the picture. The interval is that of
    the jackknife over seeds and over prompts.

    Args:
        features: of a picture for each seed under each prompt, (seeds, prompts, 32, 32, 3); three or more of each.
        source: see `SeedShare`.
    """
    compositions = _read_compositions(features)
    share = _estimate(compositions)
    error = np.sqrt(sum(_jackknife(compositions, axis) for axis in (0, 1)))
    low, high = np.clip([share - NORMAL_95 * error, share + NORMAL_95 * error], 0, 1)
    return SeedShare(share=share, low=float(low), high=float(high), source=source)


def _read_compositions(features: Features) -> NDArray[np.float64]:
    """Return by how much each place is lighter or darker than the whole picture, (seeds, prompts, places)."""
    lightness = coarsen(features)[..., 0]
    places = lightness.reshape(*lightness.shape[:2], -1)
    return np.asarray(places - places.mean(axis=2, keepdims=True))


def _estimate(values: NDArray[np.float64]) -> float:
    """Return the share of the variance that does not go with the prompt alone, of values (seeds, prompts, places)."""
    seeds, prompts, _ = values.shape
    mean, by_seed, by_prompt = values.mean(axis=(0, 1)), values.mean(axis=1), values.mean(axis=0)
    rest = values - by_seed[:, None] - by_prompt[None] + mean
    mean_squares = np.array(
        [
            prompts * ((by_seed - mean) ** 2).sum() / (seeds - 1),
            seeds * ((by_prompt - mean) ** 2).sum() / (prompts - 1),
            (rest**2).sum() / ((seeds - 1) * (prompts - 1)),
        ]
    )
    of_rest = mean_squares[2]
    parts = np.maximum([(mean_squares[0] - of_rest) / prompts, (mean_squares[1] - of_rest) / seeds, of_rest], 0)
    # A model draws no other noise: what varies beyond seed and prompt varies with the two together.
    return float((parts[0] + parts[2]) / parts.sum()) if parts.sum() > 0 else 0.0


def _jackknife(values: NDArray[np.float64], axis: int) -> float:
    """Return the variance of the estimate that comes from the choice of seeds (axis 0) or prompts (axis 1)."""
    count = values.shape[axis]
    estimates = [_estimate(np.delete(values, index, axis=axis)) for index in range(count)]
    return float(np.var(estimates) * (count - 1))
