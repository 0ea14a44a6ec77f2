"""The chosen picture made larger: it is resized, and goes through some of the steps again.

The idea is the "hires fix" of AUTOMATIC1111's stable-diffusion-webui. Here the picture that was chosen is the first
stage, and not another one that looks like it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from seedlab.core.errors import RecipeError, blame
from seedlab.core.model import SKETCH, Model
from seedlab.core.numbers import MAX_CHARACTERS
from seedlab.core.recipe import Recipe
from seedlab.core.text import quote
from seedlab.core.validation import check_text
from seedlab.rules.parameter import Choice, Parameter
from seedlab.rules.rule import Rule, Value, check_count, unique
from seedlab.rules.sizes import TIMES, check_factor, enlarge, read_sizes
from seedlab.rules.stages import read_start_strengths, refuse_stages, start_from

AUTO = "auto"
"""The strength that suits the picture's model."""

SKETCH_STRENGTH = 0.2
"""Keeps the faces of Sketch's pictures, which 0.35 changes, and adds nearly as much detail: see its model card."""

STRENGTH = 0.35
"""Of other models, which know more details than Sketch. AUTOMATIC1111 and InvokeAI advise 0.3 to 0.5."""

TILES = "tiles"
WHOLE = Choice("whole", "As a whole")
IN_TILES = Choice(TILES, "In tiles, which takes less memory")


@dataclass(frozen=True)
class Develop(Rule):
    """One tile for each size and strength.

    A value is (width, height, strength); or ("times", factor, strength). The strength may be "auto". `settle` replaces
    both by numbers. Where the picture is decoded in tiles, "tiles" follows.
    """

    name = "develop"
    label = "Larger"
    help = "The chosen picture at a larger size, with more details. More strength changes more of it."
    precedence = 3  # after everything that changes the picture it starts from
    parameters = (
        Parameter(
            name="develop_size",
            label="Size: 1.5x, 2x, or as 512x768",
            flag="--larger",
            help='a larger size for the picture: "2x", or width first "512x768"; another shape is cropped',
            default="2x",
        ),
        Parameter(
            name="develop_decoding",
            label="Decode",
            flag="--decode",
            help='"tiles" decodes a larger picture in tiles, which takes less memory and changes some bits; or "whole"',
            default=WHOLE.name,
            choices=lambda: (WHOLE, IN_TILES),
        ),
        Parameter(
            name="develop_strength",
            label="Strength (more changes more)",
            flag="--strength",
            help="how much a larger picture may change, above 0 to 1, or auto; several give several pictures",
            default=f"{AUTO}, 0.5",
        ),
    )

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Read sizes, strengths, and how to decode."""
        strengths = _read_strengths("develop_strength", texts["develop_strength"])
        sizes = unique(read_sizes("develop_size", texts["develop_size"]))
        if not sizes:
            raise RecipeError("develop_size", "No size given. Write one such as 2x or 512x512.")
        check_count("develop_size", len(sizes) * len(strengths), "pictures")
        decoding = cls.parameters[1].read_choice(texts.get("develop_decoding", WHOLE.name))
        tiles = (TILES,) if decoding == IN_TILES else ()
        return cls(tuple((*size, strength, *tiles) for size in sizes for strength in strengths))

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Start from the parent's picture, in another size."""
        width, height, strength, *tiles = _read_value(parent, value)
        decoding = {"vae_tiling": True} if tiles else {}
        with blame("develop_size"):
            return start_from(parent, strength, width=width, height=height, **decoding)

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return "512×512 · 0.35", and "in tiles" where it is decoded so."""
        width, height, strength, *tiles = _read_value(parent, value)
        return f"{width}×{height} · {strength:g}{' · in tiles' if tiles else ''}"

    @classmethod
    def settle(cls, parent: Recipe, value: Value) -> Value:
        """Replace a factor by the size, and "auto" by the strength."""
        return _read_value(parent, value)

    @classmethod
    def refuse(cls, model: Model) -> str:
        """Refuse models without an image-to-image pipeline."""
        return refuse_stages(model)

    @property
    def subject(self) -> str:
        """The size if there is one: "512×512"."""
        sizes = {value[:2] if isinstance(value, tuple) else () for value in self.values}
        match tuple(sizes):
            case ((int() as width, int() as height),):
                return f"{width}×{height}"
            case _:
                return "larger"


LARGER = Develop(((TIMES, 2, AUTO),))
"""What a single click makes of a picture."""


def choose_strength(parent: Recipe) -> float:
    """Return the strength at which the picture's model adds details and keeps the composition."""
    return SKETCH_STRENGTH if parent.model_id == SKETCH else STRENGTH


def _read_strengths(field: str, text: str) -> tuple[Value, ...]:
    """Read "auto", numbers, or both, as in "auto, 0.5"; nothing means "auto"."""
    check_text(field, text, "The list of strengths", MAX_CHARACTERS)
    numbers, count = re.subn(rf"(?i)\b{AUTO}\b[\s,;]*", "", text)
    automatic = (AUTO,) if count or not text.strip() else ()
    return (*automatic, *(read_start_strengths(field, numbers) if numbers.strip() else ()))


def _read_value(parent: Recipe, value: Value) -> tuple[int, int, float] | tuple[int, int, float, str]:
    """Return the size and the strength of a value, which may come from a stranger; `Recipe` checks them."""
    match value:
        case (*rest, str() as tiles) if tiles == TILES and len(rest) == 3:
            return *_read_value(parent, tuple(rest))[:3], TILES
        case (*size, str() as auto) if auto == AUTO and len(size) == 2:
            return _read_value(parent, (*size, choose_strength(parent)))
        case (str() as kind, int() | float() as factor, int() | float() as strength) if kind == TIMES:
            return *enlarge(parent, check_factor("develop_size", factor)), strength
        case (int() as width, int() as height, int() | float() as strength):
            return width, height, strength
    raise RecipeError("develop_size", f"{quote(str(value), 40)} is not a size and a strength.")
