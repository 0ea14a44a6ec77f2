"""Two pictures against each other, pixel by pixel."""

import hashlib

import pytest
from PIL import Image

from seedlab.core.errors import SeedLabError
from seedlab.images.compare import Comparison, compare, hash_pixels

GREY = Image.new("RGB", (4, 2), (10, 10, 10))


def test_equal_pictures_are_no_distance_apart():
    assert compare(GREY, GREY.copy()) == Comparison(0, 0.0)


def test_the_largest_difference_and_how_many_values_differ():
    other = GREY.copy()
    other.putpixel((0, 0), (0, 10, 13))
    assert compare(GREY, other) == compare(other, GREY) == Comparison(10, 2 / 24)


def test_black_and_white_are_255_apart():
    assert compare(Image.new("RGB", (1, 1)), Image.new("RGB", (1, 1), "white")) == Comparison(255, 1.0)


def test_other_sizes_cannot_be_compared():
    with pytest.raises(SeedLabError, match="4×2 and 2×4 pixels cannot be compared"):
        compare(GREY, GREY.transpose(Image.Transpose.ROTATE_90))


def test_the_hash_is_that_of_the_rgb_bytes():
    assert hash_pixels(GREY) == hashlib.sha256(bytes([10] * 24)).hexdigest()
    assert hash_pixels(GREY.convert("RGBA")) == hash_pixels(GREY)
