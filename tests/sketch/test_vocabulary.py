"""The vocabulary."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from seedlab.sketch.training.dataset import iterate_captions
from seedlab.sketch.vocabulary import (
    COLOURS,
    EXAMPLES,
    MODIFIERS,
    PAINTERS,
    PLACES,
    SUBJECTS,
    TECHNIQUES,
    known_words,
    unknown_words,
)

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("prompt", [*EXAMPLES, "", "a yellow fish, at night, by MONET, highly realistic, trending"])
def test_known_prompts_have_no_unknown_words(prompt: str) -> None:
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
def test_unknown_words_are_ordered_unique_and_spelled_as_typed(prompt: str, unknown: tuple[str, ...]) -> None:
    assert unknown_words(prompt) == unknown


def test_the_readme_counts_them() -> None:
    text = " ".join(README.read_text(encoding="utf-8").split())
    assert (
        f"Sketch draws {len(SUBJECTS)} subjects in the styles of {len(PAINTERS)} painters and in {len(TECHNIQUES)} "
        f"techniques, with {len(MODIFIERS)} suffixes, in {len(PLACES)} places and {len(COLOURS)} colours."
    ) in text


def test_known_words_are_the_words_of_the_captions() -> None:
    captions = " ".join(iterate_captions(seed=0, count=5_000))
    assert known_words() == set(re.findall(r"\w+", captions.lower()))


def test_vocabulary_imports_no_heavy_libraries() -> None:
    code = "import sys, seedlab.sketch.vocabulary; print({'torch', 'numpy', 'PIL'} & set(sys.modules))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "set()"
