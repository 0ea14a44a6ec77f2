"""The chosen picture made larger: it is resized, and goes through some of the steps again.

The idea is the "hires fix" of AUTOMATIC1111's stable-diffusion-webui. Here the picture that was chosen is the first
stage, and not another one that looks like it.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Self

from seedlab.core.errors import RecipeError, blame
from seedlab.core.models.model import SKETCH, Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.start import LANCZOS, LATENT_BICUBIC
from seedlab.core.texts.numbers import MAX_CHARACTERS
from seedlab.core.texts.text import quote
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

TILES, WHOLE, SHORT, LATENTS = "tiles", "whole", "short", "latents"
DECODINGS = (
    Choice("auto", "In tiles if memory is short"),
    Choice(WHOLE, "As a whole"),
    Choice(TILES, "In tiles (less memory)"),
)
SOURCES = (Choice("pixels", "Pixels (Lanczos)"), Choice(LATENTS, "Latents (bicubic)"))
FLAGS = {DECODINGS[2]: TILES, DECODINGS[1]: WHOLE, DECODINGS[0]: SHORT, SOURCES[1]: LATENTS}
"""What may follow a value's strength, by the choices that add it. "short" is never kept: it becomes "tiles" or goes."""

WORDS = {TILES: "in tiles", WHOLE: "as a whole", LATENTS: "latents"}
"""The flags in captions."""


@dataclass(frozen=True)
class Develop(Rule):
    """One tile for each size and strength.

    A value is (width, height, strength); or ("times", factor, strength). The strength may be "auto". `settle` replaces
    both by numbers. "tiles" or "whole" may follow, which say how the picture is decoded; without them it is decoded as
    its parent. So may "latents", where these are enlarged; and "short" until `fit_memory` has decided about tiles.
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
            default=SOURCES[0].name,
            choices=lambda: SOURCES,
        ),
        Parameter(
            name="develop_decoding",
            label="Decode",
            flag="--decode",
            help='"tiles" decodes a larger picture in tiles, which takes less memory and changes some bits; "whole" '
            'does not; "auto" does where memory is short',
            default=DECODINGS[0].name,
            choices=lambda: DECODINGS,
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
        flags = tuple(flag for choice, flag in FLAGS.items() if choice in chosen)
        return cls(tuple((*size, strength, *flags) for size in sizes for strength in strengths))

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Start from the parent's picture, in another size."""
        width, height, strength, *flags = _read_value(parent, value)
        decoding = {"vae_tiling": TILES in flags} if not {TILES, WHOLE}.isdisjoint(flags) else {}
        resize = LATENT_BICUBIC if LATENTS in flags else LANCZOS
        with blame("develop_size"):
            return start_from(parent, strength, resize, width=width, height=height, **decoding)

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return "512×512 · 0.35"; "in tiles" and "latents" follow where it is made so."""
        width, height, strength, *flags = cls.settle(parent, value)
        return " · ".join((f"{width}×{height}", f"{strength:g}", *(WORDS[str(each)] for each in flags)))

    @classmethod
    def settle(cls, parent: Recipe, value: Value) -> tuple[Value, ...]:
        """Replace a factor by the size, and "auto" by the strength, and name how the picture is decoded.

        That is not named where both it and the parent are decoded as a whole. Nothing is known of the memory here.
        """
        width, height, strength, *flags = _read_value(parent, value)
        named = {TILES, WHOLE}.intersection(flags)
        if parent.vae_tiling:
            flags += [] if named else [TILES]
        elif WHOLE in named:
            flags.remove(WHOLE)
        return width, height, strength, *sorted(flags, key=list(FLAGS.values()).index)

    def fit_memory(self, parent: Recipe, is_short: Callable[[Recipe], bool]) -> Self:
        """Decode in tiles where the whole would take too much memory, unless it was asked for."""

        def fit(value: Value) -> Value:
            if SHORT not in _split_flags(value)[1] or not is_short(self.apply(parent, value)):
                return value
            width, height, strength, *flags = _read_value(parent, value)
            return width, height, strength, TILES, *flags

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
    known = tuple(FLAGS.values())
    if not isinstance(value, tuple) or not set(value[3:]) <= set(known) or {TILES, WHOLE} <= set(value[3:]):
        return (), ()
    return value[:3], tuple(each for each in known if each in value[3:])
