"""A whole round of seeds again, with another prompt."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.text_changes import name_change
from seedlab.rules.kinds.seeds import format_seeds
from seedlab.rules.kinds.wordings.words import replace_prompt
from seedlab.rules.parameter import Choice, Parameter
from seedlab.rules.rule import Rule, Value, unique


@dataclass(frozen=True)
class SameSeeds(Rule):
    """One tile for each seed of an earlier round, in its order.

    Attributes:
        values: pairs of a seed and the prompt; the prompt alone until the round is known.
    """

    name = "same-seeds"
    label = "Other words, same seeds"
    help = "The whole round of the locked picture again with another prompt: same seeds, same order."
    parameters = (
        Parameter(
            name="other_words",
            label="Prompt for all seeds of the round",
            flag="--same-seeds",
            help="a prompt for all seeds of the picture's round: those in its folder that differ in their seed alone",
            default="",
            example="Labrador in the style of Van Gogh",
            lines=3,
            starts_with_prompt=True,
        ),
    )
    needs_prompt = True

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Read the prompt."""
        prompt = texts["other_words"].strip()
        if not prompt:
            raise RecipeError("other_words", "No prompt given. Write the one that all seeds of the round get.")
        return cls((prompt,))

    @classmethod
    def list_axes(cls) -> tuple[Choice, ...]:
        """Return (): in a matrix, seeds and words are axes of their own."""
        return ()

    def for_rounds(self, rounds: Iterable[Sequence[Recipe]]) -> Self:
        """Take the seeds of the nearest round that has several."""
        if not all(isinstance(value, str) for value in self.values):
            return self
        for recipes in rounds:
            if len(seeds := unique(recipe.seed for recipe in recipes)) > 1:
                return replace(self, values=tuple((seed, prompt) for prompt in self.values for seed in seeds))
        raise RecipeError("other_words", "This round has only one seed: generate more seeds, or vary it by words.")

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Replace the seed and the prompt."""
        if not isinstance(value, tuple) or len(value) != 2:
            raise RecipeError("other_words", "A seed and a prompt are needed.")
        seed: Any = value[0]  # `Recipe` checks it
        return replace(replace_prompt("other_words", parent, value[1]), seed=seed)

    def make(self, parent: Recipe) -> dict[Recipe, Value]:
        """Return the recipes of the round; raises RecipeError if the prompt was not edited."""
        made = super().make(parent)
        if len(made) > 1 and all(recipe.prompt == parent.prompt for recipe in made):
            raise RecipeError("other_words", "This is the prompt of the locked picture: edit it first.")
        return made

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return the words that came, or those that went; the tile shows its seed."""
        return name_change(parent.write_prompt("prompt"), str(value[1])) if isinstance(value, tuple) else ""

    def title(self, recipes: Sequence[Recipe]) -> str:
        """Return "Seeds 0–3 · other words"."""
        return f"{format_seeds([recipe.seed for recipe in recipes])} · other words"
