"""Lists of numbers with ranges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.ranges import read_numbers, read_whole_numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1.5, 2, 3, 4", (1.5, 2, 3, 4)),
        ("2-8 (+2)", (2, 4, 6, 8)),
        ("2 - 8 : 2", (2, 4, 6, 8)),
        ("1-2 [3]", (1, 1.5, 2)),
        ("0-0.3 (+0.1)", (0, 0.1, 0.2, 0.3)),
        ("-1-1 (+.5)", (-1, -0.5, 0, 0.5, 1)),
        ("1,2,3 3", (1, 2, 3)),
        ("１．５、２", (1.5, 2)),
    ],
)
def test_numbers_are_read_as_people_write_them(text, numbers):
    assert read_numbers("x", text, 256) == numbers


def test_whole_numbers_at_equal_distances_are_rounded_down():
    assert read_whole_numbers("x", "1-50 [5], 60", 256) == (1, 13, 25, 37, 50, 60)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "No number given"),
        ("many", "“many” is not a number"),
        ("7,5", "can be read in two ways: write 7.5, or with a space 7, 5"),
        ("1,5, 2", "“1,5” can be read in two ways"),
        ("4-2", "run backwards: write 2-4"),
        ("1-4 (+0)", "steps of 0"),
        ("1-4 [0]", "1 to 9 numbers, not 0"),
        ("1-999999999", "too many numbers for one round: use 9 or fewer"),
    ],
)
def test_what_is_no_list_of_numbers_is_refused(text, sentence):
    with pytest.raises(RecipeError, match="^.*" + sentence.replace("(", r"\(").replace("+", r"\+")) as caught:
        read_numbers("x", text, 9)
    assert caught.value.field == "x"


@given(st.text(alphabet="0123456789-~.,:()[]+ ", max_size=14))
def test_any_text_is_read_or_refused(text):
    for read in (read_numbers, read_whole_numbers):
        try:
            assert 0 < len(read("x", text, 50)) <= 50
        except RecipeError as error:
            assert str(error)  # noqa: PT017
