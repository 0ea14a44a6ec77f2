"""Curves and transformations of points."""

from math import pi

import numpy as np
import pytest

from seedlab.sketch.drawings.geometry import (
    closed_curve,
    ellipse,
    mirror,
    open_curve,
    parse_points,
    points_on_ellipse,
    rectangle,
    rotate,
    thick_curve,
    translate,
)  # fmt: skip


def test_curves_pass_through_their_points() -> None:
    points = parse_points("0 0, 1 0.5, 2 0")
    assert np.allclose(closed_curve(points)[::6], points)
    assert np.allclose(open_curve(points)[::5], points)


def test_points_are_parsed_mirrored_and_translated() -> None:
    points = parse_points("0.1 -0.5, 2 3")
    assert points == ((0.1, -0.5), (2.0, 3.0))
    assert mirror(points, -1) == [(-0.1, -0.5), (-2.0, 3.0)]
    assert translate(points, 1.0) == [(1.1, -0.5), (3.0, 3.0)]
    assert translate(points, 0.0, -1.0) == [(0.1, -1.5), (2.0, 2.0)]


def test_rotation_is_clockwise() -> None:
    assert rotate([(1.0, 0.0)], pi / 2) == [pytest.approx((0.0, 1.0))]


def test_rotation_is_around_the_given_centre() -> None:
    centre, tip = (0.5, -0.2), (0.5, -1.2)
    turned = rotate([centre, tip], pi / 2, *centre)
    assert turned == [pytest.approx(centre), pytest.approx((1.5, -0.2))]


def test_ellipse_has_the_given_radii() -> None:
    points = ellipse(0.5, 0.25, 0.2, 0.1)
    assert points.min(0) == pytest.approx((0.3, 0.15), abs=0.002)
    assert points.max(0) == pytest.approx((0.7, 0.35), abs=0.002)
    upright = ellipse(0.5, 0.25, 0.2, 0.1, pi / 2)
    assert np.ptp(upright, axis=0) == pytest.approx((0.2, 0.4), abs=0.004)


def test_points_on_an_ellipse_are_evenly_spaced() -> None:
    points = [*points_on_ellipse(4, 1.0, 2.0, 0.5, 0.25, 0.0)]
    assert [point[:2] for point in points] == [
        pytest.approx(at) for at in ((1.5, 2.0), (1.0, 2.25), (0.5, 2.0), (1.0, 1.75))
    ]
    assert [point[2] for point in points] == pytest.approx([0, pi / 2, pi, 3 * pi / 2])


def test_rectangle_has_four_corners_in_order() -> None:
    assert rectangle(0, 1, 2, 3).tolist() == [[0, 1], [2, 1], [2, 3], [0, 3]]


def test_thick_curve_has_a_constant_radius() -> None:
    spine = parse_points("0 0, 1 0.4, 2 0")
    around = open_curve(spine, 40)
    distances = np.linalg.norm(thick_curve(spine, 0.2)[:, None] - around[None], axis=2).min(1)
    assert distances == pytest.approx(np.full(len(distances), 0.2), abs=0.01)
