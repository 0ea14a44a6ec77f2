"""The chosen picture made larger: it is resized, and goes through some of the steps again.

The idea is the "hires fix" of AUTOMATIC1111's stable-diffusion-webui. Here the picture that was chosen is the first
stage, and not another one that looks like it.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Self

from seedlab.core.errors import RecipeError, blame
from seedlab.core.model import SKETCH, Model
from seedlab.core.numbers import MAX_CHARACTERS
from seedlab.core.recipe import Recipe
from seedlab.core.start import LANCZOS
from seedlab.core.start import LATENTS as START_LATENTS
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

LATENT_STRENGTH = 0.55
"""Where latents are enlarged, which blurs the picture until more steps have sharpened it. AUTOMATIC1111's wiki advises
above 0.5."""

TILES = "tiles"
SHORT = "short"
WHERE_SHORT = Choice("auto", "In tiles if memory is short")
WHOLE = Choice("whole", "As a whole")
IN_TILES = Choice(TILES, "In tiles (less memory)")

LATENTS = "latents"
FROM_PIXELS = Choice("pixels", "Pixels (Lanczos)")
FROM_LATENTS = Choice(LATENTS, "Latents (bicubic)")

FLAGS = (TILES, LATENTS, SHORT)
"""What may follow a value's strength. No picture keeps the last, which stands for the first where memory is short."""


CHOICES = {TILES: IN_TILES, LATENTS: FROM_LATENTS, SHORT: WHERE_SHORT}


@dataclass(frozen=True)
class Develop(Rule):
    """One tile for each size and strength.

    A value is (width, height, strength); or ("times", factor, strength). The strength may be "auto". `settle` replaces
    both by numbers. Where the picture is decoded in tiles, "tiles" follows; where its latents are enlarged, "latents";
    and "short" until `fit_memory` has decided between tiles and the whole.
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
            name="develop_source",
            label="Enlarge",
            flag="--enlarge",
            help='what of a picture is enlarged: its "pixels", or its "latents", which needs more strength',
            default=FROM_PIXELS.name,
            choices=lambda: (FROM_PIXELS, FROM_LATENTS),
        ),
        Parameter(
            name="develop_decoding",
            label="Decode",
            flag="--decode",
            help='"tiles" decodes a larger picture in tiles, which takes less memory and changes some bits; "whole" '
            'does not; "auto" does where memory is short',
            default=WHERE_SHORT.name,
            choices=lambda: (WHERE_SHORT, WHOLE, IN_TILES),
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
        """Read sizes, strengths, what is enlarged, and how to decode."""
        strengths = _read_strengths("develop_strength", texts["develop_strength"])
        sizes = unique(read_sizes("develop_size", texts["develop_size"]))
        if not sizes:
            raise RecipeError("develop_size", "No size given. Write one such as 2x or 512x512.")
        check_count("develop_size", len(sizes) * len(strengths), "pictures")
        chosen = [each.read_choice(texts.get(each.name, each.default)) for each in cls.parameters if each.choices]
        flags = tuple(name for name, choice in CHOICES.items() if choice in chosen)
        return cls(tuple((*size, strength, *flags) for size in sizes for strength in strengths))

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Start from the parent's picture, in another size."""
        width, height, strength, *flags = _read_value(parent, value)
        decoding = {"vae_tiling": True} if TILES in flags else {}
        resize = START_LATENTS if LATENTS in flags else LANCZOS
        with blame("develop_size"):
            return start_from(parent, strength, resize, width=width, height=height, **decoding)

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return "512×512 · 0.35"; "in tiles" and "latents" follow where it is made so."""
        width, height, strength, *flags = _read_value(parent, value)
        words = {TILES: "in tiles", LATENTS: "latents"}
        return " · ".join((f"{width}×{height}", f"{strength:g}", *(words[str(each)] for each in flags)))

    @classmethod
    def settle(cls, parent: Recipe, value: Value) -> Value:
        """Replace a factor by the size, and "auto" by the strength. Nothing is known of the memory here."""
        return _read_value(parent, value)

    def fit_memory(self, parent: Recipe, is_short: Callable[[Recipe], bool]) -> Self:
        """Decode in tiles where the whole would take too much memory, unless it was asked for."""

        def fit(value: Value) -> Value:
            if SHORT not in _split_flags(value)[1] or not is_short(self.apply(parent, value)):
                return value
            return *_read_value(parent, value), TILES

        return replace(self, values=tuple(map(fit, self.values)))

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


LARGER = Develop(((TIMES, 2, AUTO, SHORT),))
"""What a single click makes of a picture."""


def choose_strength(parent: Recipe, flags: Collection[Value] = ()) -> float:
    """Return the strength at which the picture's model adds details and keeps the composition.

    Args:
        flags: as in a value.
    """
    if LATENTS in flags:
        return LATENT_STRENGTH
    return SKETCH_STRENGTH if parent.model_id == SKETCH else STRENGTH


def _read_strengths(field: str, text: str) -> tuple[Value, ...]:
    """Read "auto", numbers, or both, as in "auto, 0.5"; nothing means "auto"."""
    check_text(field, text, "The list of strengths", MAX_CHARACTERS)
    numbers, count = re.subn(rf"(?i)\b{AUTO}\b[\s,;]*", "", text)
    automatic = (AUTO,) if count or not text.strip() else ()
    return (*automatic, *(read_start_strengths(field, numbers) if numbers.strip() else ()))


def _read_value(parent: Recipe, value: Value) -> tuple[int, int, float, *tuple[str, ...]]:
    """Return the size, the strength and the flags of a value, which may come from a stranger; `Recipe` checks them."""
    numbers, flags = _split_flags(value)
    match numbers:
        case (*size, str() as auto) if auto == AUTO and len(size) == 2:
            numbers = *size, choose_strength(parent, flags)
    match numbers:
        case (str() as kind, int() | float() as factor, int() | float() as strength) if kind == TIMES:
            width, height = enlarge(parent, check_factor("develop_size", factor))
        case (int() as width, int() as height, int() | float() as strength):
            pass
        case _:
            raise RecipeError("develop_size", f"{quote(str(value), 40)} is not a size and a strength.")
    return width, height, strength, *(each for each in flags if each != SHORT)


def _split_flags(value: Value) -> tuple[tuple[Value, ...], tuple[str, ...]]:
    """Return a value without its flags, and these in their order, each once; nothing if it is no value."""
    if not isinstance(value, tuple) or not set(value[3:]) <= set(FLAGS):
        return (), ()
    return value[:3], tuple(each for each in FLAGS if each in value[3:])
