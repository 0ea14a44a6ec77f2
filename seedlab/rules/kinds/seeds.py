"""The rule of the diffusers guide's first round: the same prompt with other seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from seedlab.core.recipes.additions import MAX_SEED
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.seeds import parse_seeds
from seedlab.core.texts.text import quote
from seedlab.rules.parameter import Parameter
from seedlab.rules.rule import Rule, Value

GUIDE_SEEDS = "0-3"


@dataclass(frozen=True)
class Seeds(Rule):
    """One tile for each seed."""

    name = "seeds"
    label = "Seeds"
    help = "The same prompt with other seeds."
    parameters = (
        Parameter(
            name="seeds",
            label="Seeds",
            flag="--seeds",
            help='as "0-3", "7, 42, 100-103", "0-30:10" or "random 4"; 0 to 18446744073709551615',
            default=GUIDE_SEEDS,
        ),
    )
    from_tile = False

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds."""
        return tuple(value for value in self.values if isinstance(value, int))

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Read seeds as people write them: "0-3", "7, 42, 100-103", "0-30:10" or "random 4"."""
        return cls(parse_seeds(texts["seeds"]))

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Replace the seed."""
        seed: Any = value  # `Recipe` checks it
        return replace(parent, seed=seed)

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return "": every tile shows its seed."""
        return ""

    @classmethod
    def heading(cls, parent: Recipe, value: Value) -> str:
        """Return "Seed 7"."""
        return f"Seed {value}"

    def title(self, recipes: Sequence[Recipe]) -> str:
        """Return "Seed 7", "Seeds 0–3" or "Seeds 7, 42", and the user's own picture that they start from."""
        start = recipes[0].start
        own = "" if start is None or start.picture is None else f" · from {quote(start.picture.file, 40)}"
        return format_seeds([recipe.seed for recipe in recipes]) + own


def list_next(recipes: Sequence[Recipe], count: int) -> list[Recipe]:
    """Return the recipes of the seeds that follow those of a round, up to so many; none after the last seed.

    Args:
        recipes: of the round, which differ in their seeds.
    """
    first = max(recipe.seed for recipe in recipes) + 1
    return [replace(recipes[0], seed=seed) for seed in range(first, min(first + count, MAX_SEED + 1))]


def format_seeds(seeds: Sequence[int]) -> str:
    """Return "Seed 7", "Seeds 0–3" or "Seeds 7, 42"."""
    if len(seeds) == 1:
        return f"Seed {seeds[0]}"
    if list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"Seeds {seeds[0]}–{seeds[-1]}"
    listed = ", ".join(str(seed) for seed in seeds[:4])
    return f"Seeds {listed}{'…' if len(seeds) > 4 else ''}"
