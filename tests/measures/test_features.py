"""Lightness and colours of pictures."""

import numpy as np
import pytest
from PIL import Image

from seedlab.measures.features import coarsen, describe, measure_changes, measure_distances


@pytest.mark.parametrize(
    ("colour", "lab"),
    # http://www.brucelindbloom.com: sRGB, D50
    [((255, 0, 0), (54.3, 80.8, 69.9)), ((0, 0, 255), (29.6, 68.3, -112.0)), ((255, 255, 255), (100.0, 0.0, 0.0))],
)
def test_colours_are_those_of_cielab(colour: tuple[int, int, int], lab: tuple[float, float, float]) -> None:
    features = describe([Image.new("RGB", (64, 48), colour)])
    assert features.shape == (1, 32, 32, 3)
    assert features[0, 5, 7] == pytest.approx(lab, abs=1.0)


def test_places_are_those_of_the_picture() -> None:
    image = Image.new("RGB", (64, 64), "black")
    image.paste("white", (0, 0, 32, 16))
    lightness = coarsen(describe([image]))[0, ..., 0]
    assert lightness.shape == (8, 8)
    assert (lightness[:2, :4] > 99).all()
    assert lightness.sum() == pytest.approx(8 * 100, rel=0.01)


def test_distances_are_mean_colour_differences() -> None:
    features = describe([Image.new("RGB", (32, 32), grey) for grey in ("black", "white", "black")])
    assert measure_distances(features) == pytest.approx(np.array([[0, 100, 0], [100, 0, 100], [0, 100, 0]]), abs=0.5)
    assert measure_changes(features[:1], features[1:2]).shape == (1, 32, 32)
