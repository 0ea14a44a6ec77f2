"""The seed of the chosen picture in other shapes and sizes, with its noise resized."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import Self

from seedlab.core.errors import RecipeError, blame
from seedlab.core.models.model import Model
from seedlab.core.models.model_checks import NO_RESIZED_NOISE
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.numbers import MAX_CHARACTERS, tidy_digits
from seedlab.core.texts.text import quote
from seedlab.core.validation import check_text
from seedlab.rules.parameter import Choice, Parameter
from seedlab.rules.rule import Rule, Value, check_count, unique
from seedlab.rules.sizes import TIMES, check_factor, enlarge, read_sizes, round_side

LANDSCAPE, PORTRAIT, SQUARE = "landscape", "portrait", "square"
WORDS = (LANDSCAPE, PORTRAIT, SQUARE)
RATIO = 1.5
"""Of the sides of a square picture that is made landscape or portrait. Its area stays: models are trained for one."""

BETWEEN = re.compile(r"[;\n]|,(?=[^0-9])|(?<=[^0-9 ]),")
"""Separates shapes. A comma between digits is left: it may be a decimal one."""


@dataclass(frozen=True)
class Shapes(Rule):
    """One tile for each shape.

    A value is (width, height); or ("landscape",), ("portrait",), ("square",) or ("times", factor), which `settle`
    replaces by the size.
    """

    name = "shapes"
    label = "Other shapes"
    help = "The same seed in other shapes: its noise is resized, and stays noise. Sketch keeps little of a composition."
    precedence = 2  # after a rule that replaces the seed
    parameters = (
        Parameter(
            name="shapes",
            label="Shapes: landscape, portrait, square, 1.5x, or 512x768",
            flag="--shapes",
            help='the same seed in other shapes: landscape, portrait, square, "1.5x", or width first "512x768"',
            default=f"{LANDSCAPE}, {PORTRAIT}",
        ),
    )

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Read shapes in words, sizes and factors."""
        shapes = unique(_read_shapes(texts["shapes"]))
        if not shapes:
            raise RecipeError("shapes", "No shape given. Write landscape, portrait, square, or a size such as 512x768.")
        check_count("shapes", len(shapes), "pictures")
        return cls(shapes)

    @classmethod
    def list_axes(cls) -> tuple[Choice, ...]:
        """Return (): a shape together with another size would be lost."""
        return ()

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Give the picture another size, and keep that of its noise."""
        if parent.start is not None:
            raise RecipeError("shapes", "This picture does not start from noise: choose the one that it was made from.")
        width, height = _find_size(parent, value)
        rows, columns = parent.noise_size
        with blame("shapes"):
            return replace(parent, width=width, height=height, noise_width=columns, noise_height=rows)

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return "384×256"."""
        width, height = _find_size(parent, value)
        return f"{width}×{height}"

    @classmethod
    def settle(cls, parent: Recipe, value: Value) -> Value:
        """Replace words and factors by sizes."""
        return _find_size(parent, value)

    @classmethod
    def refuse(cls, model: Model) -> str:
        """Refuse models that take no resized noise."""
        return "" if model.can_resize_noise else NO_RESIZED_NOISE


def _read_shapes(text: str) -> Iterator[Value]:
    check_text("shapes", text, "The list of shapes", MAX_CHARACTERS)
    for part in BETWEEN.split(tidy_digits(text)):
        word = part.strip().casefold()
        if word in WORDS:
            yield (word,)
        elif word:
            yield from read_sizes("shapes", part)


def _find_size(parent: Recipe, value: Value) -> tuple[int, int]:
    """Return the width and height of a value, which may come from a stranger; `Recipe` checks them."""
    match value:
        case (str() as kind, int() | float() as factor) if kind == TIMES:
            return enlarge(parent, check_factor("shapes", factor))
        case (str() as word,) if word in WORDS:
            return _turn(parent, word)
        case (int() as width, int() as height):
            return width, height
    raise RecipeError("shapes", f"{quote(str(value), 40)} is not a shape.")


def _turn(parent: Recipe, word: str) -> tuple[int, int]:
    """Return the size of the parent in another shape."""
    short, long = sorted((parent.width, parent.height))
    if word == SQUARE:
        return (round_side(sqrt(short * long)),) * 2
    if short == long:
        short, long = round_side(short / sqrt(RATIO)), round_side(long * sqrt(RATIO))
    return (long, short) if word == LANDSCAPE else (short, long)
