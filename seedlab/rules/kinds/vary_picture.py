"""Variations of the chosen picture itself, by image-to-image at its own size with other seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from seedlab.core.errors import blame
from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.rules.other_seeds import read_goals, read_value
from seedlab.rules.parameter import Parameter
from seedlab.rules.rule import Rule, Value
from seedlab.rules.stages import read_start_strengths, refuse_stages, start_from

STRENGTHS = {"subtle": 0.3, "strong": 0.6}


@dataclass(frozen=True)
class VaryPicture(Rule):
    """One tile for each seed and strength.

    A value is (seed, strength), or ("other", index, strength) for one of the seeds that the parent chooses, which
    `settle` replaces by the seed. With the picture's own seed the noise would be that of its first step again, which
    only makes it harsher.
    """

    name = "vary_picture"
    label = "Vary the picture"
    help = "Starts from the picture instead of noise, with other seeds: its parts stay in their places."
    precedence = 3  # after everything that changes the picture it starts from
    parameters = (
        Parameter(
            name="picture_strength",
            label="Strength: subtle, strong, or 0 to 1",
            flag="--vary",
            help='how much the picture may change: subtle (0.3), strong (0.6), or "0.2, 0.4" of above 0 to 1',
            default="subtle",
        ),
        Parameter(
            name="picture_seeds",
            label="Seeds",
            flag="--vary-seeds",
            help='seeds of the variations, as "7, 42"; "4 others" are chosen by the picture, the same ones each time',
            default="4 others",
        ),
    )

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Read strengths, and seeds as people write them, or "4 others"."""
        strengths = read_start_strengths("picture_strength", texts["picture_strength"], STRENGTHS)
        return cls(read_goals("picture_seeds", texts["picture_seeds"], strengths))

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Start from the parent's picture, with another seed."""
        seed, strength = _read_value(parent, value)
        with blame("picture_strength"):
            return start_from(parent, strength, seed=seed)

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return "varied · 0.3"; the tile shows its seed."""
        _, strength = _read_value(parent, value)
        return f"varied · {strength:g}"

    @classmethod
    def heading(cls, parent: Recipe, value: Value) -> str:
        """Return "varied by 7 · 0.3"."""
        seed, strength = _read_value(parent, value)
        return f"varied by {seed} · {strength:g}"

    @classmethod
    def settle(cls, parent: Recipe, value: Value) -> Value:
        """Replace what stands for a seed that the parent chooses by the seed."""
        return _read_value(parent, value)

    @classmethod
    def refuse(cls, model: Model) -> str:
        """Refuse models without an image-to-image pipeline."""
        return refuse_stages(model)

    @property
    def subject(self) -> str:
        """Return "picture varied"."""
        return "picture varied"

    def title(self, recipes: Sequence[Recipe]) -> str:
        """Return "Seed 2 · picture varied", with the seed of the picture."""
        start = recipes[0].start
        return super().title(recipes if start is None or start.recipe is None else [start.recipe])


def _read_value(parent: Recipe, value: Value) -> tuple[int, float]:
    return read_value("picture_strength", parent, value, "A variation must be a seed and a strength.")
