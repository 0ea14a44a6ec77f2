"""The words that Sketch knows."""

import re
import subprocess
import sys

import pytest

from seedlab.sketch.corpus import iterate_captions
from seedlab.sketch.vocabulary import EXAMPLES, known_words, unknown_words


@pytest.mark.parametrize("prompt", [*EXAMPLES, "", "a yellow fish, at night, by MONET, highly realistic, trending"])
def test_prompts_of_known_words_have_no_unknown_ones(prompt: str) -> None:
    assert unknown_words(prompt) == ()


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("Labrador in the style of Rembrandt", ("Rembrandt",)),
        ("a Zebra, on the MOON!", ("Zebra", "MOON")),
        ("zebra, Zebra with zebra", ("zebra", "with")),
        ("Crème-coloured labradors", ("Crème", "coloured", "labradors")),
        ("8k", ("8k",)),
    ],
)
def test_unknown_words_come_in_order_as_typed_and_once(prompt: str, unknown: tuple[str, ...]) -> None:
    assert unknown_words(prompt) == unknown


def test_the_known_words_are_those_of_the_captions() -> None:
    captions = " ".join(iterate_captions(seed=0, count=5_000))
    assert known_words() == set(re.findall(r"\w+", captions.lower()))


def test_the_vocabulary_loads_nothing_heavy() -> None:
    code = "import sys, seedlab.sketch.vocabulary; print({'torch', 'numpy', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
