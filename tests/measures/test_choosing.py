"""The pictures that differ most."""

from itertools import combinations

import numpy as np
import pytest

from seedlab.measures.choosing import choose_different, find_smallest


def make_distances(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - points[None], axis=-1)


def test_one_of_each_cluster_is_chosen_and_stands_for_it() -> None:
    centres = np.array([[0, 0], [10, 0], [0, 10], [10, 10]])
    noise = np.random.default_rng(1).normal(scale=0.3, size=(32, 2))
    sizes = (5, 9, 8, 10)
    choice = choose_different(make_distances(np.repeat(centres, sizes, axis=0) + noise), 4)
    starts = (0, 5, 14, 22, 32)
    assert [np.searchsorted(starts, index, side="right") for index in choice.indices] == [1, 2, 3, 4]
    assert choice.counts == sizes


@pytest.mark.parametrize("draw", range(20))
def test_the_choice_is_nearly_the_best_and_always_the_same(draw: int) -> None:
    distances = make_distances(np.random.default_rng(draw).normal(size=(14, 6)))
    best = max(find_smallest(distances, each) for each in combinations(range(14), 4))
    choice = choose_different(distances, 4)
    assert choice.smallest == find_smallest(distances, choice.indices) >= 0.93 * best
    assert choice == choose_different(distances, 4)


def test_all_are_chosen_if_there_are_no_more() -> None:
    choice = choose_different(make_distances(np.arange(3.0)[:, None]), 4)
    assert choice.indices == (0, 1, 2)
    assert choice.counts == (1, 1, 1)


def test_equal_pictures_are_no_trouble() -> None:
    assert len(set(choose_different(np.zeros((8, 8)), 4).indices)) == 4
