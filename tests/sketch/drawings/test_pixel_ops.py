"""Tone adjustments."""

import numpy as np
import pytest

from seedlab.sketch.drawings.pixel_ops import clip, corners, luminance, ramp, scale_saturation, screen

GREY = np.full((4, 4, 3), 0.5, np.float32)


def test_ramp_is_smooth_and_falls_with_swapped_ends() -> None:
    values = np.array([0.0, 0.2, 0.3, 0.4, 1.0], np.float32)
    assert ramp(values, 0.2, 0.4) == pytest.approx([0, 0, 0.5, 1, 1], abs=1e-6)
    assert ramp(values, 0.4, 0.2) == pytest.approx([1, 1, 0.5, 0, 0], abs=1e-6)


def test_luminance_weighs_green_over_red_over_blue() -> None:
    red, green, blue = luminance(np.eye(3, dtype=np.float32)[:, None])[:, 0, 0]
    assert green > red > blue
    assert luminance(GREY) == pytest.approx(np.full((4, 4, 1), 0.5))


def test_saturation_scales_colours_but_keeps_grey() -> None:
    assert scale_saturation(GREY, 3.0) == pytest.approx(GREY)
    assert scale_saturation(np.array([[[0.6, 0.3, 0.3]]], np.float32), 2.0)[0, 0] == pytest.approx((0.8, 0.2, 0.2))


def test_screen_brightens_up_to_white() -> None:
    assert screen(GREY, GREY) == pytest.approx(np.full((4, 4, 3), 0.75))
    assert screen(GREY, np.ones_like(GREY)).max() == 1


def test_corners_mask_is_0_in_the_centre_and_near_1_in_the_corners() -> None:
    mask = corners(33)
    assert mask.shape == (33, 33, 1)
    assert mask[16, 16, 0] == 0
    assert mask[0, 0, 0] == mask[-1, -1, 0] > 0.9


def test_clip_gives_float32_between_0_and_1() -> None:
    clipped = clip(np.array([-1.0, 0.25, 7.0]))
    assert clipped.dtype == np.float32
    assert clipped.tolist() == [0, 0.25, 1]
