"""Adding phrases to a prompt."""

import time

import pytest

from seedlab.sketch.phrases import add_phrase
from seedlab.sketch.vocabulary import KINDS, unknown_words

PROMPT = "Labrador in the style of Vermeer"


@pytest.mark.parametrize(
    ("prompt", "phrase", "expected"),
    [
        (PROMPT, "fox", "Fox in the style of Vermeer"),
        ("", "fox", "fox"),
        ("at night", "fox", "fox, at night"),
        (PROMPT, "Klimt", "Labrador in the style of Klimt"),
        ("a red boat by Hokusai, artsy", "Van Gogh", "a red boat in the style of Van Gogh, artsy"),
        ("cat, Van Gogh", "Monet", "cat in the style of Monet"),
        (PROMPT, "pixel art", "Labrador, pixel art"),
        ("a watercolor of a cat, artsy", "pixel art", "a cat, artsy, pixel art"),
        ("cat, pixel art", "Vermeer", "cat in the style of Vermeer"),
        ("cat, dramatic", "Vermeer", "cat in the style of Vermeer, dramatic"),
        (PROMPT, "in the snow", "Labrador in the snow in the style of Vermeer"),
        ("castle in the snow", "at night", "castle at night"),
        (PROMPT, "red", "red labrador in the style of Vermeer"),
        ("a red boat", "blue", "a blue boat"),
        ("cat, black and white", "red", "red cat, black and white"),
        (PROMPT, "artsy", "Labrador in the style of Vermeer, artsy"),
        ("cat, artsy, dramatic", "artsy", "cat, dramatic"),
        ("cat, artsy", "black and white", "cat, artsy, black and white"),
        (PROMPT, "zebra", PROMPT),
    ],
)
def test_phrases_are_added_at_their_natural_position(prompt: str, phrase: str, expected: str) -> None:
    assert add_phrase(prompt, phrase) == expected


@pytest.mark.parametrize("phrase", ["fox", "red", "at night", "Vermeer", "pixel art", "artsy"])
def test_long_runs_of_spaces_are_fast(phrase: str) -> None:
    started = time.process_time()
    assert add_phrase("a cat" + " " * 10_000 + "that sleeps", phrase) == add_phrase("a cat that sleeps", phrase)
    assert time.process_time() - started < 0.1


@pytest.mark.parametrize("phrase", [phrase for kind in KINDS.values() for phrase in kind])
def test_every_phrase_can_be_added_to_any_prompt(phrase: str) -> None:
    for prompt in ("", PROMPT, "a (strange [prompt\\1", "castle"):
        added = add_phrase(prompt, phrase)
        assert phrase.lower() in added.lower()
        assert len(unknown_words(added)) <= len(unknown_words(prompt))
