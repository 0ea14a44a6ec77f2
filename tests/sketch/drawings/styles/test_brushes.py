"""The brushes of all styles."""

from random import Random

import numpy as np
import pytest

from seedlab.sketch.drawings.canvas import blur
from seedlab.sketch.drawings.draw import paint
from seedlab.sketch.drawings.geometry import Array
from seedlab.sketch.drawings.styles.registry import STYLES
from seedlab.sketch.scene import Scene, sample_composition

SCENE = Scene("house", composition=sample_composition(Random(3)))
FLAT_STYLES = (None, "Mondrian", "Hokusai", "Matisse")
"""Styles whose brush adds no texture."""

BRUSHES = {name: style.brush for name, style in STYLES.items()}


def brush(style: str | None, size: int = 64) -> tuple[Array, Array, Array]:
    """Render the scene before and after the brush, and the subject coverage."""
    canvas = paint(SCENE, size)
    return canvas.pixels, BRUSHES[style](canvas.pixels, canvas.subject, SCENE.composition), canvas.subject


@pytest.mark.parametrize("size", [48, 77, 256])
@pytest.mark.parametrize("style", STYLES)
def test_brush_works_at_any_size_and_does_not_modify_its_inputs(style: str | None, size: int) -> None:
    canvas = paint(SCENE, size)
    pixels, subject = canvas.pixels.copy(), canvas.subject.copy()
    first, second = (BRUSHES[style](canvas.pixels, canvas.subject, SCENE.composition) for _ in range(2))
    assert first.shape == (size, size, 3)
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    assert np.array_equal(first, second)
    assert np.array_equal(canvas.pixels, pixels)
    assert np.array_equal(canvas.subject, subject)


@pytest.mark.parametrize("style", STYLES)
def test_only_flat_styles_add_no_texture(style: str | None) -> None:
    before, after, _ = brush(style)
    assert (np.abs(before - after).mean() < 0.005) == (style in FLAT_STYLES)


@pytest.mark.parametrize("style", STYLES)
def test_brush_keeps_shapes_in_place(style: str | None) -> None:
    """The result correlates best with the unshifted input."""
    before, after, _ = brush(style)
    grey, brushed = before.mean(2), after.mean(2)
    correlations = {
        (down, right): np.corrcoef(np.roll(grey, (down, right), (0, 1)).ravel(), brushed.ravel())[0, 1]
        for down in (-3, 0, 3)
        for right in (-3, 0, 3)
    }
    assert max(correlations, key=lambda shift: abs(correlations[shift])) == (0, 0)


def test_pencil_sketch_is_grey_with_bare_paper_at_the_border() -> None:
    before, after, _ = brush("pencil sketch")
    assert np.ptp(after, axis=2).mean() < 0.1 < np.ptp(before, axis=2).mean()
    assert after[:2].mean() > 0.85


def test_watercolour_has_a_border_of_white_paper() -> None:
    _, after, _ = brush("watercolor")
    assert after[0].min() > 0.9
    assert after[24:40, 24:40].mean() < 0.8


def test_pixel_art_is_32_by_32_blocks_of_few_colours() -> None:
    _, after, _ = brush("pixel art", 128)
    blocks = after.reshape(32, 4, 32, 4, 3)
    assert np.ptp(blocks, axis=(1, 3)).max() == 0
    assert len(np.unique(after)) <= 11


def test_stained_glass_has_lead_lines_around_the_subject_and_a_frame() -> None:
    before, after, subject = brush("stained glass", 128)
    edge = np.abs(blur(subject, 2) - 0.5) < 0.1
    assert after[edge].mean() < 0.5 * before[edge].mean()
    assert after[0].max() < 0.2


def test_klimt_paints_a_golden_contour() -> None:
    before, after, subject = brush("Klimt", 128)
    rim = (blur(subject, 1.5) > 0.2) & (subject < 0.5)
    gold = (after - before)[rim].mean(0)
    assert gold[0] - gold[2] > 0.1


def test_picassos_planes_lighten_and_darken() -> None:
    before, after, _ = brush("Picasso", 128)
    change = (after - before).mean(2)
    assert (change > 0.03).mean() > 0.1
    assert (change < -0.03).mean() > 0.1


def test_van_goghs_strokes_are_stronger_in_the_background() -> None:
    before, after, subject = brush("Van Gogh", 128)
    change = np.abs(after - before).mean(2)
    assert change[subject < 0.01].mean() > change[subject > 0.99].mean() > 0.01


def test_monets_dabs_soften_edges() -> None:
    before, after, subject = brush("Monet", 128)
    gradients = [np.hypot(*np.gradient(image.mean(2))) for image in (before, after)]
    edge = np.hypot(*np.gradient(subject)) > 0.3
    assert gradients[1][edge].mean() < 0.8 * gradients[0][edge].mean()


def test_vermeers_corners_are_darker() -> None:
    before, after, _ = brush("Vermeer", 128)
    gain = after.mean(2) / before.mean(2)
    assert gain[:4, :4].mean() < gain[62:66, 62:66].mean() - 0.1
