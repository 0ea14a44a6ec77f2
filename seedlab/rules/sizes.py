"""Sizes of pictures in words: in pixels, or as a multiple of another picture's."""

import re
from collections.abc import Iterator

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.numbers import MAX_CHARACTERS, read_number, read_size, tidy_digits
from seedlab.core.validation import check_text
from seedlab.rules.rule import Value

TIMES = "times"

MULTIPLE = 16
"""Pixels. Every model whose pictures can be made larger makes multiples of it."""

FACTOR = re.compile(r"(?:x ?)?([0-9]+(?:[.,][0-9]+)?) ?x?")


def read_sizes(field: str, text: str) -> Iterator[tuple[Value, Value]]:
    """Read sizes such as "512x768", which are (width, height), and factors such as "1.5x", which are ("times", 1.5).

    Raises:
        RecipeError: one is neither, or out of range.
    """
    check_text(field, text, "The list of sizes", MAX_CHARACTERS)
    for part in re.split(r"[;\n]|,(?=\s)|(?<=[xX]),", tidy_digits(text)):
        words = part.strip().lower()
        match = FACTOR.fullmatch(words)
        if match is not None and "x" in words:
            yield TIMES, check_factor(field, read_number(field, match[1]))
        elif words:
            yield from (read_size(field, each) for each in words.split(",") if each.strip())


def check_factor(field: str, factor: float) -> float:
    """Return a factor that a picture can be made larger by; raises RecipeError for others."""
    if not 0 < factor <= 16:
        raise RecipeError(field, f"A picture cannot be made {factor:g} times as large: write one such as 1.5x or 2x.")
    return factor


def enlarge(parent: Recipe, factor: float) -> tuple[int, int]:
    """Return the width and height that are so many times as large, as multiples of 16 pixels."""
    return round_side(parent.width * factor), round_side(parent.height * factor)


def round_side(side: float) -> int:
    """Return the nearest multiple of 16 pixels, at least 16."""
    return max(MULTIPLE, round(side / MULTIPLE) * MULTIPLE)
