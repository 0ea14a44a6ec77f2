"""Two wordings on trial: how much other words change the pictures of the same seeds, where, and how sure that is."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seedlab.measures.features import Features, measure_changes, measure_distances

RESAMPLES = 2_000
INTERVAL = (2.5, 97.5)
"""Percentiles of the 95 % confidence interval."""

NOTICEABLE = 1 / 6
"""A change counts if it is certainly larger than this, in the unit of `Trial.change`.

Any two texts give other numbers, so an interval alone would call every word effective. Sketch's twelve suffixes change
more, and most words that it does not know change less (`python -m tests.benchmarks.measures`, and its model card).
"""

EVEN = 1.25
"""A ninth of the picture that changes less than this, relative to the mean, does not stand out."""

MAP_SIDE = 256

EVERYWHERE = "everywhere"

ROWS, COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """The pictures of two wordings, compared seed by seed.

    Attributes:
        change: the mean change between twins, as a fraction of the mean difference between two seeds: at 1, the other
            words change a picture as much as another seed does.
        low, high: the bounds of its 95 % confidence interval.
        places: the mean change at each place, (32, 32), in the same unit.
        seeds: how many there are.
    """

    change: float
    low: float
    high: float
    places: NDArray[np.float64]
    seeds: int

    @property
    def is_noticeable(self) -> bool:
        """Whether the words certainly make a difference that one sees."""
        return self.low > NOTICEABLE

    @property
    def is_equal(self) -> bool:
        """Whether all twins are equal."""
        return self.high == 0

    def draw_map(self) -> Image.Image:
        """Return a grey picture of 256x256 pixels: white where the pictures change most, black where they do not."""
        scaled = self.places / (self.places.max() or 1.0) * 255
        small = Image.fromarray(scaled.round().astype(np.uint8))
        return small.resize((MAP_SIDE, MAP_SIDE), Image.Resampling.BICUBIC)

    def describe_place(self) -> str:
        """Return where the pictures change most: "at the top left", or "everywhere"."""
        side = len(self.places)
        edges = [side * index // 3 for index in range(4)]
        ninths = np.array(
            [
                [self.places[top:bottom, left:right].mean() for left, right in pairwise(edges)]
                for top, bottom in pairwise(edges)
            ]
        )
        row, column = np.unravel_index(np.argmax(ninths), ninths.shape)
        if ninths[row, column] <= EVEN * ninths.mean():
            return EVERYWHERE
        return "in the middle" if row == column == 1 else f"at the {ROWS[row]} {COLUMNS[column]}"


def compare_wordings(ours: Features, theirs: Features) -> Trial:
    """Compare the pictures of two wordings.

    The interval is that of a paired bootstrap over the seeds (Efron and Tibshirani 1993, chapter 13); it draws with a
    generator of its own, so the same pictures give the same interval.

    Args:
        ours, theirs: the features of the same seeds under each wording, (seeds, 32, 32, 3); two or more seeds.
    """
    seeds = len(ours)
    unit = measure_distances(ours).sum() / (seeds * (seeds - 1))
    changes = measure_changes(ours, theirs) / (unit or 1.0)
    by_seed = changes.mean(axis=(1, 2))
    drawn = np.random.default_rng(0).integers(seeds, size=(RESAMPLES, seeds))
    low, high = np.percentile(by_seed[drawn].mean(axis=1), INTERVAL)
    return Trial(
        change=float(by_seed.mean()), low=float(low), high=float(high), places=changes.mean(axis=0), seeds=seeds
    )
