"""Drawing in subject coordinates."""

from dataclasses import replace
from math import pi

import numpy as np
import pytest

from seedlab.sketch.drawings.canvas import Canvas, Shading
from seedlab.sketch.drawings.geometry import Array, rectangle
from seedlab.sketch.drawings.palette import make_palette
from seedlab.sketch.drawings.pen import Pen
from seedlab.sketch.scene import Composition

RED, BLUE, BLACK, WHITE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
SQUARE = rectangle(-0.5, -0.5, 0.5, 0.5)


def make_pen(*, ink: bool = False, volume: float = 1.0, **composition: float) -> Pen:
    canvas = Canvas(40)
    canvas.pixels[:] = 0.5
    return Pen(
        canvas,
        Composition(**{"x": 0.5, "y": 0.5, "size": 0.5, "tilt": 0.0} | composition),
        make_palette("808080", "808080", "808080", "808080", "808080"),
        Shading(WHITE, BLACK, (-0.8, -0.6), volume),
        ink=BLACK if ink else None,
        ink_width=0.025,
    )


def where(pen: Pen, colour: tuple[float, float, float]) -> Array:
    return np.all(np.abs(pen.canvas.pixels - colour) < 0.02, axis=2)


def test_subject_coordinates_follow_the_composition() -> None:
    pen = make_pen(x=0.3, y=0.6, size=0.2)
    assert pen.to_image(np.array([(0, 0), (1, 0), (0, 1)], np.float32)) == pytest.approx(
        np.array([(0.3, 0.6), (0.5, 0.6), (0.3, 0.8)])
    )


def test_upright_subjects_tilt_a_quarter_as_far() -> None:
    top = np.array([(0, -1)], np.float32)
    leaning = make_pen(x=0, y=0, size=1, tilt=pi / 3)
    upright = replace(leaning, upright=True)
    assert leaning.to_image(top)[0] == pytest.approx((np.sin(pi / 3), -np.cos(pi / 3)))
    assert upright.to_image(top)[0] == pytest.approx((np.sin(pi / 12), -np.cos(pi / 12)))


def test_facing_is_the_sign_of_the_turn() -> None:
    assert make_pen(turn=0.3).facing == 1
    assert make_pen(turn=-0.3).facing == -1


def test_mirrored_shapes_are_on_the_other_side() -> None:
    corner = [(0.2, -0.5), (0.8, -0.5), (0.8, 0.5)]
    right, left = make_pen(), make_pen()
    right.polygon(RED, corner)
    left.polygon(RED, corner, -1)
    assert right.canvas.subject[:, 20:].sum() == right.canvas.subject.sum() > 0
    assert left.canvas.subject == pytest.approx(right.canvas.subject[:, ::-1], abs=0.3)


def test_everything_drawn_counts_as_subject() -> None:
    for draw in (
        lambda pen: pen.blob(RED, [(-0.5, 0), (0.5, -0.5), (0.5, 0.5)]),
        lambda pen: pen.oval(RED, 0, 0, 0.5, 0.3, plain=True),
        lambda pen: pen.line(RED, [(-0.5, 0), (0.5, 0)], 0.2),
        lambda pen: pen.patch(RED, SQUARE, SQUARE),
        lambda pen: pen.cluster(RED, [(0, 0, 0.4)], 0.1),
    ):
        pen = make_pen()
        draw(pen)
        assert pen.canvas.subject[20, 20] == 1
        assert np.array_equal(pen.canvas.subject > 0, np.any(pen.canvas.pixels != 0.5, axis=2))


def test_only_shapes_that_are_not_plain_have_outlines() -> None:
    inked, plain, bare = make_pen(ink=True), make_pen(ink=True), make_pen()
    inked.polygon(RED, SQUARE)
    plain.polygon(RED, SQUARE, plain=True)
    bare.polygon(RED, SQUARE)
    assert where(inked, BLACK).any()
    assert not where(plain, BLACK).any()
    assert plain.canvas.subject.sum() == bare.canvas.subject.sum() < inked.canvas.subject.sum()


def test_only_shapes_that_are_not_plain_are_shaded() -> None:
    plain, shaded = make_pen(), make_pen()
    plain.polygon(RED, SQUARE, plain=True)
    shaded.polygon(RED, SQUARE)
    assert where(plain, RED)[12:28, 12:28].all()
    assert shaded.canvas.pixels[12, 12, 1] > shaded.canvas.pixels[27, 27, 1]


def test_cluster_has_one_outline() -> None:
    pen = make_pen(ink=True, volume=0.0)
    pen.cluster(RED, [(-0.3, 0, 0.4), (0.3, 0, 0.4)], 0.15)
    row = pen.canvas.pixels[20]
    inside = np.all(np.abs(row - RED) < 0.02, axis=1)
    assert inside[8:32].all()
    assert np.abs(row[[4, 35]]).max() < 0.02
    without = make_pen(volume=0.0)
    without.cluster(RED, [(-0.3, 0, 0.4), (0.3, 0, 0.4)], 0.15)
    assert not where(without, BLACK).any()


def test_patch_has_the_shading_of_the_whole_shape() -> None:
    whole, patched = make_pen(), make_pen()
    whole.fill(RED, SQUARE)
    patched.fill(RED, SQUARE)
    patched.patch(RED, rectangle(-0.5, -0.5, 0.0, 0.5), SQUARE)
    middle = slice(12, 28)
    assert np.allclose(patched.canvas.pixels[middle, middle], whole.canvas.pixels[middle, middle], atol=1e-6)
    patched.patch(BLUE, rectangle(-0.5, -0.5, 0.0, 0.5), SQUARE)
    assert patched.canvas.pixels[20, 15, 2] > patched.canvas.pixels[20, 15, 0]
    assert np.array_equal(patched.canvas.pixels[:, 21:], whole.canvas.pixels[:, 21:])


def test_line_width_scales_with_the_subject() -> None:
    areas = []
    for size in (0.25, 0.5):
        pen = make_pen(size=size)
        pen.line(RED, [(-0.8, 0), (0.8, 0)], 0.4)
        areas.append(pen.canvas.subject.sum())
    assert areas[1] == pytest.approx(4 * areas[0], rel=0.1)
