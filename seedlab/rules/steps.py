"""The same recipe at several numbers of denoising steps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from seedlab.core.errors import RecipeError
from seedlab.core.numbers import read_whole, split_numbers
from seedlab.core.recipe import Recipe
from seedlab.rules.rule import Parameter, Rule, Value, unique

MAX_TILES = 16


@dataclass(frozen=True)
class Steps(Rule):
    """One tile for each number of steps."""

    name = "steps"
    label = "Steps"
    parameters = (
        Parameter(
            name="step_counts",
            label="Numbers of steps",
            flag="--steps",
            help='numbers of denoising steps, as "8, 12, 20"',
            default="6, 12, 25, 50",
        ),
    )

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Read whole numbers, separated by commas, spaces or new lines."""
        words = split_numbers("step_counts", texts["step_counts"])
        if not words:
            raise RecipeError("step_counts", "No number of steps given. Write whole numbers such as 8, 12, 20.")
        if len(words) > MAX_TILES:
            raise RecipeError("step_counts", f"{len(words)} numbers of steps are too many: use {MAX_TILES} or fewer.")
        return cls(unique(read_whole("step_counts", word) for word in words))

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Replace the number of steps."""
        steps: Any = value  # `Recipe` checks it
        try:
            return replace(parent, num_inference_steps=steps)
        except RecipeError as error:
            raise RecipeError("step_counts", str(error)) from error

    @classmethod
    def caption(cls, value: Value) -> str:
        """Return "12 steps"."""
        return f"{value} step" if value == 1 else f"{value} steps"
