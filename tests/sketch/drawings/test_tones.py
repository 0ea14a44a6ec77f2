"""What several modifiers do to light."""

import numpy as np
import pytest

from seedlab.sketch.drawings.tones import clip, corners, enrich, luminance, ramp, screen

GREY = np.full((4, 4, 3), 0.5, np.float32)


def test_a_ramp_rises_smoothly_between_its_ends_and_falls_when_they_are_swapped() -> None:
    values = np.array([0.0, 0.2, 0.3, 0.4, 1.0], np.float32)
    assert ramp(values, 0.2, 0.4) == pytest.approx([0, 0, 0.5, 1, 1], abs=1e-6)
    assert ramp(values, 0.4, 0.2) == pytest.approx([1, 1, 0.5, 0, 0], abs=1e-6)


def test_green_looks_lighter_than_red_and_red_than_blue() -> None:
    red, green, blue = luminance(np.eye(3, dtype=np.float32)[:, None])[:, 0, 0]
    assert green > red > blue
    assert luminance(GREY) == pytest.approx(np.full((4, 4, 1), 0.5))


def test_enriching_leaves_grey_and_strengthens_colour() -> None:
    assert enrich(GREY, 3.0) == pytest.approx(GREY)
    assert enrich(np.array([[[0.6, 0.3, 0.3]]], np.float32), 2.0)[0, 0] == pytest.approx((0.8, 0.2, 0.2))


def test_screened_light_brightens_and_never_passes_white() -> None:
    assert screen(GREY, GREY) == pytest.approx(np.full((4, 4, 3), 0.75))
    assert screen(GREY, np.ones_like(GREY)).max() == 1


def test_corners_are_far_from_the_middle() -> None:
    mask = corners(33)
    assert mask.shape == (33, 33, 1)
    assert mask[16, 16, 0] == 0
    assert mask[0, 0, 0] == mask[-1, -1, 0] > 0.9


def test_clipped_values_are_float32_between_0_and_1() -> None:
    clipped = clip(np.array([-1.0, 0.25, 7.0]))
    assert clipped.dtype == np.float32
    assert clipped.tolist() == [0, 0.25, 1]
