"""Brushes of the painters and of the manners: the surface of a picture."""

from random import Random

import numpy as np
import pytest

from seedlab.sketch.drawings.canvas import blur
from seedlab.sketch.drawings.draw import paint
from seedlab.sketch.drawings.outlines import Array
from seedlab.sketch.drawings.painters import PAINTERS
from seedlab.sketch.scene import Scene, sample_composition

SCENE = Scene("house", composition=sample_composition(Random(3)))
PRINTED = (None, "Mondrian", "Hokusai", "Matisse")
"""Whose surface is flat."""

BRUSHES = {painter: hand.brush for painter, hand in PAINTERS.items()}


def brush(painter: str | None, size: int = 64) -> tuple[Array, Array, Array]:
    """A picture before the brush and after it, and where the subject is."""
    canvas = paint(SCENE, size)
    return canvas.pixels, BRUSHES[painter](canvas.pixels, canvas.subject, SCENE.composition), canvas.subject


@pytest.mark.parametrize("size", [48, 77, 256])
@pytest.mark.parametrize("painter", PAINTERS)
def test_a_brush_works_at_any_size_and_leaves_its_pixels_alone(painter: str | None, size: int) -> None:
    canvas = paint(SCENE, size)
    pixels, subject = canvas.pixels.copy(), canvas.subject.copy()
    first, second = (BRUSHES[painter](canvas.pixels, canvas.subject, SCENE.composition) for _ in range(2))
    assert first.shape == (size, size, 3)
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    assert np.array_equal(first, second)
    assert np.array_equal(canvas.pixels, pixels)
    assert np.array_equal(canvas.subject, subject)


@pytest.mark.parametrize("painter", PAINTERS)
def test_only_the_printed_are_flat(painter: str | None) -> None:
    before, after, _ = brush(painter)
    assert (np.abs(before - after).mean() < 0.005) == (painter in PRINTED)


@pytest.mark.parametrize("painter", PAINTERS)
def test_no_brush_moves_a_shape(painter: str | None) -> None:
    """Shapes moved by a few pixels would fit what was there less well than those that stayed."""
    before, after, _ = brush(painter)
    grey, brushed = before.mean(2), after.mean(2)
    fits = {
        (down, right): np.corrcoef(np.roll(grey, (down, right), (0, 1)).ravel(), brushed.ravel())[0, 1]
        for down in (-3, 0, 3)
        for right in (-3, 0, 3)
    }
    assert max(fits, key=lambda moved: abs(fits[moved])) == (0, 0)


def test_a_pencil_leaves_no_colour_and_bare_paper_at_the_border() -> None:
    before, after, _ = brush("pencil sketch")
    assert np.ptp(after, axis=2).mean() < 0.1 < np.ptp(before, axis=2).mean()
    assert after[:2].mean() > 0.85


def test_watercolour_leaves_white_paper_around_the_painting() -> None:
    _, after, _ = brush("watercolor")
    assert after[0].min() > 0.9
    assert after[24:40, 24:40].mean() < 0.8


def test_pixel_art_is_32_by_32_blocks_of_few_colours() -> None:
    _, after, _ = brush("pixel art", 128)
    blocks = after.reshape(32, 4, 32, 4, 3)
    assert np.ptp(blocks, axis=(1, 3)).max() == 0
    assert len(np.unique(after)) <= 11


def test_stained_glass_has_dark_leads_along_the_subject_and_a_frame() -> None:
    before, after, subject = brush("stained glass", 128)
    edge = np.abs(blur(subject, 2) - 0.5) < 0.1
    assert after[edge].mean() < 0.5 * before[edge].mean()
    assert after[0].max() < 0.2


def test_klimt_lays_gold_around_the_subject() -> None:
    before, after, subject = brush("Klimt", 128)
    rim = (blur(subject, 1.5) > 0.2) & (subject < 0.5)
    gold = (after - before)[rim].mean(0)
    assert gold[0] - gold[2] > 0.1


def test_picassos_planes_are_lighter_and_darker_than_what_they_break() -> None:
    before, after, _ = brush("Picasso", 128)
    change = (after - before).mean(2)
    assert (change > 0.03).mean() > 0.1
    assert (change < -0.03).mean() > 0.1


def test_van_goghs_strokes_are_stronger_in_the_ground_than_on_the_subject() -> None:
    before, after, subject = brush("Van Gogh", 128)
    change = np.abs(after - before).mean(2)
    assert change[subject < 0.01].mean() > change[subject > 0.99].mean() > 0.01


def test_monets_dabs_dissolve_edges() -> None:
    before, after, subject = brush("Monet", 128)
    steps = [np.hypot(*np.gradient(picture.mean(2))) for picture in (before, after)]
    edge = np.hypot(*np.gradient(subject)) > 0.3
    assert steps[1][edge].mean() < 0.8 * steps[0][edge].mean()


def test_vermeers_corners_are_darker() -> None:
    before, after, _ = brush("Vermeer", 128)
    gain = after.mean(2) / before.mean(2)
    assert gain[:4, :4].mean() < gain[62:66, 62:66].mean() - 0.1
