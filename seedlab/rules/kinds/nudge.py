"""Small variations of the chosen picture: its noise, turned a little towards that of other seeds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from seedlab.core.errors import blame
from seedlab.core.models.model import Model
from seedlab.core.models.model_checks import NO_NUDGES
from seedlab.core.recipes.additions import Nudge
from seedlab.core.recipes.recipe import Recipe
from seedlab.rules.other_seeds import read_goals, read_value
from seedlab.rules.parameter import Parameter
from seedlab.rules.rule import Rule, Value
from seedlab.rules.strengths import read_strengths

STRENGTHS = {"subtle": 0.1, "strong": 0.3}


@dataclass(frozen=True)
class Nudges(Rule):
    """One tile for each seed that the noise is turned to, and for each strength.

    A value is (seed, strength); or ("other", index, strength) for one of the seeds that the parent chooses, which
    `settle` replaces by the seed. A strength is 0...1, where 0 is the parent and 1 the other seed.
    """

    name = "nudge"
    label = "Nudges"
    help = "Small variations: the same prompt, and noise turned a little towards that of other seeds."
    precedence = 2  # after a rule that replaces the seed
    parameters = (
        Parameter(
            name="nudge_strength",
            label="Strength: subtle, strong, or 0 to 1",
            flag="--nudge",
            help='how far to turn the noise towards other seeds: subtle (0.1), strong (0.3), or "0.05, 0.2" of 0 to 1',
            default="subtle",
        ),
        Parameter(
            name="nudge_seeds",
            label="Toward seeds",
            flag="--toward",
            help='the other seeds, as "7, 42"; "4 others" are chosen by the picture, the same ones each time',
            default="4 others",
        ),
    )

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Read strengths, and seeds as people write them, or "4 others"."""
        strengths = read_strengths("nudge_strength", texts["nudge_strength"], STRENGTHS)
        return cls(read_goals("nudge_seeds", texts["nudge_seeds"], strengths))

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Add a nudge to the parent's; return the parent at strength 0, the other seed at strength 1."""
        seed, strength = _read_value(parent, value)
        with blame("nudge_strength"):
            if strength == 0 or (seed == parent.seed and not parent.nudges):
                return parent
            if strength == 1:
                return replace(parent, seed=seed, nudges=())
            return replace(parent, nudges=(*parent.nudges, Nudge(seed=seed, weight=strength)))

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return "toward 7 · 0.1"."""
        seed, strength = _read_value(parent, value)
        return f"toward {seed} · {strength:g}"

    @classmethod
    def settle(cls, parent: Recipe, value: Value) -> Value:
        """Replace what stands for a seed that the parent chooses by the seed."""
        return _read_value(parent, value)

    @classmethod
    def refuse(cls, model: Model) -> str:
        """Refuse models that take no nudged noise."""
        return "" if model.can_nudge else NO_NUDGES


def _read_value(parent: Recipe, value: Value) -> tuple[int, float]:
    return read_value("nudge_strength", parent, value, "A nudge must be a seed and a strength.")
