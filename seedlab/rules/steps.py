"""The same recipe at several numbers of denoising steps."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from seedlab.core.errors import RecipeError
from seedlab.core.recipe import Recipe
from seedlab.core.text import quote
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
        words = [word for word in re.split(r"[,;\s]+", texts["step_counts"]) if word]
        if not words:
            raise RecipeError("step_counts", "No number of steps given. Write whole numbers such as 8, 12, 20.")
        if len(words) > MAX_TILES:
            raise RecipeError("step_counts", f"{len(words)} numbers of steps are too many: use {MAX_TILES} or fewer.")
        return cls(unique(map(_read_number, words)))

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


def _read_number(word: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", word) is None:
        raise RecipeError("step_counts", f"{quote(word)} is not a number of steps: write whole numbers such as 8, 12.")
    return int(word)
