"""Pictures are ranked by which of two is better."""

import random
from itertools import combinations

import pytest

from seedlab.workflow.gallery.pairs import rank_pictures


def compare(count, better):
    """Compare until the order is settled. Returns the ranking and the comparisons."""
    outcomes = []
    while (ranking := rank_pictures(count, outcomes)).pair is not None:
        first, second = ranking.pair
        assert ranking.left > 0
        outcomes.append((first, second, better(first, second)))
    return ranking, outcomes


def prefer_greater(first, second):
    return 1 if first > second else 2


def test_before_any_comparison_the_order_is_that_of_the_round():
    ranking = rank_pictures(4, [])
    assert (ranking.order, ranking.pair) == ((0, 1, 2, 3), (0, 1))


@pytest.mark.parametrize("count", [2, 3, 4, 7, 16])
def test_a_clear_taste_is_found(count):
    ranking, outcomes = compare(count, prefer_greater)
    assert ranking.order[0] == count - 1
    assert len({frozenset(each[:2]) for each in outcomes}) == len(outcomes), "no two are compared twice"
    assert len(outcomes) <= min(len(list(combinations(range(count), 2))), 3 * count)
    assert ranking.left == 0


def test_most_of_the_best_of_64_are_found_although_some_answers_are_wrong():
    chance = random.Random(0)
    found = 0
    for _ in range(3):
        ranking, outcomes = compare(64, lambda a, b: 1 if a + chance.gauss(0, 6) > b + chance.gauss(0, 6) else 2)
        found += len(set(ranking.order[:8]) & set(range(48, 64)))
        assert len(outcomes) < 64 * 3
    assert found >= 15, "of 24; by chance it would be 6"


def test_equal_pictures_keep_their_order_and_better_ones_go_before_them():
    assert rank_pictures(3, [(0, 1, 0), (1, 2, 0)]).order == (0, 1, 2)
    assert rank_pictures(3, [(0, 2, 2)]).order == (2, 1, 0)


def test_the_first_of_a_pair_may_be_the_worse_one():
    assert rank_pictures(2, [(1, 0, 1)]).order == (1, 0)
    assert rank_pictures(2, [(1, 0, 2)]).order == (0, 1)
