"""Numbers as people write them are read as they are meant, or refused."""

import argparse

import pytest

from seedlab.cli.common.options import parse_number, parse_size, parse_whole
from seedlab.core.errors import RecipeError
from seedlab.core.texts.numbers import read_number, read_size, read_whole


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("20", 20),
        (" 20 ", 20),
        ("20.0", 20),
        ("20,0", 20),
        ("+20", 20),
        ("-5", -5),
        ("−5", -5),
        ("２０", 20),
        ("٢٠", 20),
        ("२०", 20),
        ("4294967295", 2**32 - 1),
    ],
)
def test_whole_numbers(text, number):
    assert read_whole("num_inference_steps", text) == parse_whole(text) == number


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "“” is not a whole number"),
        ("many", "“many” is not a whole number: write one such as [0-9]+\\."),
        ("7.5", "“7.5” is not a whole number"),
        ("2²", "“2²” is not"),
        ("1e3", "“1e3” is not"),
        ("20 steps", "“20 steps” is not"),
        ("1,000", "“1,000” can be read in two ways: write 1000 without separators"),
        ("1 000", "“1 000” can be read in two ways: write 1000"),
        ("1.000.000", "write 1000000"),
        ("1’024", "write 1024"),
        ("1" * 100_000, "is not a whole number"),
    ],
)
def test_other_text_is_not_a_whole_number(text, sentence):
    with pytest.raises(RecipeError, match=sentence) as caught:
        read_whole("width", text)
    assert caught.value.field == "width"
    with pytest.raises(argparse.ArgumentTypeError, match=sentence):
        parse_whole(text)


@pytest.mark.parametrize(("field", "example"), [("width", 512), ("height", 512), ("num_inference_steps", 20)])
def test_the_example_is_a_value_of_the_field(field, example):
    with pytest.raises(RecipeError, match=f"“256 px” is not a whole number: write one such as {example}."):
        read_whole(field, "256 px")


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("7.5", 7.5), ("7,5", 7.5), ("７．５", 7.5), ("٧٫٥", 7.5), (".5", 0.5), ("7.", 7), ("7.125", 7.125)],
)
def test_numbers_with_a_decimal_point_or_comma(text, number):
    assert read_number("guidance_scale", text) == parse_number(text) == number


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("strong", "“strong” is not a number: write one such as 7.5"),
        ("nan", "“nan” is not a number"),
        ("1,000", "can be read in two ways: write 1.000 or without a comma"),
        ("1.000,5", "is not a number"),
    ],
)
def test_other_text_is_not_a_number(text, sentence):
    with pytest.raises(RecipeError, match=sentence):
        read_number("guidance_scale", text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("256", (256, 256)),
        ("320x256", (320, 256)),
        ("320X256", (320, 256)),
        ("320*256", (320, 256)),
        ("320 x 256", (320, 256)),
        ("320×256", (320, 256)),
        (" ３２０　×　２５６ ", (320, 256)),
    ],
)
def test_sizes(text, size):
    assert read_size("size", text) == parse_size(text) == size


@pytest.mark.parametrize("text", ["big", "256x", "256,256", "256 256", "2x3x4", "1,024"])
def test_other_text_is_not_a_size(text):
    with pytest.raises(RecipeError, match="is not a size: write 256 or, width first, 320x256"):
        read_size("size", text)
