"""Chooses the pictures that differ most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seedlab.measures.features import Distances


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Some pictures out of many.

    Attributes:
        indices: of the chosen pictures, ascending.
        counts: for each, how many of all pictures it is nearest to, itself included.
        smallest: the smallest distance between two chosen pictures.
    """

    indices: tuple[int, ...]
    counts: tuple[int, ...]
    smallest: float


def choose_different(distances: Distances, count: int) -> Choice:
    """Choose pictures whose smallest distance to each other is large. The same distances give the same choice.

    The greedy choice of centres (Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985): one
    picture, then again and again the one that is farthest from all chosen ones. The best of the choices that begin
    with each picture is taken, and single pictures are exchanged while that helps.

    Args:
        distances: of each picture to each other one, (pictures, pictures), symmetric.
        count: how many to choose, two or more; all are chosen if there are no more.
    """
    total = len(distances)
    starts = range(total if count < total else 1)
    choices = [_choose_greedily(distances, start, min(count, total)) for start in starts]
    chosen = max(choices, key=lambda each: find_smallest(distances, each))
    while (better := _exchange(chosen, distances)) is not None:
        chosen = better
    chosen.sort()
    nearest = np.argmin(distances[:, chosen], axis=1)
    counts = tuple(int(each) for each in np.bincount(nearest, minlength=len(chosen)))
    return Choice(indices=tuple(chosen), counts=counts, smallest=find_smallest(distances, chosen))


def find_smallest(distances: Distances, chosen: Sequence[int]) -> float:
    """Return the smallest distance between two of the chosen pictures; infinity for one picture."""
    own = distances[np.ix_(chosen, chosen)]
    return float(np.min(own + np.diag(np.full(len(chosen), np.inf))))


def _choose_greedily(distances: Distances, start: int, count: int) -> list[int]:
    chosen = [start]
    while len(chosen) < count:
        to_nearest = distances[:, chosen].min(axis=1)
        to_nearest[chosen] = -1
        chosen.append(int(np.argmax(to_nearest)))
    return chosen


def _exchange(chosen: Sequence[int], distances: Distances) -> list[int] | None:
    """Return the choice with one picture exchanged, if its smallest distance becomes larger; None otherwise."""
    best, found = find_smallest(distances, chosen), None
    for place in range(len(chosen)):
        others = [each for index, each in enumerate(chosen) if index != place]
        for candidate in sorted(set(range(len(distances))) - set(chosen)):
            if (smallest := find_smallest(distances, [*others, candidate])) > best:
                best, found = smallest, [*others, candidate]
    return found
