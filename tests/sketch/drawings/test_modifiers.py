"""The modifiers: each has its characteristic effect."""

from collections.abc import Callable
from functools import cache
from itertools import combinations
from random import Random

import numpy as np
import pytest

from seedlab.sketch.drawings.canvas import blur
from seedlab.sketch.drawings.draw import paint
from seedlab.sketch.drawings.geometry import Array
from seedlab.sketch.drawings.modifiers import modify
from seedlab.sketch.scene import Scene, sample_composition
from seedlab.sketch.vocabulary import MODIFIERS
from tests.sketch.drawings.rendering import difference

SIZE = 64
SCENES = [
    Scene(subject, style, composition=sample_composition(Random(seed)))
    for seed, (subject, style) in enumerate(
        (("house", None), ("fox", "Van Gogh"), ("apple", None), ("train", "Hokusai"), ("owl", "Klimt"))
    )
]
all_scenes = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: f"{scene.subject}, {scene.style}")


@cache
def plain(scene: Scene) -> Array:
    """Render the scene without brush and modifiers."""
    return np.clip(paint(scene, SIZE).pixels, 0, 1)


@cache
def coverage(scene: Scene) -> Array:
    return paint(scene, SIZE).subject


@cache
def modified(scene: Scene, modifier: str) -> Array:
    return modify(plain(scene), coverage(scene), modifier, scene.composition)


def lightness(pixels: Array) -> float:
    return float(pixels.mean())


def colourfulness(pixels: Array) -> float:
    return float(np.ptp(pixels, axis=-1).mean())


def contrast(pixels: Array) -> float:
    return float(pixels.mean(2).std())


def warmth(pixels: Array) -> float:
    return float((pixels[..., 0] - pixels[..., 2]).mean())


def detail(pixels: Array, mask: Array) -> float:
    """Return the mean gradient in the mask."""
    down, right = np.gradient(pixels.mean(2))
    return float(np.hypot(down, right)[mask].mean())


def background(scene: Scene) -> Array:
    """Return a mask of the pixels well away from the subject."""
    return blur(coverage(scene), 2) < 0.01


def before_and_after(scene: Scene, modifier: str, measure: Callable[[Array], float]) -> tuple[float, float]:
    return measure(plain(scene)), measure(modified(scene, modifier))


@all_scenes
def test_modifiers_differ_from_each_other_and_from_none(scene: Scene) -> None:
    pictures = {"none": plain(scene)} | {modifier: modified(scene, modifier) for modifier in MODIFIERS}
    for first, second in combinations(pictures, 2):
        assert difference(pictures[first], pictures[second]) > 12, (first, second)


@pytest.mark.parametrize("size", [48, 77])
@pytest.mark.parametrize("modifier", MODIFIERS)
def test_modifiers_work_at_any_size_and_do_not_modify_their_inputs(modifier: str, size: int) -> None:
    canvas = paint(SCENES[0], size)
    pixels, subject = canvas.pixels.clip(0, 1), canvas.subject
    copies = pixels.copy(), subject.copy()
    first, second = (modify(pixels, subject, modifier, SCENES[0].composition) for _ in range(2))
    assert first.shape == (size, size, 3)
    assert first.dtype == np.float32
    assert 0 <= first.min() < first.max() <= 1
    assert np.array_equal(first, second)
    assert np.array_equal(pixels, copies[0])
    assert np.array_equal(subject, copies[1])


def test_unknown_modifiers_raise() -> None:
    with pytest.raises(KeyError, match="sparkling"):
        modify(plain(SCENES[0]), coverage(SCENES[0]), "sparkling", SCENES[0].composition)


@all_scenes
def test_highly_realistic_blurs_only_the_background(scene: Scene) -> None:
    after = modified(scene, "highly realistic")
    before, subject = plain(scene), coverage(scene) > 0.99
    assert detail(after, background(scene)) / detail(before, background(scene)) < 0.8 * detail(after, subject) / detail(
        before, subject
    )


@all_scenes
def test_artsy_adds_texture_and_saturation(scene: Scene) -> None:
    before, after = before_and_after(scene, "artsy", colourfulness)
    assert after > 1.1 * before
    assert detail(modified(scene, "artsy"), background(scene)) > 0.05


@all_scenes
def test_trending_glows_magenta_on_one_side_and_cyan_on_the_other(scene: Scene) -> None:
    picture = modified(scene, "trending")
    halo = (blur(coverage(scene), 3) > 0.1) & (coverage(scene) < 0.1)
    columns = np.arange(SIZE) / SIZE
    sides = [halo & (columns < scene.composition.x - 0.1), halo & (columns > scene.composition.x + 0.1)]
    magenta, cyan = sides[:: -int(scene.composition.light)]
    assert warmth(picture[magenta]) > warmth(picture[cyan]) + 0.1
    assert lightness(picture[background(scene)]) < lightness(plain(scene)[background(scene)])


@all_scenes
def test_colorful_is_more_saturated(scene: Scene) -> None:
    before, after = before_and_after(scene, "colorful", colourfulness)
    assert after > 1.15 * before


@all_scenes
def test_black_and_white_is_grey_with_high_contrast(scene: Scene) -> None:
    before, after = before_and_after(scene, "black and white", contrast)
    assert colourfulness(modified(scene, "black and white")) == 0
    assert after > before


@all_scenes
def test_pastel_is_light_with_low_contrast(scene: Scene) -> None:
    picture = modified(scene, "pastel")
    assert lightness(picture) > 0.75
    assert contrast(picture) < 0.6 * contrast(plain(scene))


@all_scenes
def test_vintage_is_sepia_with_a_pale_border(scene: Scene) -> None:
    picture = modified(scene, "vintage")
    assert warmth(picture) > 0.15
    assert (picture[..., 2] - picture[..., 0]).max() < 0.05
    assert lightness(picture[:2]) > 0.8


@all_scenes
def test_dreamy_is_soft_and_light(scene: Scene) -> None:
    picture = modified(scene, "dreamy")
    assert lightness(picture) > lightness(plain(scene))
    assert contrast(picture) < 0.75 * contrast(plain(scene))


@all_scenes
def test_dramatic_is_dark_around_a_lit_subject(scene: Scene) -> None:
    picture, subject = modified(scene, "dramatic"), coverage(scene) > 0.99
    assert lightness(picture[~subject]) < 0.6 * lightness(plain(scene)[~subject])
    assert lightness(picture[subject]) > lightness(picture[~subject])


@all_scenes
def test_misty_is_pale_and_grey_and_hides_the_background(scene: Scene) -> None:
    picture = modified(scene, "misty")
    assert lightness(picture) > lightness(plain(scene))
    assert colourfulness(picture) < 0.5 * colourfulness(plain(scene))
    assert detail(picture, background(scene)) < 0.75 * detail(plain(scene), background(scene))


@all_scenes
def test_golden_hour_is_warm_and_brightest_at_the_sun(scene: Scene) -> None:
    before, after = before_and_after(scene, "golden hour", warmth)
    assert after > max(0.2, before - 0.05)
    _, column = np.unravel_index(np.argmax(modified(scene, "golden hour").mean(2)), (SIZE, SIZE))
    assert (column / SIZE - 0.5) * scene.composition.light > 0


@all_scenes
def test_comic_has_high_contrast_and_a_black_outline(scene: Scene) -> None:
    before, after = before_and_after(scene, "comic", contrast)
    assert after > 1.1 * before
    edge = (coverage(scene) > 0.3) & (coverage(scene) < 0.7)
    assert lightness(modified(scene, "comic")[edge]) < 0.7 * lightness(plain(scene)[edge])
