"""Ranks pictures by which of two people like better.

The ratings are openskill's Plackett-Luce model (Weng and Lin 2011, JMLR 12). Which two are compared next follows
successive halving (Karnin, Koren and Somekh 2013, ICML): all pictures are compared twice, then the better half of them
twice more, and so on.
"""

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from math import ceil
from typing import Any

EACH = 2
"""How often each picture is compared before half of them are left out."""

Outcome = tuple[int, int, int]
"""The indices of two pictures, and which is better: 1 for the first, 2 for the second, 0 for neither."""


@dataclass(frozen=True)
class Ranking:
    """What is known of an order.

    Attributes:
        order: the indices of all pictures, the best first.
        pair: the indices of the two to compare next; None when the order is settled.
        left: about how many comparisons are left.
    """

    order: tuple[int, ...]
    pair: tuple[int, int] | None
    left: int


def rank_pictures(count: int, outcomes: Sequence[Outcome]) -> Ranking:
    """Rank pictures.

    Args:
        count: of the pictures.
        outcomes: of the comparisons so far, in order.
    """
    ratings = _rate(count, outcomes)
    order = _sort(ratings, outcomes)
    compared = {frozenset(outcome[:2]) for outcome in outcomes}
    times = Counter(index for outcome in outcomes for index in outcome[:2])
    left = 0
    pair: tuple[int, int] | None = None
    for rivals, target in _list_stages(order):
        left += ceil(sum(max(0, target - max(times[index], target - EACH)) for index in rivals) / 2)
        pair = pair or _choose_pair(rivals, target, times, compared, ratings)
    return Ranking(order, _place(pair, times), max(left, 1) if pair else 0)


def _sort(ratings: Sequence[float], outcomes: Sequence[Outcome]) -> tuple[int, ...]:
    """Sort by ratings. Of two neighbours that were compared, the better one goes first."""
    beaten = {(first, second) if better == 1 else (second, first) for first, second, better in outcomes if better}
    order = sorted(range(len(ratings)), key=lambda index: (-ratings[index], index))
    for place in reversed(range(len(order) - 1)):
        first, second = order[place : place + 2]
        if (second, first) in beaten and (first, second) not in beaten:
            order[place : place + 2] = [second, first]
    return tuple(order)


def _rate(count: int, outcomes: Sequence[Outcome]) -> list[float]:
    from openskill.models import PlackettLuce

    model = PlackettLuce()
    ratings: list[Any] = [model.rating() for _ in range(count)]
    for first, second, better in outcomes:
        ranks = {1: [1.0, 2.0], 2: [2.0, 1.0], 0: [1.0, 1.0]}[better]
        [[ratings[first]], [ratings[second]]] = model.rate([[ratings[first]], [ratings[second]]], ranks=ranks)
    return [float(rating.mu) for rating in ratings]


def _list_stages(order: Sequence[int]) -> Iterator[tuple[Sequence[int], int]]:
    """Yield the pictures that are compared in each stage, and how often each of them is compared by its end."""
    size, target = len(order), EACH
    while size > 1:
        yield order[:size], target
        size, target = (ceil(size / 2), target + EACH) if size > 2 else (0, 0)


def _choose_pair(
    rivals: Sequence[int],
    target: int,
    times: Counter[int],
    compared: Set[frozenset[int]],
    ratings: Sequence[float],
) -> tuple[int, int] | None:
    """Return two to compare: one that was compared least, and its nearest rival that it was not compared with."""
    for index in sorted(rivals, key=lambda each: (times[each], -ratings[each], each)):
        if times[index] >= target:
            return None
        others = [each for each in rivals if each != index and frozenset((index, each)) not in compared]
        if others:
            return index, min(others, key=lambda each: (abs(ratings[each] - ratings[index]), times[each], each))
    return None


def _place(pair: tuple[int, int] | None, times: Counter[int]) -> tuple[int, int] | None:
    """Return the pair so that the picture that was compared more often is not always on the same side."""
    if pair is None or sum(times[index] for index in pair) % 2 == 0:
        return pair
    return pair[1], pair[0]
