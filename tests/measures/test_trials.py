"""Two wordings on trial."""

import numpy as np
import pytest

from seedlab.measures.trials import compare_wordings

PICTURES = np.random.default_rng(3).normal(scale=20, size=(8, 32, 32, 3))


def test_the_same_pictures_give_exactly_zero() -> None:
    trial = compare_wordings(PICTURES, PICTURES.copy())
    assert (trial.change, trial.low, trial.high) == (0, 0, 0)
    assert trial.is_equal
    assert not trial.is_noticeable
    assert not trial.places.any()


def test_pictures_of_other_seeds_change_as_much_as_other_seeds_do() -> None:
    trial = compare_wordings(PICTURES, np.roll(PICTURES, 1, axis=0))
    assert trial.low <= trial.change <= trial.high
    assert trial.change == pytest.approx(1, abs=0.02)
    assert trial.is_noticeable


def test_the_map_says_where_the_pictures_change() -> None:
    changed = PICTURES.copy()
    changed[:, :10, 22:] += 40
    trial = compare_wordings(PICTURES, changed)
    assert trial.describe_place() == "at the top right"
    drawn = np.asarray(trial.draw_map())
    assert drawn.shape == (256, 256)
    assert drawn[20, 235] == 255
    assert drawn[200, 20] == 0


def test_an_even_change_is_everywhere() -> None:
    assert compare_wordings(PICTURES, PICTURES + 5).describe_place() == "everywhere"


def test_a_change_of_single_pictures_is_not_certain() -> None:
    changed = PICTURES.copy()
    changed[0] += 60
    trial = compare_wordings(PICTURES, changed)
    assert trial.change > 1 / 6
    assert trial.low == 0
    assert not trial.is_noticeable
