"""What changed between two prompts, and what it is called."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedlab.core.texts.text_changes import Kind, compare_texts, name_change

KEPT, ADDED, REMOVED = Kind.KEPT, Kind.ADDED, Kind.REMOVED
PROMPT = "Labrador in the style of Vermeer"


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        (PROMPT, "Labrador in the style of Van Gogh", "Van Gogh"),
        (PROMPT, "Cat in the style of Van Gogh", "Cat … Van Gogh"),
        (PROMPT, f"{PROMPT}, artsy", "artsy"),
        ("a big red boat", "a boat", "without big red"),
        ("a boat", "a boat!", "!"),
        ("a  boat", "a boat", "a boat"),
        ("日本の海", "日本の山", "山"),
        ("", "a boat", "a boat"),
        (PROMPT, PROMPT, "unchanged"),
    ],
)
def test_a_change_is_named_by_the_words_that_came_or_went(before, after, name):
    assert name_change(before, after) == name


def test_words_next_to_each_other_change_together():
    assert compare_texts("an old red boat", "an ugly blue boat") == (
        (KEPT, "an "),
        (REMOVED, "old red"),
        (ADDED, "ugly blue"),
        (KEPT, " boat"),
    )


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_parts_make_up_both_texts(before, after):
    parts = compare_texts(before, after)
    assert "".join(text for kind, text in parts if kind is not ADDED) == before
    assert "".join(text for kind, text in parts if kind is not REMOVED) == after


def test_long_prompts_take_no_time():
    before, after = ("".join(f"{word}{end} " for word in range(2000)) for end in "ab")
    begun = time.monotonic()
    assert compare_texts(before, after)[0][0] is REMOVED
    assert time.monotonic() - begun < 1
