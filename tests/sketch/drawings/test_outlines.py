"""Outlines: curves, turned, mirrored and moved."""

from math import pi

import numpy as np
import pytest

from seedlab.sketch.drawings.outlines import (
    box,
    curve,
    ellipse,
    mirror,
    ring,
    sausage,
    shift,
    smooth,
    spin,
    trace,
)  # fmt: skip


def test_curves_go_through_their_points() -> None:
    points = trace("0 0, 1 0.5, 2 0")
    assert np.allclose(smooth(points)[::6], points)
    assert np.allclose(curve(points)[::5], points)


def test_points_are_traced_mirrored_and_shifted() -> None:
    points = trace("0.1 -0.5, 2 3")
    assert points == ((0.1, -0.5), (2.0, 3.0))
    assert mirror(points, -1) == [(-0.1, -0.5), (-2.0, 3.0)]
    assert shift(points, 1.0) == [(1.1, -0.5), (3.0, 3.0)]
    assert shift(points, 0.0, -1.0) == [(0.1, -1.5), (2.0, 2.0)]


def test_a_quarter_of_a_turn_brings_what_is_on_the_right_to_the_bottom() -> None:
    assert spin([(1.0, 0.0)], pi / 2) == [pytest.approx((0.0, 1.0))]


def test_points_turn_about_their_hinge() -> None:
    hinge, tip = (0.5, -0.2), (0.5, -1.2)
    turned = spin([hinge, tip], pi / 2, *hinge)
    assert turned == [pytest.approx(hinge), pytest.approx((1.5, -0.2))]


def test_an_ellipse_is_as_wide_and_tall_as_its_radii_say() -> None:
    points = ellipse(0.5, 0.25, 0.2, 0.1)
    assert points.min(0) == pytest.approx((0.3, 0.15), abs=0.002)
    assert points.max(0) == pytest.approx((0.7, 0.35), abs=0.002)
    upright = ellipse(0.5, 0.25, 0.2, 0.1, pi / 2)
    assert np.ptp(upright, axis=0) == pytest.approx((0.2, 0.4), abs=0.004)


def test_petals_stand_evenly_in_a_ring() -> None:
    petals = [*ring(4, 1.0, 2.0, 0.5, 0.25, 0.0)]
    assert [petal[:2] for petal in petals] == [
        pytest.approx(at) for at in ((1.5, 2.0), (1.0, 2.25), (0.5, 2.0), (1.0, 1.75))
    ]
    assert [petal[2] for petal in petals] == pytest.approx([0, pi / 2, pi, 3 * pi / 2])


def test_a_box_has_four_corners_in_order() -> None:
    assert box(0, 1, 2, 3).tolist() == [[0, 1], [2, 1], [2, 3], [0, 3]]


def test_a_sausage_keeps_its_radius_all_along_its_curve() -> None:
    spine = trace("0 0, 1 0.4, 2 0")
    around = curve(spine, 40)
    distances = np.linalg.norm(sausage(spine, 0.2)[:, None] - around[None], axis=2).min(1)
    assert distances == pytest.approx(np.full(len(distances), 0.2), abs=0.01)
